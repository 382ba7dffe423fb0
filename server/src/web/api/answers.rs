//! How an endpoint answers, read and changed for the API and for the page that sets it.

use hookglass_wire::{self as wire, Answering, Programme, Reply, Rule};
use serde::{Deserialize, Deserializer, Serialize};

use super::super::{AppState, error::Error, origin::Origin};
use crate::respond::response;
use crate::respond::{self, PreparedSettings, SettingError};
use hookglass_store::{NewResponseSettings, StoreError};

/// How often a change is made again because another one came first.
const TRIES: u32 = 5;

/// An endpoint with how it answers.
#[derive(Serialize)]
pub(crate) struct EndpointWithAnswers {
    #[serde(flatten)]
    endpoint: wire::Endpoint,
    #[serde(flatten)]
    answering: Answering,
}

/// What is to become of how an endpoint answers. A field that was left out leaves that part as it
/// is, `null` takes it back.
pub(super) struct Changes {
    pub(super) reply: Option<Option<Reply>>,
    pub(super) rules: Option<Option<Vec<Rule>>>,
    pub(super) programme: Option<Option<Programme>>,
    pub(super) handshakes: Option<Option<bool>>,
    pub(super) verify_token: Option<Option<String>>,
    pub(super) reject_bad_signatures: Option<Option<bool>>,
}

/// Tells `null` from what was left out.
pub(super) fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    field: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(field).map(Some)
}

impl Changes {
    pub(super) const fn is_empty(&self) -> bool {
        self.reply.is_none()
            && self.rules.is_none()
            && self.programme.is_none()
            && self.handshakes.is_none()
            && self.verify_token.is_none()
            && self.reject_bad_signatures.is_none()
    }

    pub(super) fn make(&self, set: &mut Answering) {
        let plain = Answering::default();
        if let Some(reply) = &self.reply {
            set.reply = reply.clone().unwrap_or(plain.reply);
        }
        if let Some(rules) = &self.rules {
            set.rules = rules.clone().unwrap_or_default();
        }
        if let Some(programme) = &self.programme {
            // However far it was where it was read: it begins anew.
            set.programme =
                programme.clone().map(|programme| Programme { answered: None, ..programme });
        }
        if let Some(handshakes) = self.handshakes {
            set.handshakes = handshakes.unwrap_or(plain.handshakes);
        }
        if let Some(token) = &self.verify_token {
            set.verify_token = token.clone().filter(|token| !token.is_empty());
        }
        if let Some(reject) = self.reject_bad_signatures {
            set.reject_bad_signatures = reject.unwrap_or(plain.reject_bad_signatures);
        }
    }
}

/// An endpoint with how it answers, as its owner sees it under `origin`.
pub(crate) async fn whole(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
    origin: &Origin,
) -> Result<EndpointWithAnswers, Error> {
    let answering = read(app, endpoint).await?;
    Ok(EndpointWithAnswers {
        endpoint: super::super::backend::to_wire(endpoint, origin),
        answering,
    })
}

/// How an endpoint answers, with how far its programme is.
pub(crate) async fn read(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
) -> Result<Answering, Error> {
    Ok(current(app, endpoint).await?.1)
}

/// Changes how an endpoint answers, and other settings with it; checks all of it. A programme begins
/// anew where `edit` leaves its `answered` empty. `edit` is told which version it changes, and is
/// called again where another change came first.
///
/// # Errors
/// `InvalidField` for what is wrong, what `edit` refuses, and the failures of the store.
pub(crate) async fn change(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
    settings: hookglass_store::EndpointSettings,
    mut edit: impl FnMut(Option<i64>, &mut Answering) -> Result<(), Error>,
) -> Result<hookglass_store::StoredEndpoint, Error> {
    for _ in 0..TRIES {
        let (from, mut set) = current(app, endpoint).await?;
        edit(from, &mut set)?;
        let answers = Some(checked(from, set)?);
        let settings = hookglass_store::EndpointSettings { answers, ..settings.clone() };
        match app.store.update_endpoint(endpoint.id, settings).await {
            Err(StoreError::Outdated) => {}
            changed => return Ok(changed?),
        }
    }
    Err(Error::Unavailable)
}

/// What is set now, and which version that is.
async fn current(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
) -> Result<(Option<i64>, Answering), Error> {
    let Some(stored) = app.store.answers(endpoint.id).await? else {
        return Ok((None, Answering::default()));
    };
    let mut set: Answering = serde_json::from_str(&stored.settings).map_err(|error| {
        // Only a later version could have written these.
        tracing::error!(%error, "the answers of an endpoint cannot be read");
        Error::Internal
    })?;
    response::headers::take_out_refused(&mut set);
    if let Some(programme) = &mut set.programme {
        let held = app.answering.progress(endpoint).unwrap_or_default();
        programme.answered = Some(stored.answered.max(held));
    }
    Ok((Some(stored.version), set))
}

/// Settings as the store takes them.
fn checked(from: Option<i64>, mut set: Answering) -> Result<NewResponseSettings, SettingError> {
    PreparedSettings::check(&set)?;
    let answered = set.programme.as_mut().and_then(|programme| programme.answered.take());
    if set == Answering::default() {
        return Ok(NewResponseSettings { from, settings: None, words: None, answered: None });
    }
    let settings = serde_json::to_string(&set).unwrap_or_default();
    if settings.len() > respond::MAX_BYTES {
        return Err(SettingError::too_large());
    }
    let words = respond::words(&set, answered.unwrap_or(0));
    Ok(NewResponseSettings { from, settings: Some(settings), words, answered })
}
