//! `/api/endpoints/{endpoint}/secrets` and the resources below it. Secrets are never returned.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hookglass_senders::{
    sender,
    signature::{SigningSecret, check_secret},
};
use hookglass_store::{SecretId, Store, StoredEndpoint, StoredSecret};
use hookglass_wire::{Secrets, Timestamp};
use serde::{Deserialize, Deserializer};

use super::{
    super::{AppState, caller::Caller, error::Error},
    submission::JsonOrForm,
};
use crate::verification::AddError;

/// The longest secret, in bytes: a certificate fits.
const SECRET_BYTES: usize = 16 * 1024;
/// The longest name of a secret, in characters.
const NAME_CHARS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewSecretBody {
    provider: String,
    #[serde(deserialize_with = "secret")]
    secret: SigningSecret,
    name: Option<String>,
}

/// Like the derived one, but errors do not quote the value.
fn secret<'de, D: Deserializer<'de>>(field: D) -> Result<SigningSecret, D::Error> {
    match String::deserialize(field) {
        Ok(text) => Ok(SigningSecret::new(text)),
        Err(_) => Err(serde::de::Error::custom("`secret` takes a text")),
    }
}

/// `GET …/secrets`
pub(crate) async fn list(
    State(store): State<Arc<dyn Store>>,
    Path(id): Path<String>,
    caller: Caller,
) -> Result<Json<Secrets>, Error> {
    let endpoint = caller.active_endpoint(&*store, &id).await?;
    let stored = store.secrets(endpoint.id).await?;
    Ok(Json(Secrets { secrets: stored.into_iter().map(to_wire).collect() }))
}

/// `POST …/secrets`
pub(crate) async fn post(
    State(app): State<AppState>,
    Path(id): Path<String>,
    submission: JsonOrForm,
) -> Response {
    let added = add(&app, &id, &submission).await;
    submission.answer(
        added,
        |_| format!("/inspect/{id}"),
        |added| {
            let location = format!("/api/endpoints/{id}/secrets/{}", added.id);
            let mut response = (StatusCode::CREATED, Json(to_wire(added))).into_response();
            if let Ok(location) = HeaderValue::try_from(location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        },
    )
}

async fn add(app: &AppState, id: &str, submission: &JsonOrForm) -> Result<StoredSecret, Error> {
    let endpoint = submission.caller.active_endpoint(&*app.store, id).await?;
    let NewSecretBody { provider, secret, name } = submission.read()?;
    keep(app, &endpoint, &provider, secret, name.as_deref().unwrap_or_default()).await
}

/// Checks and stores a secret; an empty `name` means none.
pub(crate) async fn keep(
    app: &AppState,
    endpoint: &StoredEndpoint,
    provider: &str,
    secret: SigningSecret,
    name: &str,
) -> Result<StoredSecret, Error> {
    let signing = sender::signing_by_id(provider).ok_or_else(|| {
        Error::Invalid("`provider` takes a name that `GET /api/providers` lists.".to_owned())
    })?;
    let bytes = secret.reveal().len();
    if bytes == 0 {
        let takes = signing.secret;
        return Err(Error::Invalid(format!("`secret` is empty: paste what it takes. {takes}")));
    }
    if bytes > SECRET_BYTES {
        return Err(Error::Invalid(format!("`secret` takes at most {SECRET_BYTES} bytes.")));
    }
    check_secret(signing, &secret).map_err(|takes| {
        Error::Invalid(format!("`secret` is no secret of {}: {takes}.", signing.name))
    })?;
    let name = Some(name.trim()).filter(|name| !name.is_empty());
    if name.is_some_and(|name| name.chars().count() > NAME_CHARS) {
        return Err(Error::Invalid(format!("`name` takes at most {NAME_CHARS} characters.")));
    }
    let name = name.map(str::to_owned);
    let added = app.verdicts.verifier.add_secret(endpoint.id, signing.id, name, secret).await;
    let added = added.map_err(|error| match error {
        AddError::Store(error) => Error::from(error),
        AddError::Vault(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot seal a secret");
            Error::Internal
        }
    })?;
    app.verdicts.judge_all(endpoint.id);
    Ok(added)
}

/// `DELETE …/secrets/{secret}`
pub(crate) async fn delete(
    State(app): State<AppState>,
    Path((id, secret)): Path<(String, String)>,
    submission: JsonOrForm,
) -> Response {
    let deleted = async {
        let endpoint = submission.caller.active_endpoint(&*app.store, &id).await?;
        forget(&app, &endpoint, &secret).await
    }
    .await;
    submission.answer(
        deleted,
        |()| format!("/inspect/{id}"),
        |()| StatusCode::NO_CONTENT.into_response(),
    )
}

/// Deletes the secret with this id.
pub(crate) async fn forget(
    app: &AppState,
    endpoint: &StoredEndpoint,
    id: &str,
) -> Result<(), Error> {
    let id: SecretId = id.parse().map_err(|_| Error::NotFound)?;
    app.store.delete_secret(endpoint.id, id).await?;
    app.verdicts.judge_all(endpoint.id);
    Ok(())
}

/// `POST …/secrets/{secret}`: a form that stands for DELETE.
pub(crate) async fn post_form(
    app: State<AppState>,
    path: Path<(String, String)>,
    submission: JsonOrForm,
) -> Response {
    match submission.form_method().as_deref() {
        Ok("DELETE") => delete(app, path, submission).await,
        Ok(_) => submission.reject(Error::MethodNotAllowed),
        Err(error) => submission.reject(error.clone()),
    }
}

/// Converts a secret to its type in the API, without its value.
pub(crate) fn to_wire(stored: StoredSecret) -> hookglass_wire::Secret {
    hookglass_wire::Secret {
        id: stored.id.to_string(),
        provider: stored.provider,
        name: stored.name,
        created_at: Timestamp::from_micros(stored.created_at),
    }
}
