//! The responses of endpoints: decides which of an owner's rules, handshakes and failure sequence
//! applies, and delivers the response in its time. Knows no SQL, and nothing of permissions.

mod cache;
mod cost;
mod decide;
mod deliver;
pub(crate) mod failure_sequence;
mod record;
pub(crate) mod response;
mod setting_error;
mod settings;
mod summary;
mod template;
mod throttled_body;

use std::sync::Arc;

use bytes::Bytes;
use hookglass_limits::{budget::Budget, keyed_limit::KeyedLimit};
use hookglass_message::request_view::RequestView;
use hookglass_senders::{
    handshake::{self, Handshake},
    sender,
    signature::{Depth, SigningSecret, Verdict, check_secret},
};
use hookglass_store::{
    CapturedRequest, EndpointId, LateResponse, RequestRef, Store, StoreError, StoredEndpoint,
};
use hookglass_wire as wire;
use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use prometheus_client::metrics::gauge::Gauge;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::{
    cache::SettingsCache,
    cost::CostClass,
    decide::{Decision, MatchContext, MatchedHandshake},
    response::CustomResponse,
};
pub(crate) use self::{
    deliver::PendingResponse,
    record::read as answered,
    setting_error::SettingError,
    settings::{MAX_BYTES, PreparedSettings, has_no_body},
    summary::words,
};
use crate::{
    limits::holder::Holder,
    verification::{Slot, Verifier},
};

/// How much of a body that is not in memory is read for a decision, in bytes.
const READ_BYTES: u64 = 1024 * 1024;

/// Responses that one endpoint may delay at once: each keeps a connection and a task. Past that they
/// go at once.
const MOST_DELAYED_OF_ONE: usize = 100;
/// Responses that all endpoints together may delay at once.
const MOST_DELAYED: usize = 1000;

/// Decides on answers and gives them. A cheap-clone handle.
#[derive(Clone)]
pub(crate) struct Responder(Arc<ResponderInner>);

struct ResponderInner {
    store: Arc<dyn Store>,
    verifier: Verifier,
    cache: SettingsCache,
    /// Responses that are delayed, by endpoint.
    delayed: KeyedLimit<EndpointId>,
    /// What answers that are held back take of the memory.
    budget: Budget<Holder>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// A decision before a request is stored.
#[derive(Debug)]
pub(crate) enum EarlyDecision {
    /// The default response.
    Plain,
    CustomResponse(Box<CustomResponse>, Arc<PreparedSettings>),
    /// Undecidable before the request is stored.
    Later,
}

impl Responder {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        verifier: Verifier,
        budget: Budget<Holder>,
        held: Gauge,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let delayed = KeyedLimit::new(MOST_DELAYED, MOST_DELAYED_OF_ONE, held);
        let cache = SettingsCache::default();
        Self(Arc::new(ResponderInner { store, verifier, cache, delayed, budget, tasks, shutdown }))
    }

    /// Decides on the response to a request that is about to be stored.
    pub(crate) async fn decide_before_store(
        &self,
        endpoint: &StoredEndpoint,
        captured: &CapturedRequest,
    ) -> EarlyDecision {
        let Some(settings) = self.settings(endpoint).await else { return EarlyDecision::Plain };
        let body = match (captured.upload, captured.body.as_slice()) {
            (Some(_), _) => None,
            (None, [body]) => Some(body.clone()),
            (None, parts) => Some(parts.concat().into()),
        };
        let case = MatchContext::early(captured.to_stored(&endpoint.slug, sender::provider), body);
        match self.decided(&settings, endpoint, case).await {
            Ok(Decision::CustomResponse(answer)) => EarlyDecision::CustomResponse(answer, settings),
            Ok(Decision::Plain) => EarlyDecision::Plain,
            Ok(Decision::Later | Decision::Judge(_)) => EarlyDecision::Later,
            Err(error) => {
                failed(&error);
                EarlyDecision::Plain
            }
        }
    }

