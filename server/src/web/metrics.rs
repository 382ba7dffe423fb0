//! `/metrics` in the `OpenMetrics` text format, on an address of its own.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use hookglass_metrics::Metrics;

/// `GET /metrics`
pub(crate) async fn get(State(metrics): State<Metrics>) -> Response {
    let mut response = metrics.text().into_response();
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}
