//! How an endpoint answers its senders, and the response that a captured request got.

use serde::{Deserialize, Serialize};

use crate::{Header, Timestamp};

/// An endpoint's settings for responses. They apply in this order: `rules`, handshakes, the
/// `programme`, `reply`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Answering {
    /// The response if nothing else applies.
    pub reply: Reply,
    /// At most 50, tried in order: the first rule whose `when` matches the request answers it.
    pub rules: Vec<Rule>,
    /// Makes deliveries fail for a while; `None` for no failures.
    pub programme: Option<Programme>,
    /// Whether verification requests of known senders get the response that they ask for.
    pub handshakes: bool,
    /// The verify token that a sender must present (Meta's `hub.verify_token`) to get a response;
    /// `None` accepts any token.
    pub verify_token: Option<String>,
    /// Whether a request whose signature is not `valid` gets a 401 if the endpoint has secrets. The
    /// request is kept in any case.
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

/// A response as its owner set it. Header values and `body` may contain templates,
/// `{{ request.method }}`. It is always set as a whole; defaults are a status of 200, no headers,
/// no body, no delay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// 200 to 599.
    #[serde(default = "ok")]
    pub status: u16,
    /// Names and values, in order, at most 50.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body as text. At most one of `body` and `body_base64` is set; at most 1 MB; `None` for
    /// an empty body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The body as bytes, in base64 with padding; sent unchanged, never as a template.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// The delay before the response, in milliseconds, 0 to 30,000.
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

/// A response for some requests.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// A search in the syntax of lists, `method:POST body.type:ping`; an empty one matches every
    /// request.
    pub when: String,
    /// The response to these requests.
    pub reply: Reply,
}

/// A sequence of responses that makes a sender retry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Programme {
    /// At most 50, in order; the programme ends after the last one.
    pub steps: Vec<Step>,
    /// Whether all requests or the attempts of each delivery advance the steps.
    pub by: By,
    /// The percentage of requests that fail, chosen at random; the steps then repeat forever.
    /// `None` means that every request fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<u8>,
    /// The number of requests that it has answered; set by the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<u64>,
}

/// What advances the steps of a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// All requests together: each takes the next step.
    #[default]
    All,
    /// Each delivery separately: its first attempt takes the first step, its second the second.
    Attempt,
}

/// One step of a programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Step {
    /// The action of this step.
    pub act: Act,
    /// The response, as far as `act` sends it.
    pub reply: Reply,
    /// The number of repetitions, 1 to 1,000.
    pub times: u32,
    /// The length of a `stall` or of a `slow` response, 1 to 120 seconds.
    pub seconds: u32,
}

impl Default for Step {
    fn default() -> Self {
        Self { act: Act::Answer, reply: Reply::default(), times: 1, seconds: 10 }
    }
}

/// The action of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Sends the reply.
    #[default]
    Answer,
    /// Sends status and headers, then nothing for `seconds`, then closes the connection.
    Stall,
    /// Sends the body evenly over `seconds`.
    Slow,
    /// Closes the connection without a response.
    Cut,
}

/// The response to a captured request.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Answered {
    /// What chose the response: `default`, `rule 2`, `handshake slack`, `programme 3` (the step),
    /// `signature`, `refusal`, `page` for a browser's visit, `worker` for a request for a service
    /// worker, `undecided` while there is none; later versions may add values.
    pub source: String,
    /// The status, 200 to 599; `None` if the connection was cut instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its headers, without those of the connection.
    pub headers: Vec<Header>,
    /// The length of its body in bytes.
    pub body_bytes: u64,
    /// The first 64 KiB of the body if it is UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The first 64 KiB of the body in base64 if it is not UTF-8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_base64: Option<String>,
    /// When the server began to send the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// From the complete head of the request to the start of the response, in microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_us: Option<u64>,
    /// Whether the sender was still connected to receive it; `None` if that is not known yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken: Option<bool>,
    /// Notes for the owner, such as a header that was left out, or a delay that was skipped because
    /// too many responses were being held back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
