//! Pages: the app rendered for one caller, with security headers.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt as _, future, stream};
use hookglass_app::{
    backend::Backend,
    shell::{self, PageData, PageStatus, Site},
};
use hookglass_store::{key::Key, slug::Slug};
use leptos::{
    nonce::Nonce,
    prelude::{RenderHtml, provide_context},
};

use super::{
    AppState, assets, backend::ApiBackend, caller::Caller, error::Error, origin::Origin, security,
};

/// Random bytes in a nonce (CSP3 §7.1 asks for at least 128 bits).
const NONCE_BYTES: usize = 16;

/// Gives Leptos the runtime for loading a page's data. Once per process; a second server finds it
/// done.
pub(crate) fn prepare() {
    let _ = any_spawner::Executor::init_tokio();
}

/// `GET /`, `GET /inspect/{endpoint}`, `GET /inspect/{endpoint}/{seq}`
pub(crate) async fn get(State(app): State<AppState>, caller: Caller, request: Request) -> Response {
    let nonce = match nonce() {
        Ok(nonce) => nonce,
        Err(error) => return error.into_response(),
    };
    let is_home = request.uri().path() == "/";
    let own = request.uri().path().strip_prefix("/inspect/");
    let own = own.and_then(|rest| rest.split('/').next()).and_then(Slug::from_segment);
    let cookie = caller.cookie_key().and_then(|key| caller.cookie(key));
    let origin = caller.origin.clone();
    let site = Site { workspace: caller.cookie_key().map(Key::tag), ..site(&app) };
    let (status, data) = (PageStatus::default(), PageData::default());
    let backend: Arc<dyn Backend> = Arc::new(ApiBackend { app, caller });
    let contexts = {
        let (nonce, status, data) = (nonce.clone(), status.clone(), data.clone());
        move || {
            provide_context(Nonce::from_value(nonce.as_str()));
            provide_context(status.clone());
            provide_context(data.clone());
            provide_context(backend.clone());
        }
    };
    let render =
        leptos_axum::render_app_async_with_context(contexts, move || shell::document(site.clone()));
    // All resources are loaded by now. The browser half starts once everything has arrived.
    let mut response = render(request).await.map(|body| followed_by(body, data.scripts()));
    if let Ok(status) = StatusCode::from_u16(status.status()) {
        *response.status_mut() = status;
    }
    finish(response.headers_mut(), &origin, &nonce, own.as_ref());
    if !is_home {
        security::no_index(response.headers_mut());
    }
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The page of an error that a form caused.
pub(crate) fn problem(app: &AppState, origin: &Origin, error: &Error) -> Response {
    plain(app, origin, error.status(), |site| shell::problem(site, error.problem()))
}

/// Renders a page of plain HTML.
pub(crate) fn plain<V: RenderHtml>(
    app: &AppState,
    origin: &Origin,
    status: StatusCode,
    document: impl FnOnce(Site) -> V,
) -> Response {
    let nonce = match nonce() {
        Ok(nonce) => nonce,
        Err(error) => return error.into_response(),
    };
    let owner = leptos::prelude::Owner::new();
    let html = owner.with(|| {
        provide_context(Nonce::from_value(nonce.as_str()));
        document(site(app)).to_html()
    });
    let mut response = Response::new(Body::from(format!("<!doctype html>{html}")));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    finish(response.headers_mut(), origin, &nonce, None);
    security::no_index(response.headers_mut());
    response
}

/// Appends scripts to a document. The HTML parser moves them to the end of the body.
fn followed_by(document: Body, scripts: String) -> Body {
    let scripts = stream::once(future::ready(Ok(Bytes::from(scripts))));
    Body::from_stream(document.into_data_stream().chain(scripts))
}

fn finish(headers: &mut HeaderMap, origin: &Origin, nonce: &str, own: Option<&Slug>) {
    security::page(headers, origin, nonce, own);
    headers.insert(header::VARY, HeaderValue::from_static("Cookie"));
}

fn site(app: &AppState) -> Site {
    let public_url = app.config.public_url.as_ref().map(|url| url.origin().to_owned());
    Site { assets: assets::paths(), public_url, workspace: None }
}

fn nonce() -> Result<String, Error> {
    let mut bytes = [0; NONCE_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "no random numbers");
        Error::Internal
    })?;
    Ok(STANDARD.encode(bytes))
}
