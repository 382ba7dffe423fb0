//! Captures a request at an endpoint: reads it completely, stores it, and responds. The only place
//! that creates captured requests.

mod received_body;
mod redact;
mod rejected;

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use hookglass_limits::budget::Budget;
use hookglass_listener::{Exchange, Malformed, Peer, client_address::ClientAddress};
use hookglass_message::{head, request_view::RequestView};
use hookglass_metrics::{Metrics, Reason};
use hookglass_senders::{event, sender};
use hookglass_store::{
    CapturedRequest, Store, StoreError, StoredEndpoint, key::has_key, slug::Slug,
};
use hookglass_wire::{Act, Refused, Timestamp};
use hyper::{
    HeaderMap, Method,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    http::request::Parts,
};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use self::received_body::ReceivedBody;
use crate::{
    config::Config,
    limits::{holder::Holder, rates::Rates},
    respond::{
        EarlyDecision, PendingResponse, Responder,
        response::{self, Rejection},
    },
    verification::VerificationQueue,
};

/// The dependencies of capturing.
pub(crate) struct Capture {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) client_address: ClientAddress,
    pub(crate) config: Arc<Config>,
    pub(crate) rates: Arc<Rates>,
    /// Memory for bytes that are not stored yet.
    pub(crate) budget: Budget<Holder>,
    /// Storage for bodies that are stored ahead of their requests.
    pub(crate) upload_budget: Budget<Holder>,
    pub(crate) metrics: Metrics,
    /// Decides on responses and delivers them.
    pub(crate) answering: Responder,
    /// Verifies signatures at endpoints that have secrets.
    pub(crate) verdicts: VerificationQueue,
    /// Runs the reading and storing, so that a disconnect does not stop it.
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// The response to a sender whose body ended early.
static TRUNCATED: Rejection = Rejection::Malformed(Malformed::Cut);

/// The outcome for a stored request, which determines the response.
enum CaptureOutcome {
    /// The default response.
    Plain(i64),
    /// The body ended early: its start is stored, and the sender gets an error.
    Cut(i64),
    /// By what its endpoint has set.
    Pending(Box<PendingResponse>),
}

/// A request's head, and how it arrived.
struct RequestHead {
    parts: Parts,
    /// `None` only for a request that did not come through the listener.
    exchange: Option<Arc<Exchange>>,
    received_at: SystemTime,
    clock: Instant,
}

impl RequestHead {
    fn new(parts: Parts) -> Self {
        let exchange = parts.extensions.get::<Arc<Exchange>>().cloned();
        let (received_at, clock) = exchange.as_ref().map_or_else(
            || (SystemTime::now(), Instant::now()),
            |exchange| (exchange.received_at, exchange.clock),
        );
        Self { parts, exchange, received_at, clock }
    }

    fn peer(&self) -> Option<std::net::SocketAddr> {
        self.parts.extensions.get::<Peer>().map(|peer| peer.0)
    }
}

/// Handles requests that no route matches: captures one if its first segment is an endpoint.
pub(crate) async fn any(State(capture): State<Arc<Capture>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let visit = response::ResponseContext::of(&parts);
    let arrival = RequestHead::new(parts);
    let (answer, answered) = oneshot::channel();
    let (tasks, keeper) = (capture.tasks.clone(), capture.clone());
    // The task starts before the first look-up: over HTTP/2 this handler is dropped as soon as the
    // sender disconnects. Boxed, because spawning and finishing a task moves it several times.
    tasks.spawn(Box::pin(async move { keeper.take(arrival, body, answer).await }));
    match answered.await {
        Ok(Ok(CaptureOutcome::Plain(seq))) => response::captured(&visit, seq),
        Ok(Ok(CaptureOutcome::Cut(_))) => capture.reject(&visit, &TRUNCATED),
        Ok(Ok(CaptureOutcome::Pending(due))) => Box::pin(capture.answering.deliver(*due)).await,
        Ok(Err(rejection)) => capture.reject(&visit, &rejection),
        // The task only ends without a response if it panics.
        Err(_) => capture.reject(&visit, &Rejection::NotStored),
    }
}

