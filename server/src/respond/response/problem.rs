//! Problem details (RFC 9457).

use axum::response::{IntoResponse as _, Response};
use hookglass_wire::Problem;
use hyper::{
    StatusCode,
    header::{self, HeaderValue},
};

/// Builds a response with problem details.
pub(crate) fn problem_response(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, axum::Json(problem)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
