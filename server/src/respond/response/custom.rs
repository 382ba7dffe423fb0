//! Custom responses, sandboxed like every response of a capture URL.

use axum::{body::Body, response::Response};
use hyper::{
    HeaderMap,
    header::{CONTENT_TYPE, HeaderValue},
};

use super::{CustomResponse, HOOKGLASS_SEQ, ResponseContext, headers::refused, sandbox};

/// Builds the custom response to a request that is stored as `seq`.
pub(crate) fn given(visit: &ResponseContext, seq: i64, answer: &CustomResponse) -> Response {
    let mut response = Response::new(Body::from(answer.body.clone()));
    *response.status_mut() = answer.status;
    let headers = response.headers_mut();
    *headers = own_fields(visit, answer);
    headers.insert(HOOKGLASS_SEQ, HeaderValue::from(seq));
    response
}

/// Returns the headers of a custom response, without the number of its request. Headers that only
/// programs may get need no filter here: a browser that opens the URL gets our own page.
pub(crate) fn own_fields(visit: &ResponseContext, answer: &CustomResponse) -> HeaderMap {
    let mut headers = HeaderMap::new();
    // Filters again at the end: a header that may not be set must not be sent, wherever it comes
    // from.
    for (name, value) in answer.fields.iter().filter(|(name, _)| refused(name).is_none()) {
        headers.append(name.clone(), value.clone());
    }
    if !answer.body.is_empty() && !headers.contains_key(CONTENT_TYPE) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    }
    sandbox(&mut headers, visit);
    headers
}

#[cfg(test)]
mod tests {
    use hyper::{Request, StatusCode, header::HeaderName};

    use super::*;

    #[test]
    fn what_may_not_be_set_is_not_sent_either() {
        let (parts, ()) = Request::new(()).into_parts();
        let sent = ["x-fine", "edge-cache-tag", "set-cookie", "hookglass-raw"];
        let one = HeaderValue::from_static("1");
        let fields = sent.map(|name| (HeaderName::from_static(name), one.clone())).to_vec();
        let answer = CustomResponse { fields, ..CustomResponse::new("test", StatusCode::OK) };
        let response = given(&ResponseContext::of(&parts), 7, &answer);
        let ours = response.headers();
        assert_eq!((&ours["x-fine"], &ours[HOOKGLASS_SEQ]), (&one, &HeaderValue::from(7)));
        assert!(sent[1..].iter().all(|name| !ours.contains_key(*name)), "{ours:?}");
    }
}
