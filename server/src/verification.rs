//! Verifies the signatures of captured requests. A separate task writes the verdicts for lists
//! after a request is stored: capturing never waits for it, and endpoints without secrets cost
//! nothing. A request that is shown in full is verified each time.

mod limits;

use std::{future::Future, sync::Arc};

use hookglass_message::head;
use hookglass_senders::{
    sender,
    signature::{Depth, KnownSecret, SignedMessage, SigningSecret, Verdict, Verification, verify},
};
use hookglass_store::{
    EndpointId, NewSecret, RequestRef, SecretId, Store, StoreError, StoredRequest, StoredSecret,
    WorkspaceId,
};
use hookglass_wire::{Summary, Text, Window};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::limits::Limits;
pub(crate) use self::limits::Slot;
use crate::{
    config::{Config, PublicUrl},
    vault::{Vault, VaultError},
};

/// Requests and endpoints that wait for verification. Beyond that, lists lack a verdict until the
/// request is viewed or the secrets change.
const QUEUE_JOBS: usize = 4096;
/// How many are verified before their verdicts are written, in one command per endpoint.
const BATCH_JOBS: usize = 64;
/// How many of an endpoint's newest requests are verified again when its secrets change.
const REJUDGED_REQUESTS: usize = 1000;
/// How many of them are verified between two writes.
const PAGE_REQUESTS: u32 = 100;
/// The most secrets of an endpoint.
const MAX_SECRETS: u32 = 20;
/// Verifies signatures. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Verifier {
    store: Arc<dyn Store>,
    vault: Vault,
    /// Where senders reach this server, if the operator configured it.
    origin: Option<Arc<str>>,
    room: Limits,
}

impl Verifier {
    pub(crate) fn new(store: Arc<dyn Store>, vault: Vault, config: &Config) -> Self {
        let origin = config.public_url.as_ref().map(PublicUrl::origin).map(Arc::from);
        Self { store, vault, origin, room: Limits::new() }
    }

    /// Seals and stores a secret.
    pub(crate) async fn add_secret(
        &self,
        endpoint: EndpointId,
        provider: &str,
        name: Option<String>,
        secret: SigningSecret,
    ) -> Result<StoredSecret, AddError> {
        let (vault, id) = (self.vault.clone(), SecretId::random());
        // The first secret creates the key file.
        let sealing = tokio::task::spawn_blocking(move || vault.seal(endpoint, id, &secret));
        let sealed = sealing.await.map_err(|_| StoreError::Aborted)??;
        let provider = provider.to_owned();
        let new = NewSecret { endpoint, id, provider, name, sealed, max_secrets: MAX_SECRETS };
        Ok(self.store.add_secret(new).await?)
    }

    /// Returns the opened secrets of an endpoint. Logs and skips those that cannot be opened.
    pub(crate) async fn secrets(
        &self,
        endpoint: EndpointId,
    ) -> Result<Vec<KnownSecret>, StoreError> {
        let stored = self.store.secrets(endpoint).await?;
        let known = stored.into_iter().filter_map(|stored| {
            // A later version may know senders that this one does not.
            let signing = sender::signing_by_id(&stored.provider)?;
            let secret = self.vault.unseal(endpoint, stored.id, &stored.sealed);
            if secret.is_none() {
                tracing::error!(secret = %stored.id, "a secret cannot be opened with this key");
            }
            Some(KnownSecret {
                id: stored.id.to_string(),
                name: stored.name,
                signing,
                secret: secret?,
            })
        });
        Ok(known.collect())
    }

    /// Takes one of the workspace's slots to verify a body in memory, if one is free.
    pub(crate) fn turn_now(&self, workspace: WorkspaceId, body_bytes: u64) -> Option<Slot> {
        self.room.turn_now(workspace, body_bytes).map(Slot::Taken)
    }

    /// Verifies one request. `body` is read from the store if it is not given. Waits for a slot and
    /// for memory, except for a small body that is given, with a slot that is already taken.
    pub(crate) async fn verify(
        &self,
        endpoint: EndpointId,
        stored: &StoredRequest,
        secrets: Arc<[KnownSecret]>,
        body: Option<Vec<u8>>,
        depth: Depth,
        turn: Slot,
    ) -> Result<Option<Verification>, StoreError> {
        let summary = &stored.summary;
        // These are never signed.
        if summary.mark.is_some() || summary.refused.is_some() {
            return Ok(None);
        }
        let place = match &body {
            // Only its headers are used.
            Some(_) if secrets.is_empty() => None,
            _ => Some(self.room.take(turn, summary.body_bytes, body.is_some(), depth).await?),
        };
        let body = match body {
            Some(body) => body,
            None => self.store.body(endpoint, summary.seq, 0..summary.body_bytes).await?,
        };
        let (head, origin) = (stored.head.clone(), self.origin.clone());
        let Summary { seq: _, received_at, method, target, sender, complete, .. } = summary.clone();
        // Hashing a large body, perhaps many times, must not block the threads that serve
        // connections.
        let judging = tokio::task::spawn_blocking(move || {
            // Held until the work ends, even if the caller is gone.
            let _place = place;
            let target = match &target {
                Text::Utf8(target) => target.as_bytes().to_vec(),
                // Only signed URLs need it, and no sender signs this one.
                Text::Base64(_) => Vec::new(),
            };
            let message = SignedMessage::new(
                &method,
                &target,
                &head,
                body,
                received_at.as_micros(),
                origin.as_deref(),
            );
            let recognised = sender.as_deref().and_then(sender::signing);
            let mut verified = verify(&message, recognised, &secrets, depth)?;
            if verified.rests_on_the_body() && !complete {
                verified.verdict = Verdict::Unknown;
                verified.reason = Some("the body did not arrive in full".to_owned());
                (verified.hint, verified.comparison) = (None, None);
            }
            Some(verified)
        });
        judging.await.map_err(|_| StoreError::Aborted)
    }
}

