//! How an endpoint answers its senders, and what one of them was answered.

use serde::{Deserialize, Serialize};

use crate::{Header, Timestamp};

/// What an endpoint's owner set on how it answers. Tried in this order: `rules`, handshakes, the
/// `programme`, `reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answering {
    /// What is answered where nothing else applies.
    pub reply: Reply,
    /// At most 50, tried in order; the first whose `when` finds the request answers it.
    pub rules: Vec<Rule>,
    /// How senders are made to fail for a while; `None` for not at all.
    pub programme: Option<Programme>,
    /// Whether verification requests of known senders are answered as these ask for.
    pub handshakes: bool,
    /// What a sender must say as its verify token (Meta's `hub.verify_token`) to be answered;
    /// `None` for anything.
    pub verify_token: Option<String>,
    /// Whether a request whose signature is not `valid` is answered 401, where there are secrets. It is
    /// kept in any case.
    pub reject_bad_signatures: bool,
}

impl Default for Answering {
    fn default() -> Self {
        Self {
            reply: Reply::default(),
            rules: Vec::new(),
            programme: None,
            handshakes: true,
            verify_token: None,
            reject_bad_signatures: false,
        }
    }
}

/// One answer as it was set. Header values and `body` may hold templates, `{{ request.method }}`.
/// It is set as a whole: what is left out is a status of 200, no fields, no body, no delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// 200 to 599.
    #[serde(default = "ok")]
    pub status: u16,
    /// Name and value, in order, at most 50.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body as text; at most one of `body` and `body_base64`, at most 1 MB, none for an empty one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body as bytes, base64 with padding; sent as they are, never as a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// For how many milliseconds it is held back, 0 to 30,000.
    #[serde(default)]
    pub delay_ms: u32,
}

const fn ok() -> u16 {
    200
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            status: 200,
            headers: Vec::new(),
            body: Some("ok".to_owned()),
            body_base64: None,
            delay_ms: 0,
        }
    }
}

/// An answer for some requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// Which: a search as for lists, `method:POST body.type:ping`; an empty one finds all.
    pub when: String,
    /// What they are answered.
    pub reply: Reply,
}

/// Answers that make a sender try again.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Programme {
    /// At most 50, one after the other; after the last the programme is over.
    pub steps: Vec<Step>,
    /// Who goes on to the next step.
    pub by: By,
    /// Only so many of a hundred requests fail, at random, by the steps in turn without an end;
    /// `None` for every one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// How many requests it has answered; set by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<u64>,
}

/// Who goes through the steps of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// All requests together: each takes the next.
    #[default]
    All,
    /// Each delivery by itself: its first attempt the first step, its second the second.
    Attempt,
}

/// One step of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// What is answered, as far as `act` lets it.
    pub reply: Reply,
    /// How many times, 1 to 1,000.
    pub times: u32,
    /// How long `stall` waits and `slow` takes, 1 to 120 seconds.
    pub seconds: u32,
}

impl Default for Step {
    fn default() -> Self {
        Self { act: Act::Answer, reply: Reply::default(), times: 1, seconds: 10 }
    }
}

/// What a step does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Gives the reply.
    #[default]
    Answer,
    /// Gives status and fields, and nothing for `seconds`; then the connection ends.
    Stall,
    /// Gives the body evenly over `seconds`.
    Slow,
    /// Ends the connection without an answer.
    Cut,
}

/// What a captured request was answered.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answered {
    /// What decided on it: `default`, `rule 2`, `handshake slack`, `programme 3` (the step),
    /// `signature`, `refusal`, `page` for a browser's visit, `worker` where a service worker was
    /// asked for, `undecided` before anything has; a later version may say more.
    pub source: String,
    /// The status, 200 to 599; none where the connection was cut instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its fields, without those of the connection.
    pub headers: Vec<Header>,
    /// How many bytes its body had.
    pub body_bytes: u64,
    /// The body, where it is UTF-8: its first 64 KiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body's first 64 KiB in base64, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// When the answer began to be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// From the complete head of the request to the start of the answer, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// Whether the sender was still there to take it; none where that is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<bool>,
    /// What its owner should know: a field left out, a hold that was too many.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