/// Handles a malformed request: its sender gets the reason, and so does the owner of the endpoint,
/// if that can be determined.
pub(crate) async fn malformed(State(capture): State<Arc<Capture>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let visit = response::ResponseContext::of(&parts);
    let arrival = RequestHead::new(parts);
    let malformed = arrival.exchange.as_ref().and_then(|exchange| exchange.malformed);
    let rejection = malformed.map_or(Rejection::NotStored, Rejection::Malformed);
    if let Ok(endpoint) = capture.endpoint(&arrival.parts).await {
        capture.note_refusal(&endpoint, &arrival, &rejection).await;
    }
    capture.reject(&visit, &rejection)
}

impl Capture {
    /// Finds the endpoint of a request, stores or rejects the request, and notifies its handler.
    async fn take(
        &self,
        arrival: RequestHead,
        body: Body,
        answer: oneshot::Sender<Result<CaptureOutcome, Rejection>>,
    ) {
        let endpoint = match self.endpoint(&arrival.parts).await {
            Ok(endpoint) => endpoint,
            Err(rejection) => {
                drop(answer.send(Err(rejection)));
                return;
            }
        };
        let kept = match self.admit(&endpoint, &arrival) {
            Ok(()) => self.keep(&endpoint, arrival, body).await,
            Err(rejection) => {
                self.note_refusal(&endpoint, &arrival, &rejection).await;
                Err(rejection)
            }
        };
        // The sender may have disconnected; the request stays stored.
        if let Err(Ok(kept)) = answer.send(kept) {
            self.missed(&endpoint, kept).await;
        }
    }

    /// Returns the endpoint of the request.
    async fn endpoint(&self, parts: &Parts) -> Result<Arc<StoredEndpoint>, Rejection> {
        let slug = first_segment(parts.uri.path())
            .and_then(Slug::from_segment)
            .ok_or(Rejection::UnknownEndpoint)?;
        let endpoint = self.store.resolve(&slug).await?.ok_or(Rejection::UnknownEndpoint)?;
        match endpoint.gone {
            None => Ok(endpoint),
            Some(reason) => Err(Rejection::Gone(reason)),
        }
    }

    /// Rejects a request that exceeds a limit before its body is read.
    fn admit(&self, endpoint: &StoredEndpoint, arrival: &RequestHead) -> Result<(), Rejection> {
        let headers = &arrival.parts.headers;
        let client = arrival.peer().and_then(|peer| self.client_address.counted(peer, headers));
        self.rates.request(endpoint.id, client)?;
        let most = self.config.max_body.0;
        match declared_bytes(headers) {
            Some(bytes) if bytes > most => Err(Rejection::BodyTooLarge(most)),
            _ => Ok(()),
        }
    }

    /// Receives the body, decides on the response, and stores both, each step with the value of the
    /// one before.
    async fn keep(
        &self,
        endpoint: &StoredEndpoint,
        arrival: RequestHead,
        body: Body,
    ) -> Result<CaptureOutcome, Rejection> {
        let received = match self.read(endpoint, &arrival, body).await {
            Ok(received) => received,
            Err(rejection) => {
                self.note_refusal(endpoint, &arrival, &rejection).await;
                return Err(rejection);
            }
        };
        let refused = received.rejection.as_ref().and_then(Rejection::refused);
        if refused.is_some() && !self.rates.refused_row(endpoint.id) {
            return Err(received.rejection.unwrap_or(Rejection::NotStored));
        }
        let told = received.told();
        let request = self.captured(&arrival, &received, refused);
        // Rules apply to whole bodies only.
        let decision = if told.is_none() && may_be_custom(endpoint, &arrival, &request) {
            self.answering.decide_before_store(endpoint, &request).await
        } else {
            EarlyDecision::Plain
        };
        let request = with_response(request, &arrival, told, &decision);
        let seq = self.store.append(endpoint.id, request).await?;
        if endpoint.has_secrets {
            self.verdicts.judge_one(endpoint.id, seq);
        }
        let is_cut = received.is_cut();
        match received.commit() {
            Some(rejection) => Err(rejection),
            None if is_cut => Ok(CaptureOutcome::Cut(seq)),
            None => Ok(self.outcome(endpoint, arrival, seq, decision).await),
        }
    }

