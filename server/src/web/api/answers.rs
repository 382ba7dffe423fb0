//! Reads and changes an endpoint's response settings, for the API and for the settings page.

use hookglass_store::{NewResponseSettings, StoreError};
use hookglass_wire::{self as wire, Answering, Programme, Reply, Rule};
use serde::{Deserialize, Deserializer, Serialize};

use super::super::{AppState, error::Error, origin::Origin};
use crate::respond::{self, PreparedSettings, SettingError, response};

/// How often a change is retried because another one came first.
const TRIES: u32 = 5;

/// An endpoint with its response settings.
#[derive(Serialize)]
pub(crate) struct EndpointWithAnswers {
    #[serde(flatten)]
    endpoint: wire::Endpoint,
    #[serde(flatten)]
    answering: Answering,
}

/// A change of the response settings. An omitted field keeps its value, `null` resets it.
pub(super) struct Changes {
    pub(super) reply: Option<Option<Reply>>,
    pub(super) rules: Option<Option<Vec<Rule>>>,
    pub(super) programme: Option<Option<Programme>>,
    pub(super) handshakes: Option<Option<bool>>,
    pub(super) verify_token: Option<Option<String>>,
    pub(super) reject_bad_signatures: Option<Option<bool>>,
}

/// Distinguishes `null` from an omitted field.
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
            // The sequence starts over, whatever its progress was when it was read.
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

/// Returns an endpoint with its response settings, as its owner sees it under `origin`.
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

/// Returns the response settings of an endpoint, with the progress of its failure sequence.
pub(crate) async fn read(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
) -> Result<Answering, Error> {
    Ok(current(app, endpoint).await?.1)
}

/// Changes an endpoint's response settings, and other settings with them; checks all of it. A
/// failure sequence starts over if `edit` leaves its `answered` empty. `edit` gets the version that
/// it changes, and is called again if another change came first.
///
/// # Errors
/// `InvalidField` for an invalid setting, the errors of `edit`, and those of the store.
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

/// Returns the current settings and their version.
async fn current(
    app: &AppState,
    endpoint: &hookglass_store::StoredEndpoint,
) -> Result<(Option<i64>, Answering), Error> {
    let Some(stored) = app.store.answers(endpoint.id).await? else {
        return Ok((None, Answering::default()));
    };
    let mut set: Answering = serde_json::from_str(&stored.settings).map_err(|error| {
        // These were written by a later version.
        tracing::error!(%error, "cannot read an endpoint's response settings");
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
