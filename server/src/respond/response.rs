//! The responses of capture URLs. Every response is sandboxed: pages and captures share an origin.

mod custom;
mod decided;
pub(crate) mod headers;
mod problem;
mod rebuild;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use hookglass_listener::Malformed;
use hookglass_wire::{GoneReason, Problem, Refused};
use hyper::{
    HeaderMap, StatusCode,
    header::{
        ACCEPT, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
        ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_HEADERS,
        ACCESS_CONTROL_REQUEST_METHOD, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
        HeaderName, HeaderValue, RETRY_AFTER, UPGRADE_INSECURE_REQUESTS, X_CONTENT_TYPE_OPTIONS,
    },
    http::request::Parts,
};

pub(crate) use self::{
    custom::{given, own_fields},
    decided::CustomResponse,
    problem::problem_response,
    rebuild::again,
};
use crate::limits::rates::Exceeded;

/// The number of the captured request, in its response.
const HOOKGLASS_SEQ: HeaderName = HeaderName::from_static("hookglass-seq");
const FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SERVICE_WORKER: HeaderName = HeaderName::from_static("service-worker");
const ROBOTS: HeaderName = HeaderName::from_static("x-robots-tag");
/// When a sender may retry after storing failed, in seconds.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("5");
/// The same if somebody has to free space first.
const RETRY_FULL_SECONDS: HeaderValue = HeaderValue::from_static("60");

/// Why a request was not captured, or may not have been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// No endpoint has this name.
    UnknownEndpoint,
    /// The endpoint is gone.
    Gone(GoneReason),
    /// The request is malformed, or its head exceeds a limit.
    Malformed(Malformed),
    /// The body has more bytes than this.
    BodyTooLarge(u64),
    /// The body exceeded a timeout of this many seconds, in all or without a byte.
    BodyTimeout(u64),
    /// A rate limit was exceeded.
    TooFast(Exceeded),
    /// The endpoint is full, and set to reject.
    Full {
        /// The limit's name.
        limit: &'static str,
        /// Its value in its own unit.
        value: u64,
    },
    /// Too many requests are being received.
    Crowded,
    /// The request could not be stored, or it is unknown whether it was.
    NotStored,
}

impl Rejection {
    /// The label in metrics: the limit's name if a limit was exceeded.
    pub(crate) const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownEndpoint => "unknown-endpoint",
            Self::Gone(_) => "gone",
            Self::Malformed(malformed) => malformed.limit().0,
            Self::BodyTooLarge(_) => "max-body",
            Self::BodyTimeout(_) => "body-timeout",
            Self::TooFast(exceeded) => exceeded.limit,
            Self::Full { limit, .. } => limit,
            Self::Crowded => "in-flight",
            Self::NotStored => "not-stored",
        }
    }

    /// The status of the response.
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::UnknownEndpoint => StatusCode::NOT_FOUND,
            Self::Gone(_) => StatusCode::GONE,
            Self::Malformed(malformed) => malformed.status(),
            Self::BodyTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout(_) => StatusCode::REQUEST_TIMEOUT,
            Self::TooFast(_) | Self::Full { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Crowded | Self::NotStored => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The entry for lists: a limit of ours that the sender saw as a 4xx. A full endpoint has no
    /// room for such rows.
    pub(crate) fn refused(&self) -> Option<Refused> {
        let value = match self {
            Self::Malformed(malformed) if malformed.status().is_client_error() => {
                malformed.limit().1
            }
            Self::BodyTooLarge(value) | Self::BodyTimeout(value) => *value,
            Self::TooFast(exceeded) => exceeded.value,
            Self::Malformed(_)
            | Self::UnknownEndpoint
            | Self::Gone(_)
            | Self::Full { .. }
            | Self::Crowded
            | Self::NotStored => return None,
        };
        Some(Refused { limit: self.reason().to_owned(), value })
    }
}

impl From<Exceeded> for Rejection {
    fn from(exceeded: Exceeded) -> Self {
        Self::TooFast(exceeded)
    }
}

/// What the response depends on, besides the outcome.
#[derive(Debug)]
pub(crate) struct ResponseContext {
    /// The URL was opened in a browser.
    navigates: bool,
    /// See [`asks_for_service_worker`].
    service_worker: bool,
    wants_html: bool,
    path: String,
    asked_method: Option<HeaderValue>,
    asked_headers: Option<HeaderValue>,
}

