//! Captured requests: what lists show, and one in full.

mod flat;

use serde::{Deserialize, Serialize};

use crate::{Answered, Delivery, Signature, Text, Timestamp, delivery::GUESSED, json::record};

/// One captured request as lists and the feed show it; never its body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// The id of its endpoint.
    pub endpoint: String,
    /// Its number within the endpoint, from 1, never used twice.
    pub seq: i64,
    /// When its head was complete. Order is always `seq`: clocks may step.
    pub received_at: Timestamp,
    /// The method as sent, case and all.
    pub method: String,
    /// The raw request target as sent, never decoded.
    pub target: Text,
    /// The client's address, without a port.
    pub remote_addr: String,
    /// The value of `Content-Type`, if one came.
    pub content_type: Option<Text>,
    /// How many bytes of body were kept, before any decoding.
    pub body_bytes: u64,
    /// Whether the sender sent the whole body.
    pub complete: bool,
    /// Which of our limits refused it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
    /// A short name of the event that it carries, at most 80 characters.
    pub label: Option<String>,
    /// Who sent it, as its marks tell, such as `GitHub`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The same as `/api/providers` has it, where its signatures can be judged: `github`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// What it is beside a delivery: `preview` where a chat or search engine looks at a link,
    /// `preflight` where a browser asks before a cross-origin request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<String>,
    /// The status that it was answered with, 100 to 599; none where that is not known, where the
    /// connection was cut, and where the sender hung up before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What its owner wrote beside it, at most 2,000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether its owner pinned it: retention spares it.
    #[serde(default, skip_serializing_if = "is_false")]
    pub pinned: bool,
    /// What was made of its signature when it was last judged, as in [`Signature::verdict`]; none
    /// while its endpoint has no secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Which try of its delivery it is, from 1; none where it belongs to none. Where a delivery is
    /// only guessed, its first does not know of the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The delivery that it is a try of, see [`Delivery::id`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<String>,
}

record!(Summary {
    endpoint, seq, received_at, method, target, remote_addr, body_bytes, complete;
    content_type, refused, label, sender, provider, mark, status, note, pinned, verdict,
    attempt, delivery_id
});

impl Summary {
    /// The delivery that it is a try of, or that a later one would be another try of.
    #[must_use]
    pub fn delivery(&self) -> String {
        self.delivery_id.clone().unwrap_or_else(|| String::from(GUESSED) + &self.seq.to_string())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// The limit that a refused request ran into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The limit's name, such as `max-body`.
    pub limit: String,
    /// The limit's value, in its own unit.
    pub value: u64,
}

record!(Refused { limit, value; });

/// A field line of a head: name and value as sent.
pub type Header = (Text, Text);

/// One captured request as its sender sent it; its body is a call of its own unless it is short text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Detail {
    /// What lists show of it.
    #[serde(flatten)]
    pub summary: Summary,
    /// `HTTP/1.0`, `HTTP/1.1` or `HTTP/2.0`.
    pub http_version: String,
    /// The address and port of the connection it came over: a proxy's, if one stands in front.
    pub peer: String,
    /// Trailer fields in wire order, usually empty.
    pub trailers: Vec<Header>,
    /// Header fields in wire order.
    pub headers: Vec<Header>,
    /// Whether `headers` have the case and order in which they were sent.
    pub exact: bool,
    /// Whether a Hookglass key or a named cookie in the head was overwritten by `*`.
    pub redacted: bool,
    /// From the complete head to the last byte of the body, in microseconds.
    pub duration_us: u64,
    /// The body.
    pub body: Body,
}

/// One captured request with all that is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The request itself.
    #[serde(flatten)]
    pub detail: Detail,
    /// What can be said of its signature now; none where nothing calls for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// The delivery that it is an attempt of, if its sender names one or another has the same body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
    /// What it was answered; none for what older versions kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Answered>,
}

/// The body of a captured request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// SHA-256 of the bytes as received, 64 lower-case hex digits.
    pub sha256: String,
    /// The body itself, only where it is UTF-8 and at most 256 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

record!(Body { sha256; text });

/// A page of the requests of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Page {
    /// At most `limit`; newest first, or oldest first if asked for with `after`. May be empty.
    pub requests: Vec<Summary>,
    /// The `before` of the next page towards older requests; `null` at the end.
    #[serde(default)]
    pub next_before: Option<i64>,
    /// The `after` of the next page towards newer requests; only where asked for with `after`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<i64>,
    /// The workspace's change number that this page shows: where its feed goes on from.
    pub change: i64,
}

record!(Page { requests, change; next_before, next_after });

/// How many requests a deletion removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    /// Their number.
    pub deleted: u64,
}

record!(Deleted { deleted; });

/// Which of an endpoint's requests to delete.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeletedFound {
    /// Those that this search finds.
    pub q: String,
    /// Only those up to this `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<i64>,
    /// How long ago, in milliseconds, somebody was shown what it finds: times such as `-1h` count
    /// from then.
    #[serde(default)]
    pub age_ms: u64,
}

/// Which part of an endpoint's requests to read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// Only requests below this `seq`, newest first.
    pub before: Option<i64>,
    /// Only requests above this `seq`, oldest first. Not together with `before`.
    pub after: Option<i64>,
    /// At most so many, 1 to 200; `None` for 50.
    pub limit: Option<u32>,
    /// Only those that this search finds. A page may then be short or even empty: only a cursor of
    /// `null` is the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
}
