//! Answers that owners set, sandboxed as every answer of a capture URL.

use axum::{body::Body, response::Response};
use hyper::{
    HeaderMap,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::{HOOKGLASS_SEQ, Visit, sandbox};
use crate::answering::Answer;

/// A set answer to a request that is stored as `seq`.
pub(crate) fn given(visit: &Visit, seq: i64, answer: &Answer) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    *headers = fields(visit, answer);
    headers.insert(HOOKGLASS_SEQ, HeaderValue::from(seq));
    response
}

/// The fields of a set answer, but for the number of its request. Those that go to programs only are
/// nothing to leave out here: a browser that opens the URL gets a page of ours.
pub(crate) fn fields(visit: &Visit, answer: &Answer) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &answer.fields {
        headers.append(name.clone(), value.clone());
    }
    if !answer.body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    sandbox(&mut headers, visit);
    headers
}
