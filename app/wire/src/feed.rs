//! The events of a feed, each an SSE event with JSON data (WHATWG HTML §9.2).

use serde::{Deserialize, Serialize};

use crate::{
    Endpoint, Summary,
    json::{Readable, Unreadable, choice, members, read},
};

/// How often a quiet feed shows that it is alive, in seconds.
pub const BEAT_SECONDS: u32 = 10;

/// After how many seconds of silence a page that is shown again takes its feed for lost: one beat is
/// already late.
pub const LATE_SECONDS: u32 = 12;

/// After how many seconds of silence any page takes its feed for lost.
pub const SILENCE_SECONDS: u32 = 19;

/// One event of a feed. Every one is idempotent: applied twice, or beside newer arrivals, it
/// changes nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FeedEvent {
    /// A request was captured.
    Captured(Summary),
    /// Something about a captured request changed.
    Updated(Summary),
    /// Requests were deleted one by one.
    Deleted {
        /// The endpoint's id.
        endpoint: String,
        /// Which, at most 1,000.
        seqs: Vec<i64>,
    },
    /// Retention dropped every request whose `seq` is below this.
    Dropped {
        /// The endpoint's id.
        endpoint: String,
        /// Exclusive.
        below: i64,
    },
    /// All requests up to this `seq` were deleted at once.
    Cleared {
        /// The endpoint's id.
        endpoint: String,
        /// Inclusive.
        through: i64,
    },
    /// An endpoint was made, or its settings changed.
    Endpoint(Endpoint),
    /// An endpoint is no more.
    Gone {
        /// The endpoint's id.
        endpoint: String,
        /// Why.
        reason: GoneReason,
    },
    /// What was missed at this endpoint is no longer known: fetch it again.
    Gap {
        /// The endpoint's id.
        endpoint: String,
    },
    /// A beat, so that script can tell a quiet feed from a dead one.
    Alive {
        /// The workspace's change number at the time of the beat.
        change: i64,
        /// Whether the server can keep requests now. While it cannot (a full disk, say) senders
        /// get 503; reading and feeds go on.
        storing: bool,
    },
}

/// Why an endpoint is no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoneReason {
    /// Its time was over.
    Expired,
    /// Its owner deleted it.
    Deleted,
}

choice!(GoneReason { "expired" Expired, "deleted" Deleted });

impl FeedEvent {
    /// The SSE event names, in the order of the variants.
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

    /// The id of the endpoint that it is about; `None` for a beat.
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
    /// None that these types can cause; `serde_json` could not know.
    pub fn data(&self) -> serde_json::Result<String> {
        match self {
            Self::Captured(summary) | Self::Updated(summary) => serde_json::to_string(summary),
            Self::Deleted { endpoint, seqs } => {
                serde_json::to_string(&Deleted { endpoint: endpoint.clone(), seqs: seqs.clone() })
            }
            Self::Dropped { endpoint, below } => {
                serde_json::to_string(&Dropped { endpoint: endpoint.clone(), below: *below })
            }
            Self::Cleared { endpoint, through } => {
                serde_json::to_string(&Cleared { endpoint: endpoint.clone(), through: *through })
            }
            Self::Endpoint(endpoint) => serde_json::to_string(endpoint),
            Self::Gone { endpoint, reason } => {
                serde_json::to_string(&Gone { endpoint: endpoint.clone(), reason: *reason })
            }
            Self::Gap { endpoint } => serde_json::to_string(&Gap { endpoint: endpoint.clone() }),
            Self::Alive { change, storing } => {
                serde_json::to_string(&Alive { change: *change, storing: *storing })
            }
        }
    }

    /// Reads an SSE event. `None` for a name that this version does not know: newer servers may
    /// say more.
    ///
    /// # Errors
    /// The data is not what the name promises.
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
struct Deleted {
    endpoint: String,
    seqs: Vec<i64>,
}

#[derive(Serialize)]
struct Dropped {
    endpoint: String,
    below: i64,
}

#[derive(Serialize)]
struct Cleared {
    endpoint: String,
    through: i64,
}

#[derive(Serialize)]
struct Gone {
    endpoint: String,
    reason: GoneReason,
}

#[derive(Serialize)]
struct Gap {
    endpoint: String,
}

#[derive(Serialize)]
struct Alive {
    change: i64,
    /// Left out while all is well.
    #[serde(skip_serializing_if = "Clone::clone")]
    storing: bool,
}
