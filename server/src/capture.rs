//! Captures a request at an endpoint: reads it to its end, has it stored, answers. The only place
//! that makes captured requests.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::{
    HeaderMap, Request,
    header::{CONTENT_LENGTH, CONTENT_TYPE},
    http::request::Parts,
};
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    head, label,
    listen::Peer,
    redact, reply,
    reply::Refusal,
    slug::Slug,
    store::{Captured, EndpointId, Store, StoreError},
    web::client::ClientAddress,
};

/// At shutdown, how long bodies that are still arriving may take to complete.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(300);

/// What capturing needs. A cheap-clone handle.
#[derive(Clone)]
pub(crate) struct Capture {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) client_address: ClientAddress,
    pub(crate) redact_cookies: Arc<[String]>,
    pub(crate) max_body_bytes: u64,
    /// Owns the reading and storing, so that a sender who hangs up changes nothing.
    pub(crate) tasks: TaskTracker,
    pub(crate) shutdown: CancellationToken,
}

/// A body as far as it arrived.
#[derive(Default)]
struct Arrived {
    body: Vec<Bytes>,
    bytes: u64,
    sha256: Sha256,
    trailers: Vec<u8>,
    complete: bool,
}

/// Takes any request that no route wanted: captures it if its first segment is an endpoint.
pub(crate) async fn any(State(capture): State<Capture>, request: Request<Body>) -> Response {
    let received_at = SystemTime::now();
    let clock = Instant::now();
    let (parts, body) = request.into_parts();
    let visit = reply::Visit::of(&parts);
    let endpoint = match capture.endpoint(&parts).await {
        Ok(endpoint) => endpoint,
        Err(refusal) => return reply::refuse(&visit, &refusal),
    };
    if declared_bytes(&parts.headers).is_some_and(|bytes| bytes > capture.max_body_bytes) {
        return reply::refuse(&visit, &Refusal::BodyTooLarge(capture.max_body_bytes));
    }
    let (answer, answered) = oneshot::channel();
    let tasks = capture.tasks.clone();
    tasks.spawn(async move {
        let kept = capture.keep(endpoint, parts, body, received_at, clock).await;
        // The sender may have hung up; what is kept stays kept.
        let _ = answer.send(kept);
    });
    match answered.await {
        Ok(Ok(seq)) => reply::captured(&visit, seq),
        Ok(Err(refusal)) => reply::refuse(&visit, &refusal),
        // The task ends without an answer only if it panics.
        Err(_) => reply::refuse(&visit, &Refusal::NotStored),
    }
}

impl Capture {
    /// The endpoint that the request addresses.
    async fn endpoint(&self, parts: &Parts) -> Result<EndpointId, Refusal> {
        let slug = first_segment(parts.uri.path())
            .and_then(Slug::from_segment)
            .ok_or(Refusal::UnknownEndpoint)?;
        let endpoint = self.store.resolve(&slug).await?.ok_or(Refusal::UnknownEndpoint)?;
        match endpoint.gone {
            None => Ok(endpoint.id),
            Some(reason) => Err(Refusal::Gone(reason)),
        }
    }

    /// Reads the request to its end and stores it.
    async fn keep(
        &self,
        endpoint: EndpointId,
        parts: Parts,
        body: Body,
        received_at: SystemTime,
        clock: Instant,
    ) -> Result<i64, Refusal> {
        let arrived = self.read(body).await?;
        let cut_by_shutdown = !arrived.complete && self.shutdown.is_cancelled();
        let duration = clock.elapsed();
        let captured = self.captured(&parts, arrived, received_at, duration);
        let seq = self.store.append(endpoint, captured).await?;
        if cut_by_shutdown { Err(Refusal::NotStored) } else { Ok(seq) }
    }

    /// Reads the body until it ends, the sender cuts it, or the server has to stop.
    async fn read(&self, mut body: Body) -> Result<Arrived, Refusal> {
        let mut arrived = Arrived::default();
        let stop = async {
            self.shutdown.cancelled().await;
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        tokio::pin!(stop);
        loop {
            if body.is_end_stream() {
                arrived.complete = true;
                return Ok(arrived);
            }
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                () = &mut stop => return Ok(arrived),
            };
            let frame = match frame {
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    tracing::debug!(%error, "a sender cut its body short");
                    return Ok(arrived);
                }
                None => {
                    arrived.complete = true;
                    return Ok(arrived);
                }
            };
            match frame.into_data() {
                Ok(data) => {
                    arrived.bytes += data.len() as u64;
                    if arrived.bytes > self.max_body_bytes {
                        return Err(Refusal::BodyTooLarge(self.max_body_bytes));
                    }
                    arrived.sha256.update(&data);
                    arrived.body.push(data);
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        arrived.trailers.extend(head::render_fields(&trailers));
                    }
                }
            }
        }
    }

    fn captured(
        &self,
        parts: &Parts,
        mut arrived: Arrived,
        received_at: SystemTime,
        duration: Duration,
    ) -> Captured {
        let target = head::target(parts);
        let mut head = head::render(parts, &target);
        let mut target = target.into_bytes();
        let mut method = parts.method.as_str().as_bytes().to_vec();
        let mut redacted = redact::redact(&mut head, &self.redact_cookies);
        redacted |= redact::redact_keys(&mut target);
        redacted |= redact::redact_keys(&mut method);
        redacted |= redact::redact_keys(&mut arrived.trailers);
        let mut content_type =
            parts.headers.get(CONTENT_TYPE).map(|value| value.as_bytes().to_vec());
        if let Some(content_type) = &mut content_type {
            redact::redact_keys(content_type);
        }
        // Long bodies came in pieces and are not searched for a label.
        let label_body = match arrived.body.as_slice() {
            [] => Bytes::new(),
            [whole] => whole.clone(),
            pieces => label::searched(pieces),
        };
        let label = label::label(&parts.headers, &label_body);
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0);
        let remote_addr = peer.map(|peer| self.client_address.of(peer, &parts.headers));
        Captured {
            received_at: micros(received_at.duration_since(UNIX_EPOCH).unwrap_or_default()),
            duration_us: micros(duration),
            method: String::from_utf8_lossy(&method).into_owned(),
            target,
            http_version: head::version_number(parts.version),
            remote_addr: remote_addr.as_ref().map(IpAddr::to_string).unwrap_or_default(),
            peer: peer.map(|peer| peer.to_string()).unwrap_or_default(),
            content_type,
            label,
            complete: arrived.complete,
            exact: false,
            redacted,
            head,
            trailers: arrived.trailers,
            body_bytes: arrived.bytes,
            upload: None,
            body: arrived.body,
            body_sha256: arrived.sha256.finalize().into(),
            refused: None,
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::UnknownEndpoint,
            StoreError::Gone(reason) => Self::Gone(reason),
            StoreError::Full { limit, value } => Self::Full { limit, value },
            StoreError::SlugTaken
            | StoreError::TooManyEndpoints(_)
            | StoreError::TooManyEndpointsInAll(_)
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

/// The first segment of a path as sent, never decoded.
fn first_segment(path: &str) -> Option<&str> {
    path.strip_prefix('/')?.split('/').next()
}

fn declared_bytes(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}
