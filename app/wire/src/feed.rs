//! The events of a feed, each an SSE event with JSON data (WHATWG HTML §9.2).

use serde::{Deserialize, Serialize};

use crate::{
    Endpoint, Summary,
    json::{Readable, Unreadable, choice, members, read},
};

/// The interval of a quiet feed's heartbeats, in seconds.
pub const BEAT_SECONDS: u32 = 10;

/// The silence after which a page that becomes visible again treats its feed as lost, in seconds:
/// one beat is already late.
pub const LATE_SECONDS: u32 = 12;

/// The silence after which any page treats its feed as lost, in seconds.
pub const SILENCE_SECONDS: u32 = 19;

/// An event of a feed. All events are idempotent: applying one twice, or after newer arrivals,
/// changes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedEvent {
    /// A request was captured.
    Captured(Summary),
    /// A captured request changed.
    Updated(Summary),
    /// Requests were deleted individually.
    Deleted {
        /// The endpoint's id.
        endpoint: String,
        /// The `seq`s of the deleted requests, at most 1,000.
        seqs: Vec<i64>,
    },
    /// Retention dropped every request whose `seq` is below this.
    Dropped {
        /// The endpoint's id.
        endpoint: String,
        /// Exclusive.
        below: i64,
    },
    /// All requests up to this `seq` were deleted together.
    Cleared {
        /// The endpoint's id.
        endpoint: String,
        /// Inclusive.
        through: i64,
    },
    /// An endpoint was created or its settings changed.
    Endpoint(Endpoint),
    /// An endpoint is gone.
    Gone {
        /// The endpoint's id.
        endpoint: String,
        /// Why.
        reason: GoneReason,
    },
    /// The missed events of this endpoint are no longer available: fetch it again.
    Gap {
        /// The endpoint's id.
        endpoint: String,
    },
    /// A heartbeat, so that script can tell a quiet feed from a dead one.
    Alive {
        /// The workspace's change number at the time of the beat.
        change: i64,
        /// Whether the server can store requests now. While it cannot (because of a full disk,
        /// say), senders get a 503; reading and feeds still work.
        storing: bool,
    },
}

/// Why an endpoint is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneReason {
    /// It expired.
    Expired,
    /// Its owner deleted it.
    Deleted,
}

choice!(GoneReason { "expired" Expired, "deleted" Deleted });

impl FeedEvent {
    /// The names of the SSE events, in the order of the variants.
    pub const NAMES: [&'static str; 9] = [
        "captured", "updated", "deleted", "dropped", "cleared", "endpoint", "gone", "gap", "alive",
    ];

    /// The name of the SSE event.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Captured(_) => "captured",
            Self::Updated(_) => "updated",
            Self::Deleted { .. } => "deleted",
            Self::Dropped { .. } => "dropped",
            Self::Cleared { .. } => "cleared",
            Self::Endpoint(_) => "endpoint",
            Self::Gone { .. } => "gone",
            Self::Gap { .. } => "gap",
            Self::Alive { .. } => "alive",
        }
    }

    /// The id of the endpoint that the event concerns; `None` for a beat.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        match self {
            Self::Captured(summary) | Self::Updated(summary) => Some(&summary.endpoint),
            Self::Endpoint(endpoint) => Some(&endpoint.id),
            Self::Deleted { endpoint, .. }
            | Self::Dropped { endpoint, .. }
            | Self::Cleared { endpoint, .. }
            | Self::Gone { endpoint, .. }
            | Self::Gap { endpoint } => Some(endpoint),
            Self::Alive { .. } => None,
        }
    }

    /// The data of the SSE event, one line of JSON.
    ///
    /// # Errors
    /// `serde_json` can fail in general, but not for these types.
    pub fn data(&self) -> serde_json::Result<String> {
        match self {
            Self::Captured(summary) | Self::Updated(summary) => serde_json::to_string(summary),
            Self::Deleted { endpoint, seqs } => serde_json::to_string(&DeletedData {
                endpoint: endpoint.clone(),
                seqs: seqs.clone(),
            }),
            Self::Dropped { endpoint, below } => {
                serde_json::to_string(&DroppedData { endpoint: endpoint.clone(), below: *below })
            }
            Self::Cleared { endpoint, through } => serde_json::to_string(&ClearedData {
                endpoint: endpoint.clone(),
                through: *through,
            }),
            Self::Endpoint(endpoint) => serde_json::to_string(endpoint),
            Self::Gone { endpoint, reason } => {
                serde_json::to_string(&GoneData { endpoint: endpoint.clone(), reason: *reason })
            }
            Self::Gap { endpoint } => {
                serde_json::to_string(&GapData { endpoint: endpoint.clone() })
            }
            Self::Alive { change, storing } => {
                serde_json::to_string(&AliveData { change: *change, storing: *storing })
            }
        }
    }

    /// Reads an SSE event. Returns `None` for an unknown name: newer servers may send more events.
    ///
    /// # Errors
    /// The data does not have the form of that event.
    pub fn parse(name: &str, data: &str) -> Result<Option<Self>, Unreadable> {
        let (mut endpoint, mut seq) = (String::new(), 0);
        Ok(Some(match name {
            "captured" => Self::Captured(read(data)?),
            "updated" => Self::Updated(read(data)?),
            "deleted" => {
                let mut seqs = Vec::new();
                members(data, "endpoint seqs", "", &mut [&mut endpoint, &mut seqs])?;
                Self::Deleted { endpoint, seqs }
            }
            "dropped" => {
                members(data, "endpoint below", "", &mut [&mut endpoint, &mut seq])?;
                Self::Dropped { endpoint, below: seq }
            }
            "cleared" => {
                members(data, "endpoint through", "", &mut [&mut endpoint, &mut seq])?;
                Self::Cleared { endpoint, through: seq }
            }
            "endpoint" => Self::Endpoint(read(data)?),
            "gone" => {
                let mut reason = GoneReason::blank();
                members(data, "endpoint reason", "", &mut [&mut endpoint, &mut reason])?;
                Self::Gone { endpoint, reason }
            }
            "gap" => {
                members(data, "endpoint", "", &mut [&mut endpoint])?;
                Self::Gap { endpoint }
            }
            "alive" => {
                let (mut change, mut storing) = (0, true);
                members(data, "change", "storing", &mut [&mut change, &mut storing])?;
                Self::Alive { change, storing }
            }
            _ => return Ok(None),
        }))
    }
}

#[derive(Serialize)]
struct DeletedData {
    endpoint: String,
    seqs: Vec<i64>,
}

#[derive(Serialize)]
struct DroppedData {
    endpoint: String,
    below: i64,
}

#[derive(Serialize)]
struct ClearedData {
    endpoint: String,
    through: i64,
}

#[derive(Serialize)]
struct GoneData {
    endpoint: String,
    reason: GoneReason,
}

#[derive(Serialize)]
struct GapData {
    endpoint: String,
}

#[derive(Serialize)]
struct AliveData {
    change: i64,
    /// Left out if storing works.
    #[serde(skip_serializing_if = "Clone::clone")]
    storing: bool,
}