    /// The response to a request that is stored as `seq`.
    async fn outcome(
        &self,
        endpoint: &StoredEndpoint,
        arrival: RequestHead,
        seq: i64,
        decision: EarlyDecision,
    ) -> CaptureOutcome {
        let (decided, is_kept) = match decision {
            EarlyDecision::Plain => (None, true),
            EarlyDecision::CustomResponse(answer, settings) => (Some((*answer, settings)), true),
            EarlyDecision::Later => (self.answering.decide_stored(endpoint, seq).await, false),
        };
        let Some((answer, settings)) = decided else { return CaptureOutcome::Plain(seq) };
        CaptureOutcome::Pending(Box::new(PendingResponse {
            workspace: endpoint.workspace,
            endpoint: endpoint.id,
            seq,
            answer,
            visit: response::ResponseContext::of(&arrival.parts),
            is_head: arrival.parts.method == Method::HEAD,
            exchange: arrival.exchange,
            clock: arrival.clock,
            is_kept,
            settings,
            token: self.tasks.token(),
        }))
    }

    /// Records that the sender disconnected before its request was stored.
    async fn missed(&self, endpoint: &StoredEndpoint, kept: CaptureOutcome) {
        match kept {
            CaptureOutcome::Plain(seq) | CaptureOutcome::Cut(seq) => {
                self.answering.note_missed(endpoint, seq).await
            }
            CaptureOutcome::Pending(due) => self.answering.record_abandoned(*due),
        }
    }

    /// Builds the request to store.
    fn captured(
        &self,
        arrival: &RequestHead,
        received: &ReceivedBody,
        refused: Option<Refused>,
    ) -> CapturedRequest {
        let RequestHead { parts, exchange, .. } = arrival;
        let exact = exchange.as_ref().and_then(|exchange| exchange.exact(parts));
        let (mut head, target, mut method) = match exact {
            Some((wire, head)) => {
                (wire.bytes.to_vec(), head.target.clone(), wire.bytes[head.method.clone()].to_vec())
            }
            None => rendered(exchange.as_deref(), parts),
        };
        let mut redacted = redact::redact(&mut head, &self.config.redact_cookies);
        // Redaction keeps every byte in its place.
        let target = head.get(target).unwrap_or_default().to_vec();
        redacted |= redact::redact_keys(&mut method);
        let mut trailers = received.trailers.clone();
        redacted |= redact::redact(&mut trailers, &self.config.redact_cookies);
        let mut content_type =
            parts.headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        if let Some(content_type) = &mut content_type {
            redact::redact_keys(content_type);
        }
        let sender = sender::sender(&parts.headers);
        let metadata = event::metadata(sender, &parts.headers, received.searched(), has_key);
        let peer = arrival.peer();
        let remote_addr = peer.map(|peer| self.client_address.of(peer, &parts.headers));
        CapturedRequest {
            received_at: Timestamp::from(arrival.received_at).as_micros(),
            duration_us: micros(received.took),
            method: String::from_utf8_lossy(&method).into_owned(),
            target,
            http_version: head::version_number(parts.version),
            remote_addr: remote_addr.as_ref().map(IpAddr::to_string).unwrap_or_default(),
            peer: peer.map(|peer| peer.to_string()).unwrap_or_default(),
            content_type,
            label: metadata.label,
            sender,
            delivery: metadata.delivery,
            attempt: metadata.attempt,
            mark: sender::mark(&parts.method, &parts.headers),
            status: None,
            answer: None,
            complete: received.complete,
            exact: exact.is_some(),
            redacted,
            head,
            trailers,
            body_bytes: received.bytes,
            upload: received.upload(),
            body: vec![received.tail()],
            body_sha256: received.sha256(),
            refused,
        }
    }

