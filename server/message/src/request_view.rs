//! The parts of a request that responses depend on, for templates and handshakes: borrowed, with
//! accessors. Pure: knows neither the store nor responses.

use hyper::{
    HeaderMap, Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};

use crate::{form, head};

/// A request to respond to. Keys in it have already been redacted.
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    /// The method.
    pub method: &'a Method,
    /// As sent, not decoded.
    pub path: &'a [u8],
    /// As sent, without its question mark.
    pub query: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// As received; only its start if it was too large for memory.
    pub body: &'a [u8],
}

impl<'a> RequestView<'a> {
    /// Returns the request with this head and body. Path and query come from the raw target, since
    /// a `Uri` cannot hold every target that is sent.
    pub fn new(parts: &'a Parts, target: &'a [u8], body: &'a [u8]) -> Self {
        Self {
            method: &parts.method,
            path: head::path(target),
            query: head::query(target),
            headers: &parts.headers,
            body,
        }
    }

    /// Returns the decoded value of the first query field with this name.
    pub fn query_value(&self, name: &str) -> Option<Vec<u8>> {
        form::value(self.query?, name)
    }

    /// Returns the names and values of the query's fields, decoded and in order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        form::decoded_pairs(self.query.unwrap_or_default())
    }

    /// Whether the body is declared as a form.
    pub fn has_form(&self) -> bool {
        let Some(sent) = self.headers.get(CONTENT_TYPE) else { return false };
        let essence = sent.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    }

    /// Whether a browser sent it, by the headers that browsers add.
    pub fn is_of_browser(&self) -> bool {
        let accepts_pages =
            |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
        self.headers.contains_key("sec-fetch-mode")
            || self.headers.contains_key("origin")
            || self.headers.get(ACCEPT).is_some_and(accepts_pages)
    }
}
