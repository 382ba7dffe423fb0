//! `/api/endpoints/{endpoint}/requests` and the resources below it.

use std::time::Duration;

use axum::{
    Json,
    extract::{Path, Query, RawQuery, State, rejection::QueryRejection},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use headers::{ContentRange, HeaderMapExt as _};
use hookglass_message::head;
use hookglass_store::{Annotation, EndpointId, RequestRef, StoredEndpoint};
use hookglass_wire::{self as wire, Counts, CountsAsk, Deleted, Window};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{
    super::{AppState, backend::ApiBackend, caller::Caller, error::Error, search},
    downloads::{self, BodyRange, attach},
    endpoints::present,
    ranges,
    submission::JsonOrForm,
};

/// The longest note, in characters.
const NOTE_CHARS: usize = 2000;

const HOOKGLASS_RAW: HeaderName = HeaderName::from_static("hookglass-raw");

/// `GET …/requests?before=&after=&limit=&q=`
pub(crate) async fn list(
    State(app): State<AppState>,
    Path(id): Path<String>,
    window: Result<Query<Window>, QueryRejection>,
    caller: Caller,
) -> Result<Json<wire::Page>, Error> {
    let Query(window) = window.map_err(|error| Error::Invalid(error.body_text()))?;
    ApiBackend { app, caller }.requests(&id, window).await.map(Json)
}

/// `GET …/requests/counts?from=&to=&buckets=&q=`
pub(crate) async fn counts(
    State(app): State<AppState>,
    Path(id): Path<String>,
    ask: Result<Query<CountsAsk>, QueryRejection>,
    caller: Caller,
) -> Result<Json<Counts>, Error> {
    let Query(ask) = ask.map_err(|error| Error::Invalid(error.body_text()))?;
    ApiBackend { app, caller }.counts(&id, ask).await.map(Json)
}

/// `GET …/requests/{seq}`, also with `latest`.
pub(crate) async fn get(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    caller: Caller,
) -> Result<Json<wire::Record>, Error> {
    ApiBackend { app, caller }.request(&id, which(&seq)?).await.map(Json)
}

/// `GET …/requests/{seq}/body`: the raw bytes, never as a type that browsers open.
pub(crate) async fn body(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    method: Method,
    headers: HeaderMap,
    caller: Caller,
) -> Result<Response, Error> {
    let StoredEndpoint { id: endpoint, workspace, .. } =
        caller.active_endpoint(&*app.store, &id).await?;
    let client = caller.client;
    let stored = app.store.request(endpoint, which(&seq)?).await?;
    let (seq, length) = (stored.summary.seq, stored.summary.body_bytes);
    let asked = ranges::asked(&method, &headers, length)
        .map_err(|ranges::Past| Error::RangeNotSatisfiable(length))?;
    let range = asked.clone().unwrap_or(0..length);
    let (before, after) = (Vec::new(), Vec::new());
    let body = BodyRange { workspace, client, endpoint, seq, range, before, after };
    let mut response = downloads::stored(&app, body).await?;
    attach(&mut response, &format!("{id}-{seq}.body"));
    let fields = response.headers_mut();
    fields.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    if let Some(range) = asked
        && let Ok(content_range) = ContentRange::bytes(range, length)
    {
        fields.typed_insert(content_range);
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
    }
    Ok(response)
}

/// `GET …/requests/{seq}/raw`: head, body without chunk framing, trailers.
pub(crate) async fn raw(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    caller: Caller,
) -> Result<Response, Error> {
    let StoredEndpoint { id: endpoint, workspace, .. } =
        caller.active_endpoint(&*app.store, &id).await?;
    let client = caller.client;
    let stored = app.store.request(endpoint, which(&seq)?).await?;
    let (seq, length) = (stored.summary.seq, stored.summary.body_bytes);
    let form = if !stored.exact {
        "rendered"
    } else if head::is_chunked(&stored.head) {
        "dechunked"
    } else {
        "exact"
    };
    let (before, after) = (stored.head, stored.trailers);
    let message = BodyRange { workspace, client, endpoint, seq, range: 0..length, before, after };
    let mut response = downloads::stored(&app, message).await?;
    attach(&mut response, &format!("{id}-{seq}.http"));
    let fields = response.headers_mut();
    fields.insert(HOOKGLASS_RAW, HeaderValue::from_static(form));
    if form == "exact" {
        // RFC 9112 §10.1
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static("message/http"));
    }
    Ok(response)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeleteQuery {
    q: Option<String>,
    through: Option<i64>,
    age_ms: Option<u64>,
}

/// `DELETE …/requests`: all requests, or those that `?q=&through=&age_ms=` finds.
pub(crate) async fn clear(
    State(app): State<AppState>,
    Path(id): Path<String>,
    doomed: RawQuery,
    submission: JsonOrForm,
) -> Response {
    let cleared = async {
        let endpoint = submission.caller.active_endpoint(&*app.store, &id).await?;
        // Ignoring unknown or empty parameters would delete more than the caller meant.
        let DeleteQuery { q, through, age_ms } =
            serde_urlencoded::from_str(doomed.0.as_deref().unwrap_or_default())
                .map_err(|error| Error::Invalid(format!("The query does not fit: {error}.")))?;
        let Some(q) = q else {
            if through.is_some() || age_ms.is_some() {
                let which = "`through` and `age_ms` belong to a `q`; leave them out to delete all.";
                return Err(Error::Invalid(which.into()));
            }
            return Ok(app.store.clear(endpoint.id).await?);
        };
        let ago = Duration::from_millis(age_ms.unwrap_or_default());
        let query = search::read_as_of(Some(&q), ago)?.ok_or_else(|| {
            Error::Invalid("`q` is empty; leave it out to delete all requests.".into())
        })?;
        search::delete(&app, &endpoint, query, through.unwrap_or(i64::MAX)).await
    }
    .await;
    submission.answer(
        cleared,
        |_| format!("/inspect/{id}"),
        |deleted| Json(Deleted { deleted }).into_response(),
    )
}

/// An omitted field keeps its value, `null` removes the note.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RequestPatch {
    #[serde(default, deserialize_with = "present")]
    note: Option<Option<String>>,
    #[serde(default, deserialize_with = "yes_or_no")]
    pinned: Option<bool>,
}