impl ResponseContext {
    /// What decides the response if nothing is set for it.
    pub(crate) const fn source(&self) -> &'static str {
        match (self.service_worker, self.navigates) {
            (true, _) => "worker",
            (false, true) => "page",
            (false, false) => "default",
        }
    }

    pub(crate) fn of(parts: &Parts) -> Self {
        let headers = &parts.headers;
        Self {
            navigates: navigates(headers),
            service_worker: asks_for_service_worker(headers),
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

/// Whether Hookglass responds to a request with these headers regardless of the owner's settings:
/// the URL was opened in a browser, or the request is for a service worker.
pub(crate) fn is_browser_request(headers: &HeaderMap) -> bool {
    navigates(headers) || asks_for_service_worker(headers)
}

fn navigates(headers: &HeaderMap) -> bool {
    match headers.get(FETCH_MODE) {
        Some(mode) => mode.as_bytes() == b"navigate",
        // Browsers omit `Sec-Fetch-Mode` on plain HTTP (Fetch Metadata §2.1), but send this with
        // every navigation (Upgrade Insecure Requests §3.2.1).
        None => headers.get(UPGRADE_INSECURE_REQUESTS).is_some_and(|sent| sent.as_bytes() == b"1"),
    }
}

/// The status of the response to a request with these headers, once it is stored or rejected.
pub(crate) fn status(headers: &HeaderMap, rejection: Option<&Rejection>) -> StatusCode {
    match rejection {
        Some(rejection) => rejection.status(),
        None if asks_for_service_worker(headers) => StatusCode::FORBIDDEN,
        None => StatusCode::OK,
    }
}

/// Whether the request is for a service worker script, which would control every page of the
/// origin.
fn asks_for_service_worker(headers: &HeaderMap) -> bool {
    headers.get(SERVICE_WORKER).is_some_and(|sent| sent.as_bytes() == b"script")
}

/// Builds the response to a request that is stored as `seq`.
pub(crate) fn captured(visit: &ResponseContext, seq: i64) -> Response {
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

/// Builds the response to a request that was not captured.
pub(crate) fn reject(visit: &ResponseContext, rejection: &Rejection) -> Response {
    let status = rejection.status();
    let (kind, title, detail) = match rejection {
        Rejection::UnknownEndpoint => (
            "not-found",
            "No such endpoint",
            "No endpoint has this URL; check it for typing errors, or make a new endpoint."
                .to_owned(),
        ),
        Rejection::Gone(reason) => (
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
        Rejection::BodyTooLarge(limit) => (
            "body-too-large",
            "The body is too large",
            format!("This server takes bodies of at most {limit} bytes (max-body)."),
        ),
        Rejection::Malformed(malformed) => (
            match status {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "head-too-large",
                StatusCode::REQUEST_TIMEOUT => "too-slow",
                StatusCode::SERVICE_UNAVAILABLE => "crowded",
                _ => "malformed",
            },
            "The request cannot be read",
            malformed.to_string(),
        ),
        Rejection::BodyTimeout(seconds) => (
            "too-slow",
            "The body came too slowly",
            format!(
                "No byte of the body came for 30 seconds, or all of it took over two minutes \
                 ({seconds} seconds, body-timeout). What came is kept as cut off; send it again."
            ),
        ),
        Rejection::TooFast(Exceeded { limit, value, .. }) => (
            "too-many-requests",
            "Too many requests",
            format!("This server takes {value} requests a second here ({limit}); send fewer."),
        ),
        Rejection::Full { limit, value } => (
            "endpoint-full",
            "The endpoint is full",
            format!(
                "It keeps as much as it may and drops nothing for more ({limit}: {value}); its \
                 owner has to delete some."
            ),
        ),
        Rejection::Crowded => (
            "crowded",
            "Too much is arriving at once",
            "Send it again in a few seconds (in-flight).".to_owned(),
        ),
        Rejection::NotStored => (
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
            ..Problem::default()
        })
    };
    let headers = response.headers_mut();
    sandbox(headers, visit);
    match rejection {
        Rejection::TooFast(exceeded) => {
            headers.insert(RETRY_AFTER, exceeded.retry_after().into());
        }
        Rejection::Full { .. } => {
            headers.insert(RETRY_AFTER, RETRY_FULL_SECONDS);
        }
        Rejection::NotStored | Rejection::Crowded | Rejection::Malformed(Malformed::Crowded) => {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        // An unread rest of the body closes the connection, see `hookglass_listener`.
        Rejection::UnknownEndpoint
        | Rejection::Gone(_)
        | Rejection::Malformed(_)
        | Rejection::BodyTooLarge(_)
        | Rejection::BodyTimeout(_) => {}
    }
    response
}

/// Builds a small page for people; all of its text is our own.
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

/// Sets the headers that every response of a capture URL has.
fn sandbox(headers: &mut HeaderMap, visit: &ResponseContext) {
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
