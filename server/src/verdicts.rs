//! Judges the signatures of captured requests. Lists get their verdicts from a task of its own,
//! after a request is stored: capturing never waits for it, and at an endpoint without secrets
//! nothing happens at all. One request in full is judged whenever it is looked at.

use std::{future::Future, sync::Arc};

use hookglass_app::wire::{Summary, Text, Window};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use crate::{
    config::{Config, PublicUrl},
    head, sender,
    signature::{Depth, Judgement, Known, Message, Secret, Verdict, judge},
    store::{
        EndpointId, NewSecret, SecretId, Store, StoreError, StoredRequest, StoredSecret, Which,
    },
    vault::{Vault, VaultError},
};

/// Requests and endpoints that wait to be judged. Past that lists lack a verdict until the request
/// is looked at or the secrets change.
const QUEUE_JOBS: usize = 4096;
/// How many are judged before their verdicts are written, in one edit for each endpoint.
const BATCH_JOBS: usize = 64;
/// How many of an endpoint's newest requests are judged anew when its secrets change.
const REJUDGED_REQUESTS: usize = 1000;
/// How many of them between two writes.
const PAGE_REQUESTS: u32 = 100;
/// How many secrets an endpoint may have.
const MAX_SECRETS: u32 = 20;
/// How many MiB judging may take at once, and explaining as much again: who looks at failures holds
/// up no answer. What would need more waits. A body that needs more alone takes all of it.
const MOST_MEBIBYTES: u32 = 64;
/// What is signed is put together beside the body.
const COPIES: u64 = 2;
/// Explaining a failure takes this much for the variants that it tries, in MiB: at least and at
/// most, and in between so many times the body, for its JSON as values.
const EXPLAINED_MEBIBYTES: (u64, u64) = (4, 16);
const EXPLAINED_TIMES: u64 = 100;
const MEBIBYTE: u64 = 1024 * 1024;

/// What it takes to judge. A cheap-clone handle.
#[derive(Clone)]
pub(crate) struct Bench {
    store: Arc<dyn Store>,
    vault: Vault,
    /// Where senders reach this server, if the operator says so.
    origin: Option<Arc<str>>,
    /// In MiB. Taken once for a judgement and never by one who holds some of it.
    memory: Arc<Semaphore>,
    /// The same, for failures that are explained.
    explaining: Arc<Semaphore>,
}

impl Bench {
    pub(crate) fn new(store: Arc<dyn Store>, vault: Vault, config: &Config) -> Self {
        let origin = config.public_url.as_ref().map(PublicUrl::origin).map(Arc::from);
        let memory = || Arc::new(Semaphore::new(usize::try_from(MOST_MEBIBYTES).unwrap_or(1)));
        Self { store, vault, origin, memory: memory(), explaining: memory() }
    }

    /// Seals and keeps a secret.
    pub(crate) async fn add_secret(
        &self,
        endpoint: EndpointId,
        provider: &str,
        name: Option<String>,
        secret: Secret,
    ) -> Result<StoredSecret, AddError> {
        let (vault, id) = (self.vault.clone(), SecretId::random());
        // The first one makes a file.
        let sealing = tokio::task::spawn_blocking(move || vault.seal(endpoint, id, &secret));
        let sealed = sealing.await.map_err(|_| StoreError::Aborted)??;
        let provider = provider.to_owned();
        let new = NewSecret { endpoint, id, provider, name, sealed, max_secrets: MAX_SECRETS };
        Ok(self.store.add_secret(new).await?)
    }

    /// The secrets of an endpoint, opened. What cannot be opened is logged and left out.
    pub(crate) async fn secrets(&self, endpoint: EndpointId) -> Result<Vec<Known>, StoreError> {
        let stored = self.store.secrets(endpoint).await?;
        let known = stored.into_iter().filter_map(|stored| {
            // A later version may know senders that this one does not.
            let signing = sender::signing_by_id(&stored.provider)?;
            let secret = self.vault.unseal(endpoint, stored.id, &stored.sealed);
            if secret.is_none() {
                tracing::error!(secret = %stored.id, "a secret cannot be opened with this key");
            }
            Some(Known { id: stored.id.to_string(), name: stored.name, signing, secret: secret? })
        });
        Ok(known.collect())
    }

    /// Judges one request. `body` is read from the store unless it is given. Waits while others
    /// take the memory that it needs.
    pub(crate) async fn judge(
        &self,
        endpoint: EndpointId,
        stored: &StoredRequest,
        secrets: Arc<[Known]>,
        body: Option<Vec<u8>>,
        depth: Depth,
    ) -> Result<Option<Judgement>, StoreError> {
        let summary = &stored.summary;
        // Nobody signs these.
        if summary.mark.is_some() || summary.refused.is_some() {
            return Ok(None);
        }
        let permit = match &body {
            // Only its fields are looked at.
            Some(_) if secrets.is_empty() => None,
            _ => {
                let needs = mebibytes(summary.body_bytes, depth);
                let memory = match depth {
                    Depth::Verdict => &self.memory,
                    Depth::Explained => &self.explaining,
                };
                let permit = memory.clone().acquire_many_owned(needs).await;
                Some(permit.map_err(|_| StoreError::Aborted)?)
            }
        };
        let body = match body {
            Some(body) => body,
            None => self.store.body(endpoint, summary.seq, 0..summary.body_bytes).await?,
        };
        let (head, origin) = (stored.head.clone(), self.origin.clone());
        let Summary { seq: _, received_at, method, target, sender, complete, .. } = summary.clone();
        // Hashing a large body, perhaps many times over, is no work for the threads that answer.
        let judging = tokio::task::spawn_blocking(move || {
            // Held to the end of the work, also where nobody waits for it any more.
            let _permit = permit;
            let target = match &target {
                Text::Utf8(target) => target.as_bytes().to_vec(),
                // Only a URL that is signed needs it, and no sender signs such a one.
                Text::Base64(_) => Vec::new(),
            };
            let message = Message::new(
                &method,
                &target,
                &head,
                body,
                received_at.as_micros(),
                origin.as_deref(),
            );
            let mut judged = judge(&message, sender.as_deref(), &secrets, depth)?;
            if judged.rests_on_the_body() && !complete {
                judged.verdict = Verdict::Unknown;
                judged.reason = Some("the body did not arrive in full".to_owned());
                (judged.hint, judged.comparison) = (None, None);
            }
            Some(judged)
        });
        judging.await.map_err(|_| StoreError::Aborted)
    }
}

