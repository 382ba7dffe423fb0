//! For load balancers and process supervisors.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
};

use hookglass_store::Store;

/// Whether the process is running: always, if it responds.
pub(crate) async fn healthz() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

/// Whether the store responds, and can write.
pub(crate) async fn readyz(State(store): State<Arc<dyn Store>>) -> impl IntoResponse {
    let (status, text) = match store.ready().await {
        Ok(()) if *store.storing().borrow() => (StatusCode::OK, "ready\n"),
        Ok(()) => (StatusCode::SERVICE_UNAVAILABLE, "the store cannot write\n"),
        Err(error) => {
            tracing::warn!(%error, "the store does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n")
        }
    };
    (status, [(header::CACHE_CONTROL, "no-store")], text)
}
