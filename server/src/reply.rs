//! What capture URLs answer. Every answer is sandboxed: pages and captures share an origin.

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use hookglass_app::wire::{GoneReason, Problem};
use hyper::{
    HeaderMap, StatusCode,
    header::{
        ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY,
        CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
    },
    http::request::Parts,
};

use crate::web::problem_response;

/// The number of the captured request, in its answer.
const HOOKGLASS_SEQ: HeaderName = HeaderName::from_static("hookglass-seq");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// After how many seconds a sender may come again when storing failed.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");

/// Why a request was not captured, or not promised to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No endpoint has this name.
    UnknownEndpoint,
    /// The endpoint is no more.
    Gone(GoneReason),
    /// The body has more bytes than this.
    BodyTooLarge(u64),
    /// The endpoint takes no more until something else goes.
    Full {
        /// The limit's name.
        limit: &'static str,
        /// The limit's value.
        value: u64,
    },
    /// It could not be stored, or that it was is not known.
    NotStored,
}

/// What the answer depends on, beside what became of the request.
pub(crate) struct Visit {
    /// Somebody opened the URL in a browser.
    navigates: bool,
    /// A service worker script was asked for: it would control every page of the origin.
    service_worker: bool,
    wants_html: bool,
    path: String,
    asked_method: Option<HeaderValue>,
    asked_headers: Option<HeaderValue>,
}

impl Visit {
    pub(crate) fn of(parts: &Parts) -> Self {
        let headers = &parts.headers;
        let is = |name: &str, value: &str| {
            headers.get(name).is_some_and(|sent| sent.as_bytes() == value.as_bytes())
        };
        Self {
            navigates: is("sec-fetch-mode", "navigate"),
            service_worker: is("service-worker", "script"),
            wants_html: headers
                .get(ACCEPT)
                .and_then(|accept| accept.to_str().ok())
                .is_some_and(|accept| accept.contains("text/html")),
            path: parts.uri.path().to_owned(),
            asked_method: headers.get(ACCESS_CONTROL_REQUEST_METHOD).cloned(),
            asked_headers: headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned(),
        }
    }
}

/// The answer to a request that is stored as `seq`.
pub(crate) fn captured(visit: &Visit, seq: i64) -> Response {
    let mut response = if visit.service_worker {
        let text = "A capture URL serves no service worker. The request was captured.\n";
        (StatusCode::FORBIDDEN, text).into_response()
    } else if visit.navigates {
        let endpoint = visit.path.split('/').nth(1).unwrap_or_default();
        let text =
            format!("ok\n\nCaptured as #{seq}. Its owner sees it at /inspect/{endpoint}/{seq}\n");
        text.into_response()
    } else {
        "ok".into_response()
    };
    sandbox(response.headers_mut(), visit);
    response.headers_mut().insert(HOOKGLASS_SEQ, HeaderValue::from(seq));
    response
}

/// The answer to a request that was not captured.
pub(crate) fn refuse(visit: &Visit, refusal: &Refusal) -> Response {
    let (status, kind, title, detail) = match refusal {
        Refusal::UnknownEndpoint => (
            StatusCode::NOT_FOUND,
            "not-found",
            "No such endpoint",
            "No endpoint has this URL; check it for typing errors, or make a new endpoint."
                .to_owned(),
        ),
        Refusal::Gone(reason) => (
            StatusCode::GONE,
            "gone",
            "The endpoint is gone",
            format!(
                "This endpoint {}; nothing sent here is kept.",
                match reason {
                    GoneReason::Expired => "has expired",
                    GoneReason::Deleted => "was deleted by its owner",
                }
            ),
        ),
        Refusal::BodyTooLarge(limit) => (
            StatusCode::PAYLOAD_TOO_LARGE,
            "body-too-large",
            "The body is too large",
            format!("This server takes bodies of at most {limit} bytes (max-body)."),
        ),
        Refusal::Full { limit, value } => (
            StatusCode::TOO_MANY_REQUESTS,
            "endpoint-full",
            "The endpoint is full",
            format!("It keeps as much as it may and drops nothing for more ({limit}: {value})."),
        ),
        Refusal::NotStored => (
            StatusCode::SERVICE_UNAVAILABLE,
            "not-stored",
            "The request could not be stored",
            "Send it again in a few seconds.".to_owned(),
        ),
    };
    let mut response = if visit.wants_html {
        page(status, title, &detail)
    } else {
        problem_response(&Problem {
            kind: format!("/problems/{kind}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail,
        })
    };
    let headers = response.headers_mut();
    sandbox(headers, visit);
    match refusal {
        // The rest of the body is on its way and must not be taken for another request.
        Refusal::BodyTooLarge(_) => {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        Refusal::NotStored | Refusal::Full { .. } => {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        Refusal::UnknownEndpoint | Refusal::Gone(_) => {}
    }
    response
}

/// A small page for people; all of its text is our own.
fn page(status: StatusCode, title: &str, detail: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
        <h1>{title}</h1><p>{detail}</p><p>Hookglass</p></html>"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    response
}

/// The fields that every answer of a capture URL has.
fn sandbox(headers: &mut HeaderMap, visit: &Visit) {
    headers
        .insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox; default-src 'none'"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ROBOTS, HeaderValue::from_static("noindex"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("Hookglass-Seq"));
    if let Some(method) = &visit.asked_method {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, method.clone());
    }
    if let Some(asked) = &visit.asked_headers {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
}
