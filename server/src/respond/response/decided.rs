//! A custom response, as decided for one request.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use hookglass_wire::Act;
use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};

/// A decided response.
#[derive(Debug, Clone)]
pub(crate) struct CustomResponse {
    /// As [`Answered::source`](hookglass_wire::Answered) has it.
    pub(crate) source: Cow<'static, str>,
    pub(crate) act: Act,
    /// The duration of `act`, if it has one.
    pub(crate) seconds: u32,
    pub(crate) status: StatusCode,
    /// Without the headers that every response has.
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// Whether the body was made for this request alone.
    pub(crate) is_own: bool,
    pub(crate) delay: Duration,
    /// Notes for the owner.
    pub(crate) notes: Vec<String>,
    /// How many requests the failure sequence has answered, including this one, if it answered it.
    pub(crate) answered: Option<u64>,
    /// The request's label in lists, if the response determines it.
    pub(crate) label: Option<String>,
}

impl CustomResponse {
    /// Creates a response with only a status.
    pub(crate) fn new(source: impl Into<Cow<'static, str>>, status: StatusCode) -> Self {
        Self {
            source: source.into(),
            act: Act::Answer,
            seconds: 0,
            status,
            fields: Vec::new(),
            body: Bytes::new(),
            is_own: false,
            delay: Duration::ZERO,
            notes: Vec::new(),
            answered: None,
            label: None,
        }
    }
}
