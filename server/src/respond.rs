//! How endpoints answer where that is not plain: which of an owner's rules, handshakes and programme
//! applies, and giving the answer in its time. Knows no SQL, and nothing of who may set what.

mod cache;
mod cost;
mod decide;
mod delay_slots;
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
use hookglass_wire as wire;
use hyper::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderValue},
};
use prometheus_client::metrics::gauge::Gauge;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::response::Answer;
use self::{
    cache::Cache,
    cost::Weight,
    decide::{Case, Decision, Meant},
    delay_slots::Holds,
};
pub(crate) use self::{
    deliver::Due,
    record::read as answered,
    setting_error::Fault,
    settings::{MAX_BYTES, Settings, has_no_body},
    summary::words,
};
use crate::{
    limits::holder::Holder,
    verification::{Bench, Turn},
};
use hookglass_limits::budget::Budget;
use hookglass_message::request_view::Sent;
use hookglass_senders::{
    handshake::{self, Handshake},
    sender,
    signature::{Depth, Secret, Verdict, check_secret},
};
use hookglass_store::{Captured, Endpoint, LateAnswer, Store, StoreError, Which};

/// How much of a body that is not in memory is read to decide on the answer, in bytes.
const READ_BYTES: u64 = 1024 * 1024;

/// Decides on answers and gives them. A cheap-clone handle.
#[derive(Clone)]
pub(crate) struct Answering(Arc<Inner>);

struct Inner {
    store: Arc<dyn Store>,
    bench: Bench,
    cache: Cache,
    holds: Holds,
    /// What answers that are held back take of the memory.
    budget: Budget<Holder>,
    tasks: TaskTracker,
    shutdown: CancellationToken,
}

/// What was decided before a request is stored.
#[derive(Debug)]
pub(crate) enum Early {
    /// The plain answer.
    Plain,
    Answer(Box<Answer>, Arc<Settings>),
    /// That cannot be told before it is stored.
    Later,
}

