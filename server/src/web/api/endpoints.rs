//! `/api/endpoints` and `/api/endpoints/{endpoint}`.

use std::{ops::RangeInclusive, sync::Arc};

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hookglass_store::{
    self, NewEndpoint, Owner, Store, StoreError,
    key::Key,
    slug::{Slug, SlugError},
};
use hookglass_wire::{self as wire, OnLimit, Programme, Reply, Rule};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::{
    super::{
        AppState,
        backend::{ApiBackend, to_wire},
        caller::Caller,
        error::Error,
    },
    answers::{self, Changes, EndpointWithAnswers, given},
    submission::JsonOrForm,
};
use crate::config::Create;

/// The longest name that an owner may give an endpoint, in characters.
const NAME_CHARS: usize = 100;
/// How long an unused endpoint may stay, in seconds: up to a hundred years.
const EXPIRES_IN_SECONDS: RangeInclusive<u32> = 60..=3_153_600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEndpointBody {
    slug: Option<String>,
    name: Option<String>,
}

/// An omitted field keeps its value, `null` resets it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndpointPatch {
    #[serde(default, deserialize_with = "present")]
    name: Option<Option<String>>,
    /// Seconds; 0 for never.
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u32>,
    on_limit: Option<OnLimit>,
    #[serde(default, deserialize_with = "given")]
    reply: Option<Option<Reply>>,
    #[serde(default, deserialize_with = "given")]
    rules: Option<Option<Vec<Rule>>>,
    #[serde(default, deserialize_with = "given")]
    programme: Option<Option<Programme>>,
    #[serde(default, deserialize_with = "given")]
    handshakes: Option<Option<bool>>,
    #[serde(default, deserialize_with = "given")]
    verify_token: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    reject_bad_signatures: Option<Option<bool>>,
}

pub(super) fn present<'de, D: Deserializer<'de>>(
    field: D,
) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(field).map(Some)
}

/// A number, or digits in a form; `null` for never.
fn seconds<'de, D: Deserializer<'de>>(field: D) -> Result<Option<u32>, D::Error> {
    let seconds = match Value::deserialize(field)? {
        Value::Null => Some(0),
        Value::String(text) => text.trim().parse().ok(),
        number => number.as_u64().and_then(|seconds| u32::try_from(seconds).ok()),
    };
    seconds
        .filter(|seconds| *seconds == 0 || EXPIRES_IN_SECONDS.contains(seconds))
        .map(Some)
        .ok_or_else(|| {
            serde::de::Error::custom(format!(
                "`expires_in` takes {} to {} seconds, or 0 for never",
                EXPIRES_IN_SECONDS.start(),
                EXPIRES_IN_SECONDS.end()
            ))
        })
}

/// `GET /api/endpoints`
pub(crate) async fn list(
    State(app): State<AppState>,
    caller: Caller,
) -> Result<Json<wire::Endpoints>, Error> {
    if caller.workspace().is_none() {
        return Err(Error::UnknownKey);
    }
    ApiBackend { app, caller }.endpoints().await.map(Json)
}