    /// Decides on the response to a stored request; `None` for the default one, whose status is
    /// recorded here.
    pub(crate) async fn decide_stored(
        &self,
        endpoint: &StoredEndpoint,
        seq: i64,
    ) -> Option<(CustomResponse, Arc<PreparedSettings>)> {
        let decided = async {
            let Some(settings) = self.settings(endpoint).await else { return Ok(None) };
            let stored = self.0.store.request(endpoint.id, RequestRef::Seq(seq)).await?;
            let bytes = stored.summary.body_bytes.min(READ_BYTES);
            let body = self.0.store.body(endpoint.id, seq, 0..bytes).await?;
            let case = MatchContext::late(stored, body.into());
            Ok(match self.decided(&settings, endpoint, case).await? {
                Decision::CustomResponse(answer) => Some((*answer, settings)),
                Decision::Plain | Decision::Later | Decision::Judge(_) => None,
            })
        };
        match decided.await {
            Ok(Some(decided)) => return Some(decided),
            Ok(None) => {}
            Err(error) => failed(&error),
        }
        let late = LateResponse { status: Some(200), ..LateResponse::default() };
        if let Err(error) = self.0.store.note_answer(endpoint.id, seq, late).await {
            failed(&error);
        }
        None
    }

    /// Whether a request at an endpoint without settings is a handshake that needs its own
    /// response.
    pub(crate) fn is_handshake(sent: &RequestView<'_>) -> bool {
        handshake::find(sent).is_some()
    }

    /// The record of a request whose response is not decided yet.
    pub(crate) fn pending() -> Vec<u8> {
        record::bytes(&record::pending())
    }

    /// The record of a response that is not sent yet.
    pub(crate) fn kept(
        visit: &response::ResponseContext,
        answer: &CustomResponse,
        is_head: bool,
    ) -> Vec<u8> {
        let mut answered = record::answered(visit, answer, is_head);
        // An immediate response counts as taken; an earlier disconnect is recorded by `note_missed`.
        answered.taken = (!answer.is_held() && answer.act == wire::Act::Answer).then_some(true);
        record::bytes(&answered)
    }

    /// Records that the sender was gone before the response to its request.
    pub(crate) async fn note_missed(&self, endpoint: &StoredEndpoint, seq: i64) {
        let noted = async {
            let stored = self.0.store.request(endpoint.id, RequestRef::Seq(seq)).await?;
            let Some(mut answered) = record::read(&stored).await else { return Ok(()) };
            answered.taken = Some(false);
            let answer = Some(record::bytes(&answered));
            let late = LateResponse { answer, ..LateResponse::default() };
            self.0.store.note_answer(endpoint.id, seq, late).await
        };
        if let Err(error) = noted.await {
            failed(&error);
        }
    }

    /// How many requests the endpoint's failure sequence has answered, if the cache knows better
    /// than the store.
    pub(crate) fn progress(&self, endpoint: &StoredEndpoint) -> Option<u64> {
        let version = endpoint.answers.as_ref()?.version;
        let settings = self.0.cache.find(endpoint.id, version)?;
        Some(settings.running.as_ref()?.answered())
    }

    /// Returns the checked settings of an endpoint; `None` if they cannot be read.
    async fn settings(&self, endpoint: &StoredEndpoint) -> Option<Arc<PreparedSettings>> {
        let Some(answers) = &endpoint.answers else { return self.0.cache.plain() };
        if let Some(settings) = self.0.cache.find(endpoint.id, answers.version) {
            return Some(settings);
        }
        let stored = match self.0.store.answers(endpoint.id).await {
            Ok(Some(stored)) => stored,
            Ok(None) => return self.0.cache.plain(),
            Err(error) => {
                failed(&error);
                return None;
            }
        };
        let read = serde_json::from_str::<wire::Answering>(&stored.settings)
            .map_err(|error| error.to_string())
            .and_then(|mut set| {
                response::headers::take_out_refused(&mut set);
                PreparedSettings::read(&set, stored.version, stored.answered)
                    .map_err(|fault| fault.to_string())
            });
        match read {
            Ok(settings) => Some(self.0.cache.keep(endpoint.id, Arc::new(settings))),
            Err(error) => {
                // These were written by a later version.
                tracing::error!(%error, "cannot read an endpoint's response settings");
                None
            }
        }
    }

