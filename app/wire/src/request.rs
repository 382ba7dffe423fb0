//! Captured requests: summaries for lists, and complete requests.

mod flat;

use serde::{Deserialize, Serialize};

use crate::{Answered, Delivery, Signature, Text, Timestamp, delivery::GUESSED, json::record};

/// A captured request as lists and the feed show it; never with its body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The id of its endpoint.
    pub endpoint: String,
    /// Its number within the endpoint, from 1; never reused.
    pub seq: i64,
    /// When its head was complete. Sort by `seq` only: clocks may jump.
    pub received_at: Timestamp,
    /// The method as sent, in its original case.
    pub method: String,
    /// The raw request target as sent, never decoded.
    pub target: Text,
    /// The client's address, without a port.
    pub remote_addr: String,
    /// The value of `Content-Type`, if sent.
    pub content_type: Option<Text>,
    /// The length of the stored body in bytes, before any decoding.
    pub body_bytes: u64,
    /// Whether the sender sent the whole body.
    pub complete: bool,
    /// The limit that refused it, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// A short name of its event, at most 80 characters.
    pub label: Option<String>,
    /// The name of the sender, if recognized, such as `GitHub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The sender's id in `/api/providers` if its signatures can be verified: `github`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What it is if it is not a delivery: `preview` for a chat or search engine that previews a
    /// link, `preflight` for a browser's check before a cross-origin request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The status of its response, 100 to 599; `None` if it is not known, if the connection was
    /// cut, or if the sender hung up first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The owner's note, at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether its owner pinned it: retention never drops it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// The latest verdict on its signature, as in [`Signature::verdict`]; `None` while its endpoint
    /// has no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Its number among the attempts of its delivery, from 1; `None` if it belongs to no delivery.
    /// In a guessed delivery, the first attempt does not know of the later ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The delivery that it is an attempt of, see [`Delivery::id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<String>,
}

record!(Summary {
    endpoint, seq, received_at, method, target, remote_addr, body_bytes, complete;
    content_type, refused, label, sender, provider, mark, status, note, pinned, verdict,
    attempt, delivery_id
});

impl Summary {
    /// Returns the delivery that it is an attempt of, or that a later attempt would belong to.
    #[must_use]
    pub fn delivery(&self) -> String {
        self.delivery_id.clone().unwrap_or_else(|| String::from(GUESSED) + &self.seq.to_string())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The limit that refused a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The limit's name, such as `max-body`.
    pub limit: String,
    /// The limit's value, in its own unit.
    pub value: u64,
}

record!(Refused { limit, value; });

/// A header line: name and value as sent.
pub type Header = (Text, Text);

/// A captured request as sent; its body needs a separate call unless it is short text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// Its summary.
    #[serde(flatten)]
    pub summary: Summary,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub http_version: String,
    /// The address and port of the peer of the connection: a proxy's if there is one in front.
    pub peer: String,
    /// Trailers in wire order, usually empty.
    pub trailers: Vec<Header>,
    /// Headers in wire order.
    pub headers: Vec<Header>,
    /// Whether `headers` have their original case and order.
    pub exact: bool,
    /// Whether a Hookglass key or a configured cookie in the head was overwritten with `*`.
    pub redacted: bool,
    /// From the complete head to the last byte of the body, in microseconds.
    pub duration_us: u64,
    /// The body.
    pub body: Body,
}

/// A captured request with everything known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The request itself.
    #[serde(flatten)]
    pub detail: Detail,
    /// The current verdict on its signature; `None` if there is nothing to verify.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The delivery that it is an attempt of, if its sender names one or another request has the
    /// same body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// Its response; `None` for requests that older versions stored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Answered>,
}

/// The body of a captured request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// SHA-256 of the bytes as received, 64 lower-case hex digits.
    pub sha256: String,
    /// The body itself, only if it is UTF-8 and at most 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

record!(Body { sha256; text });

/// A page of an endpoint's requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// At most `limit`; newest first, or oldest first with `after`. May be empty.
    pub requests: Vec<Summary>,
    /// The `before` of the next page towards older requests; `null` at the end.
    #[serde(default)]
    pub next_before: Option<i64>,
    /// The `after` of the next page towards newer requests; only with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
    /// The workspace's change number as of this page; its feed continues from here.
    pub change: i64,
}

record!(Page { requests, change; next_before, next_after });

/// The result of a deletion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// The number of deleted requests.
    pub deleted: u64,
}

record!(Deleted { deleted; });

/// Selects an endpoint's requests to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeletedFound {
    /// Deletes only requests that match this search.
    pub q: String,
    /// Deletes only requests up to this `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<i64>,
    /// How long ago, in milliseconds, the viewer saw the results: times such as `-1h` count from
    /// then.
    #[serde(default)]
    pub age_ms: u64,
}

/// The range of an endpoint's requests to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Only requests below this `seq`, newest first.
    pub before: Option<i64>,
    /// Only requests above this `seq`, oldest first. Cannot be combined with `before`.
    pub after: Option<i64>,
    /// The most requests to return, 1 to 200; `None` for 50.
    pub limit: Option<u32>,
    /// Only requests that match this search. A page may then be short or even empty: only a cursor
    /// of `null` marks the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}
