//! `/api/endpoints/{endpoint}/requests/{seq}/snippet`: code that sends a captured request again.

use std::sync::Arc;

use axum::{
    extract::{Path, Query, State, rejection::QueryRejection},
    http::{HeaderValue, header},
    response::{IntoResponse as _, Response},
};
use hookglass_message::head;
use hookglass_store::Store;
use serde::Deserialize;

use super::{
    super::{caller::Caller, error::Error},
    requests::which,
};
use crate::rendering::snippet::{INLINE_BYTES, SnippetBody, SnippetRequest, Tool};

/// The parameters of a snippet.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SnippetQuery {
    tool: String,
}

/// `GET …/requests/{seq}/snippet?tool=`
pub(crate) async fn get(
    State(store): State<Arc<dyn Store>>,
    Path((id, seq)): Path<(String, String)>,
    ask: Result<Query<SnippetQuery>, QueryRejection>,
    caller: Caller,
) -> Result<Response, Error> {
    let tool: Tool = ask.ok().and_then(|Query(ask)| ask.tool.parse().ok()).ok_or_else(unknown)?;
    let endpoint = caller.active_endpoint(&*store, &id).await?;
    let stored = store.request(endpoint.id, which(&seq)?).await?;
    let (seq, length) = (stored.summary.seq, stored.summary.body_bytes);
    let body = if length <= INLINE_BYTES {
        SnippetBody::Inline(store.body(endpoint.id, seq, 0..length).await?)
    } else {
        SnippetBody::File(length)
    };
    let message = SnippetRequest {
        origin: caller.origin.url(),
        endpoint: endpoint.slug.to_string(),
        seq,
        method: stored.summary.method,
        target: head::bytes_of(&stored.summary.target).into_owned(),
        version: head::version_name(stored.http_version),
        headers: owned(head::raw_head_fields(&stored.head)),
        trailers: owned(head::raw_fields(&stored.trailers)),
        body,
        complete: stored.summary.complete,
        redacted: stored.redacted,
    };
    // Several passes over the sender's bytes: not on a thread that serves connections.
    let writing = tokio::task::spawn_blocking(move || tool.write(&message));
    let snippet = writing.await.map_err(|error| {
        tracing::error!(%error, seq, "writing a snippet failed");
        Error::Internal
    })?;
    let mut response = snippet.into_response();
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    Ok(response)
}

fn unknown() -> Error {
    let names = Tool::ALL.map(Tool::name).join(", ");
    Error::Invalid(format!("`tool` takes one of {names}."))
}

fn owned(fields: Vec<(&[u8], Vec<u8>)>) -> Vec<(Vec<u8>, Vec<u8>)> {
    fields.into_iter().map(|(name, value)| (name.to_vec(), value)).collect()
}
