//! A request as far as it decides how it is answered, for templates and handshakes: borrowed parts
//! and how to look into them. Pure: knows neither the store nor what is answered.

use hyper::{
    HeaderMap, Method,
    header::{ACCEPT, CONTENT_TYPE, HeaderValue},
    http::request::Parts,
};

use crate::{form, head};

/// A request that is to be answered. Where a key stood in it, it has been overwritten before.
#[derive(Debug, Clone, Copy)]
pub struct RequestView<'a> {
    /// The method.
    pub method: &'a Method,
    /// As it was sent, not decoded.
    pub path: &'a [u8],
    /// As it was sent, without its question mark.
    pub query: Option<&'a [u8]>,
    /// The header fields.
    pub headers: &'a HeaderMap,
    /// As it came; only its start, where it was too large to be held in memory.
    pub body: &'a [u8],
}

impl<'a> RequestView<'a> {
    /// The request with this head and body. Path and query are those of its raw target: a URI of
    /// ours cannot hold all that is sent.
    pub fn new(parts: &'a Parts, target: &'a [u8], body: &'a [u8]) -> Self {
        Self {
            method: &parts.method,
            path: head::path(target),
            query: head::query(target),
            headers: &parts.headers,
            body,
        }
    }

    /// The value of the first field of the query that has this name, decoded.
    pub fn query_value(&self, name: &str) -> Option<Vec<u8>> {
        form::value(self.query?, name)
    }

    /// The names and values of the query's fields, decoded and in order.
    pub fn query_pairs(&self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        form::decoded_pairs(self.query.unwrap_or_default())
    }

    /// Whether the body says that it is a form.
    pub fn has_form(&self) -> bool {
        let Some(sent) = self.headers.get(CONTENT_TYPE) else { return false };
        let essence = sent.as_bytes().split(|&byte| byte == b';').next().unwrap_or_default();
        essence.trim_ascii().eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
    }

    /// Whether a browser sent it, by the marks that these put on what they ask for.
    pub fn is_of_browser(&self) -> bool {
        let accepts_pages =
            |accept: &HeaderValue| accept.to_str().is_ok_and(|accept| accept.contains("text/html"));
        self.headers.contains_key("sec-fetch-mode")
            || self.headers.contains_key("origin")
            || self.headers.get(ACCEPT).is_some_and(accepts_pages)
    }
}
