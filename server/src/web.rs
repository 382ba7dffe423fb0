//! The route table and the layers around it.

mod answers;
mod api;
mod assets;
mod backend;
mod caller;
mod error;
mod health;
mod host;
mod live;
mod metrics;
mod origin;
mod pages;
mod responses;
mod search;
mod security;
mod suggestions;

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, MatchedPath, Request},
    middleware,
    response::Response,
    routing::{any, delete, get},
};
use hookglass_listener::client_address::ClientAddress;
use hookglass_metrics::Metrics;
use hookglass_store::Store;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower_http::compression::CompressionLayer;

use self::api::{endpoints, providers, qr, readings, requests, secrets, session, snippets};
pub(crate) use self::{
    responses::{RESPONSES_AT_ONCE, Responses},
    search::DELETIONS,
};
use crate::{
    capture::{self, Capture},
    config::Config,
    feed::Feed,
    limits::rates::Rates,
    rendering::Renderer,
    respond::Responder,
    verification::VerificationQueue,
};

/// The state of the handlers, which each take the part of it that they need.
#[derive(Clone, FromRef)]
pub(crate) struct AppState {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) feed: Feed,
    pub(crate) capture: Arc<Capture>,
    pub(crate) verdicts: VerificationQueue,
    pub(crate) answering: Responder,
    pub(crate) client_address: ClientAddress,
    pub(crate) rates: Arc<Rates>,
    pub(crate) reader: Renderer,
    /// The budget for responses until they are written.
    pub(crate) responses: Responses,
    /// The slots for building responses.
    #[from_ref(skip)]
    pub(crate) turns: Arc<Semaphore>,
    /// The slots for deletions by search.
    #[from_ref(skip)]
    pub(crate) deletions: Arc<Semaphore>,
    pub(crate) metrics: Metrics,
    pub(crate) config: Arc<Config>,
    pub(crate) shutdown: CancellationToken,
}

/// All routes. Requests that match none are captured.
pub(crate) fn routes(app: AppState) -> Router {
    pages::prepare();
    let pages = Router::new()
        .route("/", get(pages::get))
        .route("/inspect/{endpoint}", get(pages::get))
        .route("/inspect/{endpoint}/answers", get(answers::get).post(answers::post))
        .route("/inspect/{endpoint}/{seq}", get(pages::get))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), responses::rendered));
    let api = Router::new()
        .route("/api/endpoints", get(endpoints::list).post(endpoints::post))
        .route(
            "/api/endpoints/{endpoint}",
            get(endpoints::get)
                .patch(endpoints::patch)
                .delete(endpoints::delete)
                .post(endpoints::post_form),
        )
        .route(
            "/api/endpoints/{endpoint}/requests",
            get(requests::list).delete(requests::clear).post(requests::post_form),
        )
        .route("/api/endpoints/{endpoint}/requests/counts", get(requests::counts))
        .route("/api/endpoints/{endpoint}/requests/suggestions", get(suggestions::get))
        .route(
            "/api/endpoints/{endpoint}/requests/{seq}",
            get(requests::get)
                .patch(requests::patch)
                .delete(requests::delete)
                .post(requests::post_form_one),
        )
        .route("/api/endpoints/{endpoint}/secrets", get(secrets::list).post(secrets::post))
        .route(
            "/api/endpoints/{endpoint}/secrets/{secret}",
            delete(secrets::delete).post(secrets::post_form),
        )
        .route("/api/providers", get(providers::list))
        .route("/api/endpoints/{endpoint}/requests/{seq}/snippet", get(snippets::get))
        .route("/api/endpoints/{endpoint}/qr", get(qr::get))
        .route("/api/endpoints/{endpoint}/requests/{seq}/reading", get(readings::reading))
        .route("/api/endpoints/{endpoint}/requests/{seq}/value", get(readings::value))
        .route("/api/endpoints/{endpoint}/requests/{seq}/text", get(readings::text))
        .route("/api/session", get(session::get).delete(session::delete).post(session::post))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(app.clone(), responses::whole));
    // Raw bytes, and streams.
    let uncompressed = Router::new()
        .route("/api/endpoints/{endpoint}/requests/{seq}/body", get(requests::body))
        .route("/api/endpoints/{endpoint}/requests/{seq}/raw", get(requests::raw))
        .route("/api/endpoints/{endpoint}/requests/{seq}/part", get(readings::part))
        .route("/api/endpoints/{endpoint}/requests/{seq}/image", get(readings::image))
        .route("/api/endpoints/{endpoint}/live", get(live::of_endpoint))
        .route("/api/live", get(live::of_workspace))
        .method_not_allowed_fallback(error::method_not_allowed);
    let service = Router::new()
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .merge(assets::routes());
    // Health checks respond under any host.
    let host = middleware::from_fn_with_state(app.clone(), host::check);
    let api = api.merge(uncompressed).layer(host.clone());
    let ours = pages
        .layer(host)
        .merge(api.layer(middleware::from_fn(security::api)))
        .merge(service)
        .layer(middleware::from_fn(log));
    ours.fallback(any(capture::any)).with_state(app)
}

/// Responds to malformed requests for any route.
pub(crate) fn malformed(capture: Arc<Capture>) -> Router {
    Router::new().fallback(any(capture::malformed)).with_state(capture)
}

/// Routes for operators, on a separate address.
pub(crate) fn metrics(metrics: Metrics) -> Router {
    Router::new().route("/metrics", get(metrics::get)).with_state(metrics)
}

/// Logs each response of our own pages and API: the route's template, never the actual path.
async fn log(request: Request, next: middleware::Next) -> Response {
    let started = std::time::Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    tracing::info!(
        %method,
        route = route.as_ref().map(MatchedPath::as_str),
        status = response.status().as_u16(),
        duration_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "answered"
    );
    response
}