    async fn decided(
        &self,
        settings: &Arc<PreparedSettings>,
        endpoint: &StoredEndpoint,
        case: MatchContext,
    ) -> Result<Decision, StoreError> {
        let weight = case.weight(settings.effort);
        if weight == CostClass::StoredFirst && !case.is_stored() {
            return Ok(Decision::Later);
        }
        let meant = self.meant(settings, endpoint, &case).await?;
        let roll = roll();
        let (case, decision) = if weight == CostClass::Light {
            let decision = decide::decide(settings, &case, roll, meant);
            (case, decision)
        } else {
            let settings = settings.clone();
            let deciding = tokio::task::spawn_blocking(move || {
                let decision = decide::decide(&settings, &case, roll, meant);
                (case, decision)
            });
            deciding.await.map_err(|_| StoreError::Aborted)?
        };
        let Decision::Judge(then) = decision else { return Ok(decision) };
        if !endpoint.has_secrets {
            // There are no secrets to verify with.
            return Ok(*then);
        }
        let verifier = &self.0.verifier;
        let turn = if case.is_stored() {
            Some(Slot::Of(endpoint.workspace))
        } else {
            // Storing never waits for hashing.
            verifier.turn_now(endpoint.workspace, case.stored.summary.body_bytes)
        };
        let (Some(turn), Some(body)) = (turn, case.whole_body()) else {
            return Ok(Decision::Later);
        };
        let secrets = verifier.secrets(endpoint.id).await?.into();
        let judging =
            verifier.verify(endpoint.id, &case.stored, secrets, body, Depth::Verdict, turn);
        // An unverifiable request may be from anyone: one with the headers of a sender without a
        // secret, or with an incomplete body.
        let is_bad = judging.await?.is_some_and(|verified| verified.verdict != Verdict::Valid);
        Ok(if is_bad { Decision::CustomResponse(Box::new(bad_signature())) } else { *then })
    }

    /// Returns the handshake of a request, if it is one.
    async fn meant(
        &self,
        settings: &PreparedSettings,
        endpoint: &StoredEndpoint,
        case: &MatchContext,
    ) -> Result<Option<MatchedHandshake>, StoreError> {
        let found: Option<&'static Handshake> =
            if settings.handshakes { handshake::find(&case.sent()) } else { None };
        let Some(handshake) = found else { return Ok(None) };
        let secrets: Vec<SigningSecret> = match handshake.secret_of() {
            Some(provider) if endpoint.has_secrets => {
                let known = self.0.verifier.secrets(endpoint.id).await?.into_iter();
                known
                    .filter(|known| known.signing.id == provider)
                    // Secrets from before this check would sign for anyone.
                    .filter(|known| check_secret(known.signing, &known.secret).is_ok())
                    .map(|known| known.secret)
                    .collect()
            }
            _ => Vec::new(),
        };
        let token = settings.verify_token.as_deref();
        let outcome = handshake.answer(&case.sent(), token, &secrets);
        Ok(Some(MatchedHandshake { handshake, outcome }))
    }
}

/// The response to an invalid signature. It gives no reason: the sender may be anyone.
fn bad_signature() -> CustomResponse {
    let body = "{\"type\":\"/problems/bad-signature\",\"title\":\"The signature is not valid\",\
                \"status\":401,\"detail\":\"This endpoint takes signed requests only.\"}";
    let problem = HeaderValue::from_static("application/problem+json");
    CustomResponse {
        fields: vec![(CONTENT_TYPE, problem)],
        body: Bytes::from_static(body.as_bytes()),
        ..CustomResponse::new("signature", StatusCode::UNAUTHORIZED)
    }
}

/// Returns a random number below 100.
fn roll() -> u8 {
    let mut bytes = [0; 4];
    // Without random numbers all requests fail: what was asked for, but more often.
    if getrandom::fill(&mut bytes).is_err() {
        return 0;
    }
    u8::try_from(u32::from_le_bytes(bytes) % 100).unwrap_or(0)
}

/// Logs why a response differs from the settings. Its request is stored in any case.
fn failed(error: &StoreError) {
    match error {
        StoreError::NotFound | StoreError::Gone(_) | StoreError::Closed => {}
        error => {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "cannot decide a response as configured"
            );
        }
    }
}
