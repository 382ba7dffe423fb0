//! `/api/session`: the cookie of a browser.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hookglass_store::key::Key;
use hookglass_wire::Session;
use serde::Deserialize;

use super::{
    super::{AppState, caller::Caller, error::Error},
    submission::JsonOrForm,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionBody {
    key: String,
}

/// `GET /api/session`: the key in the cookie, to show it on request.
pub(crate) async fn get(caller: Caller) -> Result<Json<Session>, Error> {
    let key = caller.cookie_key().ok_or(Error::NotFound)?;
    Ok(Json(Session { key: key.reveal().to_owned() }))
}

/// `POST /api/session`: opens a workspace in this browser. Forms also post here to sign
/// out.
pub(crate) async fn post(State(app): State<AppState>, submission: JsonOrForm) -> Response {
    if submission.form_method().is_ok_and(|method| method == "DELETE") {
        return forget(&submission);
    }
    let opened = open(&app, &submission).await;
    submission.answer(opened, |_| "/".to_owned(), with_cookie)
}

/// `DELETE /api/session`: removes the workspace from this browser.
pub(crate) async fn delete(submission: JsonOrForm) -> Response {
    forget(&submission)
}

async fn open(app: &AppState, submission: &JsonOrForm) -> Result<Option<HeaderValue>, Error> {
    let SessionBody { key } = submission.read()?;
    let key: Key =
        key.trim().parse().map_err(|error| Error::Invalid(format!("`key`: {error}.")))?;
    app.store.workspace(&key.hash()).await?.ok_or(Error::UnknownKey)?;
    let caller = &submission.caller;
    Ok(caller.may_get_cookie().then(|| caller.cookie(&key)).flatten())
}

fn forget(submission: &JsonOrForm) -> Response {
    let cookie = submission.caller.expired_cookie();
    submission.answer(Ok(cookie), |_| "/".to_owned(), with_cookie)
}

fn with_cookie(cookie: Option<HeaderValue>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}
