//! `/inspect/{endpoint}/answers`: the page of an endpoint's response settings, plain HTML with
//! forms that post back to it.

mod edit;

use axum::{
    extract::{Path, RawQuery, Request, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hookglass_app::answers::{
    Answers, Done, HandshakeChoice, Preset, RejectedForm, Running, document,
};
use hookglass_senders::{handshake, signature::SigningSecret};
use hookglass_wire::{Answering, By, Programme};

use self::edit::{FormCommand, SubmittedForm};
use super::{
    AppState,
    api::{answers, providers, secrets, submission::JsonOrForm},
    backend::{ApiBackend, to_wire},
    caller::Caller,
    error::Error,
    pages,
};
use crate::respond::failure_sequence;

/// `GET /inspect/{endpoint}/answers`
pub(crate) async fn get(
    State(app): State<AppState>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    caller: Caller,
    request: Request,
) -> Response {
    let endpoint = match caller.active_endpoint(&*app.store, &id).await {
        Ok(endpoint) => endpoint,
        // The same page as for every endpoint that is missing or not the caller's.
        Err(Error::NotFound | Error::Gone(_)) => {
            return pages::get(State(app), caller, request).await;
        }
        Err(error) => return pages::problem(&app, &caller.origin, &error),
    };
    ApiBackend { app: app.clone(), caller: caller.clone() }.touch(&endpoint).await;
    let asked = |name| query.as_deref().and_then(|query| query.strip_prefix(name));
    let done = asked("done=").and_then(edit::done);
    let sender = asked("sender=").unwrap_or_default().to_owned();
    let said = PageNotice { done, sender, refused: None };
    let mut response = page(&app, &caller, &endpoint, said, StatusCode::OK).await;
    if let Some(cookie) = caller.cookie_key().and_then(|key| caller.cookie(key)) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// `POST /inspect/{endpoint}/answers`: one of its forms. Responds with a redirect to the page, or
/// with the page, its errors and everything that was typed.
pub(crate) async fn post(
    State(app): State<AppState>,
    Path(id): Path<String>,
    submission: JsonOrForm,
) -> Response {
    let caller = &submission.caller;
    let read = async {
        let endpoint = caller.active_endpoint(&*app.store, &id).await?;
        Ok((endpoint, SubmittedForm::new(submission.form()?)))
    };
    let (endpoint, form) = match read.await {
        Ok(read) => read,
        Err(error) => return submission.reject(error),
    };
    match change(&app, &endpoint, &form).await {
        Ok(done) => {
            let section = edit::done(done).map_or("", |done| done.section);
            let location = format!("/inspect/{}/answers?done={done}#{section}", endpoint.slug);
            let mut response = StatusCode::SEE_OTHER.into_response();
            if let Ok(location) = HeaderValue::try_from(location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        Err(error) => match edit::refused(&form, &error) {
            Some(refused) => {
                let said = PageNotice { done: None, sender: String::new(), refused: Some(refused) };
                // The current state, so that a second submission is not rejected for the same
                // reason.
                let endpoint = caller.active_endpoint(&*app.store, &id).await.unwrap_or(endpoint);
                page(&app, caller, &endpoint, said, error.status()).await
            }
            None => submission.reject(error),
        },
    }
}

/// Carries out the command of a form, and returns which notice to show.
async fn change(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
    form: &SubmittedForm,
) -> Result<&'static str, Error> {
    let edit = FormCommand::of(form)?;
    let done = edit.done();
    match edit {
        FormCommand::AddSecret { provider, secret, name } => {
            secrets::keep(app, endpoint, provider, SigningSecret::new(secret), name).await?;
        }
        FormCommand::RemoveSecret(id) => secrets::forget(app, endpoint, id).await?,
        FormCommand::Settings(_) => {
            answers::change(
                app,
                endpoint,
                hookglass_store::EndpointSettings::default(),
                |version, set| {
                    // Rules are named by position: refuse if others were added in the meantime.
                    if form.value("version") != version.unwrap_or(0).to_string() {
                        return Err(Error::Invalid(
                        "It was changed elsewhere meanwhile. What is set now is shown here, and \
                         what you typed is still in its form: look it over and save it again."
                            .to_owned(),
                    ));
                    }
                    Ok(edit.make(form, set)?)
                },
            )
            .await?;
        }
    }
    Ok(done)
}

/// What the page shows besides the settings.
struct PageNotice {
    done: Option<Done>,
    /// The sender that needs a secret.
    sender: String,
    refused: Option<RejectedForm>,
}

async fn page(
    app: &AppState,
    caller: &Caller,
    endpoint: &hookglass_store::StoredEndpoint,
    said: PageNotice,
    status: StatusCode,
) -> Response {
    let shown = async {
        let answering = answers::read(app, endpoint).await?;
        let secrets = app.store.secrets(endpoint.id).await?;
        let shown = to_wire(endpoint, &caller.origin);
        Ok(Answers {
            endpoint: shown.id,
            name: shown.name,
            url: shown.url,
            version: version(endpoint),
            running: answering.programme.as_ref().map(running),
            presets: presets(),
            secrets: secrets.into_iter().map(secrets::to_wire).collect(),
            providers: providers::all(),
            handshakes: handshakes(),
            sender: said.sender,
            done: said.done,
            refused: said.refused,
            answering: unanswered(answering),
        })
    };
    match shown.await {
        Ok(answers) => pages::plain(app, &caller.origin, status, |site| document(site, &answers)),
        Err(error) => pages::problem(app, &caller.origin, &error),
    }
}

/// The version of an endpoint's settings, as forms send it back.
fn version(endpoint: &hookglass_store::StoredEndpoint) -> String {
    endpoint.answers.as_ref().map_or(0, |answers| answers.version).to_string()
}

/// The settings without their progress.
fn unanswered(mut answering: Answering) -> Answering {
    if let Some(programme) = &mut answering.programme {
        programme.answered = None;
    }
    answering
}

fn running(set: &Programme) -> Running {
    let answered = set.answered.unwrap_or_default();
    let next = failure_sequence::next(set, answered, None, 0).map(|next| next.index);
    let is_line = set.by == By::All && set.percent.is_none();
    let steps = set.steps.iter().enumerate().map(|(place, step)| {
        let state = match next {
            _ if !is_line => "ahead",
            Some(next) if place == next => "next",
            Some(next) if place > next => "ahead",
            _ => "done",
        };
        (failure_sequence::describe_step(step), state)
    });
    Running {
        does: failure_sequence::describe(set),
        standing: failure_sequence::standing(set, answered),
        is_over: failure_sequence::is_over(set, answered),
        steps: steps.collect(),
    }
}

fn presets() -> Vec<Preset> {
    let presets = failure_sequence::presets().into_iter();
    presets
        .map(|preset| Preset { id: preset.id, label: preset.label, purpose: preset.purpose })
        .collect()
}

fn handshakes() -> Vec<HandshakeChoice> {
    let records = handshake::RECORDS.iter();
    records
        .map(|record| HandshakeChoice { name: record.name, asks: record.asks, gets: record.gets })
        .collect()
}