    /// Responds to a request that was not stored, and counts it.
    fn reject(&self, visit: &response::ResponseContext, rejection: &Rejection) -> Response {
        self.metrics.refused.get_or_create(&Reason { reason: rejection.reason() }).inc();
        response::reject(visit, rejection)
    }
}

/// Whether the response may be another than the default one.
fn may_be_custom(
    endpoint: &StoredEndpoint,
    arrival: &RequestHead,
    request: &CapturedRequest,
) -> bool {
    let parts = &arrival.parts;
    let is_handshake = || {
        let body = request.body.first().filter(|_| request.upload.is_none());
        let body = body.map(Bytes::as_ref).unwrap_or_default();
        Responder::is_handshake(&RequestView::new(parts, &request.target, body))
    };
    (endpoint.answers.is_some() || is_handshake()) && !response::is_browser_request(&parts.headers)
}

/// The request with what is known of its response before it is stored.
fn with_response(
    request: CapturedRequest,
    arrival: &RequestHead,
    told: Option<&Rejection>,
    decision: &EarlyDecision,
) -> CapturedRequest {
    let parts = &arrival.parts;
    match decision {
        EarlyDecision::Plain => {
            let status = response::status(&parts.headers, told);
            CapturedRequest { status: Some(status.as_u16()), ..request }
        }
        EarlyDecision::CustomResponse(answer, _) => {
            let visit = response::ResponseContext::of(parts);
            CapturedRequest {
                status: (answer.act != Act::Cut).then(|| answer.status.as_u16()),
                answer: Some(Responder::kept(&visit, answer, parts.method == Method::HEAD)),
                label: answer.label.clone().or(request.label),
                ..request
            }
        }
        EarlyDecision::Later => {
            CapturedRequest { status: None, answer: Some(Responder::pending()), ..request }
        }
    }
}

/// A head in HTTP/1.1 form from hyper's view, with the place of its target, and its method.
fn rendered(
    exchange: Option<&Exchange>,
    parts: &Parts,
) -> (Vec<u8>, std::ops::Range<usize>, Vec<u8>) {
    if exchange.is_some_and(|exchange| exchange.wire.is_some()) {
        tracing::warn!("a head was parsed differently than it was sent; storing the parsed view");
    }
    let target = head::target(parts);
    let head = head::render(parts, &target);
    let method = parts.method.as_str().as_bytes().to_vec();
    let start = method.len() + 1;
    (head, start..start + target.len(), method)
}

impl From<StoreError> for Rejection {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::UnknownEndpoint,
            StoreError::Gone(reason) => Self::Gone(reason),
            StoreError::Full { limit, value } => Self::Full { limit, value },
            StoreError::SlugTaken
            | StoreError::TooManyEndpoints(_)
            | StoreError::TooManySecrets(_)
            | StoreError::TooManyEndpointsInAll(_)
            | StoreError::TooManyPins(_)
            | StoreError::PinsTooLarge(_)
            | StoreError::AnswersTooLarge(_)
            | StoreError::Outdated
            | StoreError::Busy
            | StoreError::Closed
            | StoreError::Aborted => Self::NotStored,
            StoreError::Engine(cause) => {
                tracing::error!(
                    error = &*cause as &dyn std::error::Error,
                    "cannot look up an endpoint"
                );
                Self::NotStored
            }
        }
    }
}

/// Returns the first segment of a path as sent, never decoded.
fn first_segment(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

fn declared_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
