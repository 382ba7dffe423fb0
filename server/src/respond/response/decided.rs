//! A response that an owner set, as it was decided for one request.

use std::{borrow::Cow, time::Duration};

use bytes::Bytes;
use hookglass_wire::Act;
use hyper::{
    StatusCode,
    header::{HeaderName, HeaderValue},
};

/// An answer that was decided on.
#[derive(Debug, Clone)]
pub(crate) struct CustomResponse {
    /// As [`Answered::source`](hookglass_wire::Answered) has it.
    pub(crate) source: Cow<'static, str>,
    pub(crate) act: Act,
    /// How long `act` takes, where it does.
    pub(crate) seconds: u32,
    pub(crate) status: StatusCode,
    /// Without those that every answer has.
    pub(crate) fields: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
    /// Whether the body was made for this request alone.
    pub(crate) is_own: bool,
    pub(crate) delay: Duration,
    /// What its owner should know.
    pub(crate) notes: Vec<String>,
    /// How many requests the programme has answered with this one, where it did.
    pub(crate) answered: Option<u64>,
    /// How lists name the request, where that is known by its answer.
    pub(crate) label: Option<String>,
}

impl CustomResponse {
    /// One without anything but a status.
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