impl Answering {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        bench: Bench,
        budget: Budget<Holder>,
        held: Gauge,
        tasks: TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let (cache, holds) = (Cache::default(), Holds::new(held));
        Self(Arc::new(Inner { store, bench, cache, holds, budget, tasks, shutdown }))
    }

    /// Decides on the answer to a request that is about to be stored.
    pub(crate) async fn early(&self, endpoint: &Endpoint, captured: &Captured) -> Early {
        let Some(settings) = self.settings(endpoint).await else { return Early::Plain };
        let body = match (captured.upload, captured.body.as_slice()) {
            (Some(_), _) => None,
            (None, [body]) => Some(body.clone()),
            (None, parts) => Some(parts.concat().into()),
        };
        let case = Case::early(captured.to_stored(&endpoint.slug, sender::provider), body);
        match self.decided(&settings, endpoint, case).await {
            Ok(Decision::Answer(answer)) => Early::Answer(answer, settings),
            Ok(Decision::Plain) => Early::Plain,
            Ok(Decision::Later | Decision::Judge(_)) => Early::Later,
            Err(error) => {
                failed(&error);
                Early::Plain
            }
        }
    }

    /// Decides on the answer to a request that is stored; `None` for the plain one, of which is
    /// noted what was not known before.
    pub(crate) async fn late(
        &self,
        endpoint: &Endpoint,
        seq: i64,
    ) -> Option<(Answer, Arc<Settings>)> {
        let decided = async {
            let Some(settings) = self.settings(endpoint).await else { return Ok(None) };
            let stored = self.0.store.request(endpoint.id, Which::Seq(seq)).await?;
            let bytes = stored.summary.body_bytes.min(READ_BYTES);
            let body = self.0.store.body(endpoint.id, seq, 0..bytes).await?;
            let case = Case::late(stored, body.into());
            Ok(match self.decided(&settings, endpoint, case).await? {
                Decision::Answer(answer) => Some((*answer, settings)),
                Decision::Plain | Decision::Later | Decision::Judge(_) => None,
            })
        };
        match decided.await {
            Ok(Some(decided)) => return Some(decided),
            Ok(None) => {}
            Err(error) => failed(&error),
        }
        let late = LateAnswer { status: Some(200), ..LateAnswer::default() };
        if let Err(error) = self.0.store.note_answer(endpoint.id, seq, late).await {
            failed(&error);
        }
        None
    }

    /// Whether a request at an endpoint for which nothing is set is one that its sender wants an
    /// answer of its own for.
    pub(crate) fn is_handshake(sent: &Sent<'_>) -> bool {
        handshake::find(sent).is_some()
    }

    /// What is kept of a request until its answer is decided on.
    pub(crate) fn undecided() -> Vec<u8> {
        record::bytes(&record::undecided())
    }

    /// What is kept of an answer that is still to be sent.
    pub(crate) fn kept(visit: &response::Visit, answer: &Answer, is_head: bool) -> Vec<u8> {
        let mut answered = record::answered(visit, answer, is_head);
        // It goes at once, and that nobody is there any more will be noted.
        answered.taken = (!answer.is_held() && answer.act == wire::Act::Answer).then_some(true);
        record::bytes(&answered)
    }

    /// Notes that nobody was there any more to take the answer to a request.
    pub(crate) async fn note_missed(&self, endpoint: &Endpoint, seq: i64) {
        let noted = async {
            let stored = self.0.store.request(endpoint.id, Which::Seq(seq)).await?;
            let Some(mut answered) = record::read(&stored).await else { return Ok(()) };
            answered.taken = Some(false);
            let answer = Some(record::bytes(&answered));
            let late = LateAnswer { answer, ..LateAnswer::default() };
            self.0.store.note_answer(endpoint.id, seq, late).await
        };
        if let Err(error) = noted.await {
            failed(&error);
        }
    }

    /// How many requests the programme of an endpoint has answered, where that is known better than
    /// the store knows it.
    pub(crate) fn progress(&self, endpoint: &Endpoint) -> Option<u64> {
        let version = endpoint.answers.as_ref()?.version;
        let settings = self.0.cache.find(endpoint.id, version)?;
        Some(settings.running.as_ref()?.answered())
    }

    /// The settings of an endpoint, checked; `None` if they cannot be read.
    async fn settings(&self, endpoint: &Endpoint) -> Option<Arc<Settings>> {
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
                Settings::read(&set, stored.version, stored.answered)
                    .map_err(|fault| fault.to_string())
            });
        match read {
            Ok(settings) => Some(self.0.cache.keep(endpoint.id, Arc::new(settings))),
            Err(error) => {
                // Only a later version could have written these.
                tracing::error!(%error, "the answers of an endpoint cannot be read");
                None
            }
        }
    }

    async fn decided(
        &self,
        settings: &Arc<Settings>,
        endpoint: &Endpoint,
        case: Case,
    ) -> Result<Decision, StoreError> {
        let weight = case.weight(settings.effort);
        if weight == Weight::StoredFirst && !case.is_stored() {
            return Ok(Decision::Later);
        }
        let meant = self.meant(settings, endpoint, &case).await?;
        let roll = roll();
        let (case, decision) = if weight == Weight::Light {
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
            // There is nothing to judge by.
            return Ok(*then);
        }
        let bench = &self.0.bench;
        let turn = if case.is_stored() {
            Some(Turn::Of(endpoint.workspace))
        } else {
            // Storing waits for nobody's hashing.
            bench.turn_now(endpoint.workspace, case.stored.summary.body_bytes)
        };
        let (Some(turn), Some(body)) = (turn, case.whole_body()) else {
            return Ok(Decision::Later);
        };
        let secrets = bench.secrets(endpoint.id).await?.into();
        let judging = bench.judge(endpoint.id, &case.stored, secrets, body, Depth::Verdict, turn);
        // What cannot be judged could be from anybody: with the marks of a sender of which no secret
        // is set, or with a body that breaks off.
        let is_bad = judging.await?.is_some_and(|judged| judged.verdict != Verdict::Valid);
        Ok(if is_bad { Decision::Answer(Box::new(bad_signature())) } else { *then })
    }

    /// The handshake that a request is part of.
    async fn meant(
        &self,
        settings: &Settings,
        endpoint: &Endpoint,
        case: &Case,
    ) -> Result<Option<Meant>, StoreError> {
        let found: Option<&'static Handshake> =
            if settings.handshakes { handshake::find(&case.sent()) } else { None };
        let Some(handshake) = found else { return Ok(None) };
        let secrets: Vec<Secret> = match handshake.secret_of() {
            Some(provider) if endpoint.has_secrets => {
                let known = self.0.bench.secrets(endpoint.id).await?.into_iter();
                known
                    .filter(|known| known.signing.id == provider)
                    // One that was kept before such were refused signs for anybody.
                    .filter(|known| check_secret(known.signing, &known.secret).is_ok())
                    .map(|known| known.secret)
                    .collect()
            }
            _ => Vec::new(),
        };
        let token = settings.verify_token.as_deref();
        let outcome = handshake.answer(&case.sent(), token, &secrets);
        Ok(Some(Meant { handshake, outcome }))
    }
}

/// The answer to a signature that is not valid. It does not say why: its sender may be anyone.
fn bad_signature() -> Answer {
    let body = "{\"type\":\"/problems/bad-signature\",\"title\":\"The signature is not valid\",\
                \"status\":401,\"detail\":\"This endpoint takes signed requests only.\"}";
    let problem = HeaderValue::from_static("application/problem+json");
    Answer {
        fields: vec![(CONTENT_TYPE, problem)],
        body: Bytes::from_static(body.as_bytes()),
        ..Answer::new("signature", StatusCode::UNAUTHORIZED)
    }
}

/// A random number below 100.
fn roll() -> u8 {
    let mut bytes = [0; 4];
    // Without random numbers all requests fail: that is what was asked for, if too often.
    if getrandom::fill(&mut bytes).is_err() {
        return 0;
    }
    u8::try_from(u32::from_le_bytes(bytes) % 100).unwrap_or(0)
}

/// Logs why an answer was not as it was set. Its request is kept in any case.
fn failed(error: &StoreError) {
    match error {
        StoreError::NotFound | StoreError::Gone(_) | StoreError::Closed => {}
        error => {
            tracing::warn!(
                error = error as &dyn std::error::Error,
                "an answer was not decided on as it is set"
            );
        }
    }
}
