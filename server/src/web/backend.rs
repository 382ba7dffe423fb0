//! The read operations of the API, shared by the API and by pages rendered in process.

use async_trait::async_trait;
use hookglass_app::backend::Backend;
use hookglass_message::head;
use hookglass_senders::signature::Depth;
use hookglass_store::{RequestRef, StoredRequest};
use hookglass_wire::{
    Ask, Body, Counts, CountsAsk, Detail, Endpoint, Endpoints, Page, Part, Problem, Reading,
    Record, Signature, Timestamp, Window,
};

use super::{AppState, caller::Caller, error::Error, origin::Origin, search};
use crate::{
    rendering::{RenderedRequest, signature},
    respond,
    verification::{self, Slot},
};

/// The longest body that a detail includes as text.
const TEXT_BYTES: u64 = 256 * 1024;
/// The largest page.
const MAX_PAGE_REQUESTS: u32 = 200;

/// The read operations of one caller.
pub(crate) struct ApiBackend {
    pub(crate) app: AppState,
    pub(crate) caller: Caller,
}

impl ApiBackend {
    pub(crate) async fn endpoints(&self) -> Result<Endpoints, Error> {
        let Some(workspace) = self.caller.workspace() else { return Ok(Endpoints::default()) };
        let (endpoints, change) = self.app.store.endpoints(workspace).await?;
        let endpoints =
            endpoints.iter().map(|endpoint| to_wire(endpoint, &self.caller.origin)).collect();
        Ok(Endpoints { endpoints, change })
    }

    pub(crate) async fn endpoint(&self, id: &str) -> Result<Endpoint, Error> {
        let endpoint = self.caller.active_endpoint(&*self.app.store, id).await?;
        self.touch(&endpoint).await;
        Ok(to_wire(&endpoint, &self.caller.origin))
    }

    pub(crate) async fn requests(&self, id: &str, window: Window) -> Result<Page, Error> {
        if window.before.is_some() && window.after.is_some() {
            return Err(Error::Invalid("Send either `before` or `after`, not both.".into()));
        }
        if window.limit.is_some_and(|limit| !(1..=MAX_PAGE_REQUESTS).contains(&limit)) {
            return Err(Error::Invalid(format!("`limit` takes 1 to {MAX_PAGE_REQUESTS}.")));
        }
        let endpoint = self.caller.active_endpoint(&*self.app.store, id).await?;
        self.touch(&endpoint).await;
        if let Some(query) = search::read(window.q.as_deref())? {
            return search::page(&*self.app.store, endpoint.id, &window, query).await;
        }
        let after = window.after;
        let page = self.app.store.requests(endpoint.id, window).await?;
        let next = page.requests.last().filter(|_| page.more).map(|last| last.seq);
        let (next_before, next_after) = if after.is_some() { (None, next) } else { (next, None) };
        Ok(Page { requests: page.requests, next_before, next_after, change: page.change })
    }

    pub(crate) async fn counts(&self, id: &str, ask: CountsAsk) -> Result<Counts, Error> {
        let endpoint = self.caller.active_endpoint(&*self.app.store, id).await?;
        search::counts(&*self.app.store, endpoint.id, &ask).await
    }

    /// Viewing an endpoint counts as using it.
    pub(crate) async fn touch(&self, endpoint: &hookglass_store::StoredEndpoint) {
        if let Err(error) = self.app.store.touch(endpoint.id).await {
            // It may expire a little earlier; the next view retries.
            tracing::debug!(%error, "cannot mark an endpoint as used");
        }
    }

    pub(crate) async fn request(&self, id: &str, which: RequestRef) -> Result<Record, Error> {
        let endpoint = self.caller.active_endpoint(&*self.app.store, id).await?;
        let mut stored = self.app.store.request(endpoint.id, which).await?;
        let bytes = stored.summary.body_bytes;
        let body = if bytes <= TEXT_BYTES {
            Some(self.app.store.body(endpoint.id, stored.summary.seq, 0..bytes).await?)
        } else {
            None
        };
        let signature = self.signature(&endpoint, &mut stored, body.as_deref()).await?;
        let delivery = self.app.store.delivery(endpoint.id, stored.summary.seq).await?;
        let text = body.and_then(|body| String::from_utf8(body).ok());
        let reply = respond::answered(&stored).await;
        Ok(Record { detail: detail(stored, text), signature, delivery, reply })
    }