/// How much memory judging a body takes, in MiB.
fn mebibytes(body_bytes: u64, depth: Depth) -> u32 {
    let body = body_bytes.saturating_mul(COPIES).div_ceil(MEBIBYTE).max(1);
    let variants = match depth {
        Depth::Verdict => 0,
        Depth::Explained => {
            let (least, most) = EXPLAINED_MEBIBYTES;
            body_bytes.saturating_mul(EXPLAINED_TIMES).div_ceil(MEBIBYTE).clamp(least, most)
        }
    };
    let needs = u32::try_from(body.saturating_add(variants)).unwrap_or(MOST_MEBIBYTES);
    needs.min(MOST_MEBIBYTES)
}

/// Why a secret was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddError {
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is to be judged for lists.
enum Job {
    One(EndpointId, i64),
    /// The secrets changed.
    All(EndpointId),
}

/// Has requests judged for lists. A cheap-clone handle.
#[derive(Clone)]
pub(crate) struct Verdicts {
    pub(crate) bench: Bench,
    jobs: mpsc::Sender<Job>,
}

impl Verdicts {
    /// With the task that judges, which ends at the shutdown: what still waits then is judged
    /// when it is looked at.
    pub(crate) fn new(
        bench: Bench,
        shutdown: CancellationToken,
    ) -> (Self, impl Future<Output = ()> + Send) {
        let (jobs, waiting) = mpsc::channel(QUEUE_JOBS);
        let judging = keep(bench.clone(), waiting, shutdown);
        (Self { bench, jobs }, judging)
    }

    /// Has one request judged soon.
    pub(crate) fn judge_one(&self, endpoint: EndpointId, seq: i64) {
        if self.jobs.try_send(Job::One(endpoint, seq)).is_err() {
            tracing::debug!("a list lacks a verdict: too many wait to be judged");
        }
    }

    /// Has the newest requests of an endpoint judged anew.
    pub(crate) fn judge_all(&self, endpoint: EndpointId) {
        if self.jobs.try_send(Job::All(endpoint)).is_err() {
            tracing::debug!("lists show old verdicts: too many wait to be judged");
        }
    }
}

async fn keep(bench: Bench, mut waiting: mpsc::Receiver<Job>, shutdown: CancellationToken) {
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
                Job::One(endpoint, seq) => match ones.iter_mut().find(|(id, _)| *id == endpoint) {
                    Some((_, seqs)) => seqs.push(seq),
                    None => ones.push((endpoint, vec![seq])),
                },
                Job::All(endpoint) => {
                    if !all.contains(&endpoint) {
                        all.push(endpoint);
                    }
                }
            }
        }
        let work = async {
            for (endpoint, seqs) in ones {
                note(bench.note(endpoint, &seqs).await);
            }
            for endpoint in all {
                note(bench.note_all(endpoint).await);
            }
        };
        if shutdown.run_until_cancelled(work).await.is_none() {
            return;
        }
    }
}

/// What is gone meanwhile needs no verdict.
fn note(done: Result<(), StoreError>) {
    match done {
        Ok(()) | Err(StoreError::NotFound | StoreError::Gone(_) | StoreError::Closed) => {}
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "verdicts were not noted");
        }
    }
}

impl Bench {
    async fn note(&self, endpoint: EndpointId, seqs: &[i64]) -> Result<(), StoreError> {
        let secrets: Arc<[Known]> = self.secrets(endpoint).await?.into();
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

    /// What lists show: nothing where there is no secret.
    async fn verdict(
        &self,
        endpoint: EndpointId,
        seq: i64,
        secrets: &Arc<[Known]>,
    ) -> Result<Option<&'static str>, StoreError> {
        if secrets.is_empty() {
            return Ok(None);
        }
        let stored = self.store.request(endpoint, Which::Seq(seq)).await?;
        let judged = self.judge(endpoint, &stored, secrets.clone(), None, Depth::Verdict).await?;
        Ok(judged.map(|judged| judged.verdict.as_str()))
    }
}

/// A judgement as the API gives it.
pub(crate) fn to_wire(judged: Judgement) -> hookglass_app::wire::Signature {
    let Judgement { signing, verdict, secret_id, reason, hint, comparison } = judged;
    let (signed, received, computed) = comparison.map_or((None, None, None), |comparison| {
        let signed = head::text(&comparison.signed);
        (Some(signed), Some(comparison.received), Some(comparison.computed))
    });
    hookglass_app::wire::Signature {
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

/// With a capital at its start and a full stop at its end.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_judging_takes_follows_the_body_and_is_never_more_than_there_is() {
        for (bytes, verdict, explained) in [
            (0, 1, 5),
            (100 * 1024, 1, 11),
            (MEBIBYTE, 2, 18),
            (25_000_000, 48, 64),
            (u64::MAX, 64, 64),
        ] {
            assert_eq!(mebibytes(bytes, Depth::Verdict), verdict, "{bytes}");
            assert_eq!(mebibytes(bytes, Depth::Explained), explained, "{bytes}");
        }
    }
}