/// `GET /api/endpoints/{endpoint}`
pub(crate) async fn get(
    State(app): State<AppState>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<EndpointWithAnswers>, Error> {
    let endpoint = caller.active_endpoint(&*app.store, &id).await?;
    let whole = answers::whole(&app, &endpoint, &caller.origin).await?;
    ApiBackend { app, caller }.touch(&endpoint).await;
    Ok(Json(whole))
}

/// `POST /api/endpoints`
pub(crate) async fn post(State(app): State<AppState>, submission: JsonOrForm) -> Response {
    let made = make(&app, &submission).await;
    let caller = &submission.caller;
    submission.answer(
        made,
        |made| format!("/inspect/{}", made.endpoint.slug),
        |made| {
            let mut endpoint = to_wire(&made.endpoint, &caller.origin);
            let mut cookie = None;
            match made.new_key {
                Some(key) if caller.is_program() => endpoint.key = Some(key.reveal().to_owned()),
                Some(key) => cookie = caller.cookie(&key),
                None => {}
            }
            let mut response = (StatusCode::CREATED, Json(endpoint)).into_response();
            let location = format!("/api/endpoints/{}", made.endpoint.slug);
            if let Ok(location) = HeaderValue::try_from(location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            if let Some(cookie) = cookie {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        },
    )
}

/// A new endpoint, and the key of the workspace that was created for it.
struct CreatedEndpoint {
    endpoint: hookglass_store::StoredEndpoint,
    new_key: Option<Key>,
}

async fn make(app: &AppState, submission: &JsonOrForm) -> Result<CreatedEndpoint, Error> {
    let NewEndpointBody { slug, name } = submission.read()?;
    let slug = slug.map(|slug| named(&slug)).transpose()?;
    let name = name.as_deref().map(checked_name).transpose()?.flatten();
    let caller = &submission.caller;
    if let Some(client) = caller.client {
        app.rates.creation(client).map_err(Error::TooManyCreations)?;
    }
    let (owner, new_key) = match caller.workspace() {
        Some(workspace) => (Owner::Workspace(workspace), None),
        None if caller.has_bad_key() => return Err(Error::UnknownKey),
        None if app.config.create == Create::Key => return Err(Error::CreationClosed),
        None => {
            let key = Key::random().map_err(|error| {
                tracing::error!(%error, "no random numbers");
                Error::Internal
            })?;
            (Owner::New(key.hash()), Some(key))
        }
    };
    let max_endpoints = app.config.max_endpoints;
    let is_uuid = slug.as_ref().is_some_and(Slug::is_uuid);
    let made = app.store.create_endpoint(NewEndpoint { owner, slug, name, max_endpoints }).await;
    let endpoint = match made {
        Err(StoreError::SlugTaken) if is_uuid => return Err(bad_slug(SlugError::Uuid)),
        made => made?,
    };
    Ok(CreatedEndpoint { endpoint, new_key })
}

/// Parses the requested name. One in the form of generated names may only be requested to restore
/// an endpoint; the store knows which.
fn named(slug: &str) -> Result<Slug, Error> {
    match slug.parse() {
        Err(SlugError::Uuid) => Slug::from_segment(slug).ok_or_else(|| bad_slug(SlugError::Uuid)),
        read => read.map_err(bad_slug),
    }
}

fn bad_slug(error: SlugError) -> Error {
    Error::Invalid(format!("`slug`: {error}."))
}

/// `PATCH /api/endpoints/{endpoint}`
pub(crate) async fn patch(
    State(app): State<AppState>,
    Path(id): Path<String>,
    submission: JsonOrForm,
) -> Response {
    let changed = change(&app, &id, &submission).await;
    let origin = &submission.caller.origin;
    let changed = match changed {
        Ok(endpoint) => {
            let whole = answers::whole(&app, &endpoint, origin).await;
            whole.map(|whole| (endpoint, whole))
        }
        Err(error) => Err(error),
    };
    submission.answer(
        changed,
        |(endpoint, _)| format!("/inspect/{}", endpoint.slug),
        |(_, whole)| Json(whole).into_response(),
    )
}

async fn change(
    app: &AppState,
    id: &str,
    submission: &JsonOrForm,
) -> Result<hookglass_store::StoredEndpoint, Error> {
    let endpoint = submission.caller.active_endpoint(&*app.store, id).await?;
    let EndpointPatch {
        name,
        expires_in,
        on_limit,
        reply,
        rules,
        programme,
        handshakes,
        verify_token,
        reject_bad_signatures,
    } = submission.read()?;
    let name = match name {
        None => None,
        Some(name) => Some(name.as_deref().map(checked_name).transpose()?.flatten()),
    };
    let settings = hookglass_store::EndpointSettings { name, expires_in, on_limit, answers: None };
    let changes =
        Changes { reply, rules, programme, handshakes, verify_token, reject_bad_signatures };
    if !changes.is_empty() {
        return answers::change(app, &endpoint, settings, |_, set| {
            changes.make(set);
            Ok(())
        })
        .await;
    }
    if settings == hookglass_store::EndpointSettings::default() {
        return Ok(endpoint);
    }
    Ok(app.store.update_endpoint(endpoint.id, settings).await?)
}

/// `DELETE /api/endpoints/{endpoint}`
pub(crate) async fn delete(
    State(store): State<Arc<dyn Store>>,
    Path(id): Path<String>,
    submission: JsonOrForm,
) -> Response {
    let deleted = async {
        let endpoint = submission.caller.active_endpoint(&*store, &id).await?;
        Ok(store.delete_endpoint(endpoint.id).await?)
    }
    .await;
    submission.answer(deleted, |()| "/".to_owned(), |()| StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/endpoints/{endpoint}`: a form that stands for PATCH or DELETE.
pub(crate) async fn post_form(
    app: State<AppState>,
    id: Path<String>,
    submission: JsonOrForm,
) -> Response {
    match submission.form_method().as_deref() {
        Ok("DELETE") => delete(State(app.store.clone()), id, submission).await,
        Ok("PATCH") => patch(app, id, submission).await,
        Ok(_) => submission.reject(Error::MethodNotAllowed),
        Err(error) => submission.reject(error.clone()),
    }
}

/// Trims a name; `None` if it is empty.
fn checked_name(name: &str) -> Result<Option<String>, Error> {
    let name = name.trim();
    if name.chars().count() > NAME_CHARS {
        return Err(Error::Invalid(format!("`name` takes at most {NAME_CHARS} characters.")));
    }
    Ok((!name.is_empty()).then(|| name.to_owned()))
}