    /// Verifies the request with the current secrets, for display.
    async fn signature(
        &self,
        endpoint: &hookglass_store::StoredEndpoint,
        stored: &mut StoredRequest,
        body: Option<&[u8]>,
    ) -> Result<Option<Signature>, Error> {
        let verifier = &self.app.verdicts.verifier;
        let secrets =
            if endpoint.has_secrets { verifier.secrets(endpoint.id).await? } else { Vec::new() };
        let body = match body {
            Some(body) => Some(body.to_vec()),
            // Without secrets, the head is enough.
            None if secrets.is_empty() => Some(Vec::new()),
            None => None,
        };
        let depth = Depth::Explained;
        let turn = Slot::Of(endpoint.workspace);
        let verified =
            verifier.verify(endpoint.id, stored, secrets.into(), body, depth, turn).await?;
        let verdict = verified.as_ref().map(|verified| verified.verdict.as_str());
        let verdict = verdict.filter(|_| endpoint.has_secrets);
        if stored.summary.verdict.as_deref() != verdict {
            // Updates the verdict in lists.
            self.app.verdicts.judge_one(endpoint.id, stored.summary.seq);
            stored.summary.verdict = verdict.map(str::to_owned);
        }
        Ok(verified.map(verification::to_wire))
    }

    pub(crate) async fn reading(
        &self,
        id: &str,
        which: RequestRef,
        ask: Ask,
    ) -> Result<Reading, Error> {
        if ask.part == Part::Signature {
            return self.signature_reading(id, which).await;
        }
        let subject = self.subject(id, which).await?;
        Ok(self.app.reader.read(subject, ask).await?)
    }

    async fn signature_reading(&self, id: &str, which: RequestRef) -> Result<Reading, Error> {
        let endpoint = self.caller.active_endpoint(&*self.app.store, id).await?;
        let mut stored = self.app.store.request(endpoint.id, which).await?;
        let signature = self.signature(&endpoint, &mut stored, None).await?;
        let secrets = if endpoint.has_secrets {
            self.app.store.secrets(endpoint.id).await?
        } else {
            Vec::new()
        };
        Ok(signature::reading(&stored.summary, signature.as_ref(), &secrets))
    }

    /// Returns a request to render parts of.
    pub(crate) async fn subject(
        &self,
        id: &str,
        which: RequestRef,
    ) -> Result<RenderedRequest, Error> {
        let endpoint = self.caller.active_endpoint(&*self.app.store, id).await?.id;
        let stored = self.app.store.request(endpoint, which).await?;
        Ok(RenderedRequest { store: self.app.store.clone(), endpoint, stored })
    }
}

#[async_trait]
impl Backend for ApiBackend {
    async fn endpoints(&self) -> Result<Endpoints, Problem> {
        self.endpoints().await.map_err(|error| error.problem())
    }

    async fn endpoint(&self, id: &str) -> Result<Endpoint, Problem> {
        self.endpoint(id).await.map_err(|error| error.problem())
    }

    async fn requests(&self, id: &str, window: Window) -> Result<Page, Problem> {
        self.requests(id, window).await.map_err(|error| error.problem())
    }

    async fn counts(&self, id: &str, ask: CountsAsk) -> Result<Counts, Problem> {
        self.counts(id, ask).await.map_err(|error| error.problem())
    }

    async fn reading(&self, id: &str, seq: i64, ask: Ask) -> Result<Reading, Problem> {
        self.reading(id, RequestRef::Seq(seq), ask).await.map_err(|error| error.problem())
    }

    async fn request(&self, id: &str, seq: i64) -> Result<Detail, Problem> {
        let record = self.request(id, RequestRef::Seq(seq)).await;
        record.map(|record| record.detail).map_err(|error| error.problem())
    }
}

/// Converts an endpoint to its type in the API, as its owner sees it under `origin`.
pub(crate) fn to_wire(endpoint: &hookglass_store::StoredEndpoint, origin: &Origin) -> Endpoint {
    let (slug, url) = (&endpoint.slug, origin.url());
    Endpoint {
        id: slug.to_string(),
        url: format!("{url}/{slug}"),
        inspect_url: format!("{url}/inspect/{slug}"),
        name: endpoint.name.clone(),
        created_at: Timestamp::from_micros(endpoint.created_at),
        expires_at: endpoint.expires_at.map(Timestamp::from_micros),
        requests: u64::try_from(endpoint.requests).unwrap_or_default(),
        last_seq: endpoint.last_seq,
        max_requests: u64::from(endpoint.max_requests),
        on_limit: endpoint.on_limit,
        dropped_through: endpoint.dropped_through,
        answers: endpoint.answers.as_ref().and_then(|answers| answers.words.clone()),
        key: None,
    }
}

fn detail(stored: StoredRequest, text: Option<String>) -> Detail {
    Detail {
        http_version: head::version_name(stored.http_version).to_owned(),
        peer: stored.peer,
        trailers: head::trailer_fields(&stored.trailers),
        headers: head::fields(&stored.head),
        exact: stored.exact,
        redacted: stored.redacted,
        duration_us: u64::try_from(stored.duration_us).unwrap_or_default(),
        body: Body {
            sha256: stored.body_sha256.iter().map(|byte| format!("{byte:02x}")).collect(),
            text,
        },
        summary: stored.summary,
    }
}