/// True or false, or its spelling in a form.
fn yes_or_no<'de, D: Deserializer<'de>>(field: D) -> Result<Option<bool>, D::Error> {
    match Value::deserialize(field)? {
        Value::Bool(pinned) => Ok(Some(pinned)),
        Value::String(text) if text == "true" || text == "on" => Ok(Some(true)),
        Value::String(text) if text == "false" || text.is_empty() => Ok(Some(false)),
        _ => Err(serde::de::Error::custom("`pinned` takes true or false")),
    }
}

/// `PATCH …/requests/{seq}`
pub(crate) async fn patch(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    submission: JsonOrForm,
) -> Response {
    let changed = async {
        let endpoint = submission.caller.active_endpoint(&*app.store, &id).await?;
        let seq = only(&app, endpoint.id, &seq).await?;
        let RequestPatch { note, pinned } = submission.read_all()?;
        let note = match note {
            None => None,
            Some(note) => Some(note.as_deref().map(checked_note).transpose()?.flatten()),
        };
        Ok(app.store.annotate(endpoint.id, seq, Annotation { note, pinned }).await?)
    }
    .await;
    submission.answer(
        changed,
        |summary| format!("/inspect/{id}/{}", summary.seq),
        |summary| Json(summary).into_response(),
    )
}

/// Trims a note; `None` if it is empty.
fn checked_note(note: &str) -> Result<Option<String>, Error> {
    let note = note.trim();
    if note.chars().count() > NOTE_CHARS {
        return Err(Error::Invalid(format!("`note` takes at most {NOTE_CHARS} characters.")));
    }
    Ok((!note.is_empty()).then(|| note.to_owned()))
}

/// `DELETE …/requests/{seq}`
pub(crate) async fn delete(
    State(app): State<AppState>,
    Path((id, seq)): Path<(String, String)>,
    submission: JsonOrForm,
) -> Response {
    let deleted = async {
        let endpoint = submission.caller.active_endpoint(&*app.store, &id).await?;
        let seq = only(&app, endpoint.id, &seq).await?;
        Ok(app.store.delete_request(endpoint.id, seq).await?)
    }
    .await;
    submission.answer(
        deleted,
        |()| format!("/inspect/{id}"),
        |()| StatusCode::NO_CONTENT.into_response(),
    )
}

/// `POST …/requests`: a form that stands for DELETE.
pub(crate) async fn post_form(
    app: State<AppState>,
    id: Path<String>,
    query: RawQuery,
    submission: JsonOrForm,
) -> Response {
    match submission.form_method().as_deref() {
        Ok("DELETE") => clear(app, id, query, submission).await,
        Ok(_) => submission.reject(Error::MethodNotAllowed),
        Err(error) => submission.reject(error.clone()),
    }
}

/// `POST …/requests/{seq}`: a form that stands for PATCH or DELETE.
pub(crate) async fn post_form_one(
    app: State<AppState>,
    path: Path<(String, String)>,
    submission: JsonOrForm,
) -> Response {
    match submission.form_method().as_deref() {
        Ok("DELETE") => delete(app, path, submission).await,
        Ok("PATCH") => patch(app, path, submission).await,
        Ok(_) => submission.reject(Error::MethodNotAllowed),
        Err(error) => submission.reject(error.clone()),
    }
}

async fn only(app: &AppState, endpoint: EndpointId, seq: &str) -> Result<i64, Error> {
    Ok(match which(seq)? {
        RequestRef::Seq(seq) => seq,
        RequestRef::Latest => app.store.request(endpoint, RequestRef::Latest).await?.summary.seq,
    })
}

pub(super) fn which(seq: &str) -> Result<RequestRef, Error> {
    match seq {
        "latest" => Ok(RequestRef::Latest),
        number => number.parse().map(RequestRef::Seq).map_err(|_| Error::NotFound),
    }
}
