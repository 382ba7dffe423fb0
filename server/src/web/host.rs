//! Checks the host of pages and API. If the operator configured one, any other name that leads here
//! is a mistake or an attack by DNS rebinding.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse as _, Response},
};

use super::{error::Error, origin::Origin, security};
use crate::config::{Config, PublicUrl};

/// Responds with 421 under any host except the public one and loopback names.
pub(crate) async fn check(
    State(config): State<Arc<Config>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(public) = &config.public_url else { return next.run(request).await };
    let origin = Origin::of(request.uri(), request.headers(), None, Some(public));
    if origin.is_some_and(|origin| origin.is_expected()) {
        return next.run(request).await;
    }
    let error = Error::Misdirected(public.origin().to_owned());
    let path = request.uri().path();
    if path.starts_with("/api/") { error.into_response() } else { page(&error, public, path) }
}

/// A small page that links to the right place. All of its text is our own: it includes the path
/// only if nothing in it needs escaping.
fn page(error: &Error, public: &PublicUrl, path: &str) -> Response {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-_".contains(&byte);
    let path = if path.bytes().all(is_plain) { path } else { "/" };
    let (title, url) = (error.problem().title, format!("{}{path}", public.origin()));
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <meta name=\"color-scheme\" content=\"light dark\"><title>{title}</title>\
        <h1>{title}</h1><p>{}</p><p><a href=\"{url}\">{url}</a></p><p>Hookglass</p></html>",
        error.problem().detail,
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = StatusCode::MISDIRECTED_REQUEST;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    security::bare(headers);
    security::no_index(headers);
    response
}