/// Why a secret was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A job of the queue.
enum VerificationJob {
    One(EndpointId, i64),
    /// The secrets changed.
    All(EndpointId),
}

/// Queues requests for verification, for lists. Cheap to clone.
#[derive(Clone)]
pub(crate) struct VerificationQueue {
    pub(crate) verifier: Verifier,
    jobs: mpsc::Sender<VerificationJob>,
}

impl VerificationQueue {
    /// Creates the queue with its task, which ends at the shutdown: requests that wait then are
    /// verified when they are viewed.
    pub(crate) fn new(
        verifier: Verifier,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (jobs, waiting) = mpsc::channel(QUEUE_JOBS);
        let judging = keep(verifier.clone(), waiting, shutdown);
        (Self { verifier, jobs }, judging)
    }

    /// Queues one request.
    pub(crate) fn judge_one(&self, endpoint: EndpointId, seq: i64) {
        if self.jobs.try_send(VerificationJob::One(endpoint, seq)).is_err() {
            tracing::debug!("the verification queue is full: a list lacks a verdict");
        }
    }

    /// Queues the newest requests of an endpoint again.
    pub(crate) fn judge_all(&self, endpoint: EndpointId) {
        if self.jobs.try_send(VerificationJob::All(endpoint)).is_err() {
            tracing::debug!("the verification queue is full: lists show old verdicts");
        }
    }
}

async fn keep(
    verifier: Verifier,
    mut waiting: mpsc::Receiver<VerificationJob>,
    shutdown: CancellationToken,
) {
    let mut jobs = Vec::with_capacity(BATCH_JOBS);
    loop {
        let took = shutdown.run_until_cancelled(waiting.recv_many(&mut jobs, BATCH_JOBS)).await;
        if took.is_none_or(|count| count == 0) {
            return;
        }
        let mut ones: Vec<(EndpointId, Vec<i64>)> = Vec::new();
        let mut all: Vec<EndpointId> = Vec::new();
        for job in jobs.drain(..) {
            match job {
                VerificationJob::One(endpoint, seq) => {
                    match ones.iter_mut().find(|(id, _)| *id == endpoint) {
                        Some((_, seqs)) => seqs.push(seq),
                        None => ones.push((endpoint, vec![seq])),
                    }
                }
                VerificationJob::All(endpoint) => {
                    if !all.contains(&endpoint) {
                        all.push(endpoint);
                    }
                }
            }
        }
        let work = async {
            for (endpoint, seqs) in ones {
                note(verifier.note(endpoint, &seqs).await);
            }
            for endpoint in all {
                note(verifier.note_all(endpoint).await);
            }
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// The request was deleted in the meantime: nothing to record.
fn note(done: Result<(), StoreError>) {
    match done {
        Ok(()) | Err(StoreError::NotFound | StoreError::Gone(_) | StoreError::Closed) => {}
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "cannot store verdicts");
        }
    }
}

impl Verifier {
    async fn note(&self, endpoint: EndpointId, seqs: &[i64]) -> Result<(), StoreError> {
        let secrets: Arc<[KnownSecret]> = self.secrets(endpoint).await?.into();
        let mut verdicts = Vec::with_capacity(seqs.len());
        for &seq in seqs {
            match self.verdict(endpoint, seq, &secrets).await {
                Ok(verdict) => verdicts.push((seq, verdict)),
                Err(StoreError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        self.store.note_verdicts(endpoint, verdicts).await
    }

    async fn note_all(&self, endpoint: EndpointId) -> Result<(), StoreError> {
        let (mut before, mut seen) = (None, 0);
        while seen < REJUDGED_REQUESTS {
            let window = Window { before, limit: Some(PAGE_REQUESTS), ..Window::default() };
            let page = self.store.requests(endpoint, window).await?;
            let seqs: Vec<i64> = page.requests.iter().map(|summary| summary.seq).collect();
            self.note(endpoint, &seqs).await?;
            seen += seqs.len();
            before = seqs.last().copied().filter(|_| page.more);
            if before.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// The verdict for lists: none without secrets.
    async fn verdict(
        &self,
        endpoint: EndpointId,
        seq: i64,
        secrets: &Arc<[KnownSecret]>,
    ) -> Result<Option<&'static str>, StoreError> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let stored = self.store.request(endpoint, RequestRef::Seq(seq)).await?;
        let verified =
            self.verify(endpoint, &stored, secrets.clone(), None, Depth::Verdict, Slot::Listed);
        Ok(verified.await?.map(|verified| verified.verdict.as_str()))
    }
}

/// Converts a verification to its type in the API.
pub(crate) fn to_wire(verified: Verification) -> hookglass_wire::Signature {
    let Verification { signing, verdict, secret_id, reason, hint, comparison } = verified;
    let (signed, received, computed) = comparison.map_or((None, None, None), |comparison| {
        let signed = head::text(&comparison.signed);
        (Some(signed), Some(comparison.received), Some(comparison.computed))
    });
    hookglass_wire::Signature {
        provider: signing.id.to_owned(),
        verdict: verdict.as_str().to_owned(),
        secret_id,
        reason: reason.as_deref().map(sentence),
        hint,
        signed,
        received,
        computed,
    }
}

/// Capitalizes the first letter and adds a full stop.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}
