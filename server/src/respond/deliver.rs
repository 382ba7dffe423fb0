//! Delivers responses: delays them, detects disconnects, and records the outcome.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use hookglass_limits::{budget::held, keyed_limit::Permit};
use hookglass_listener::{Cut, Exchange};
use hookglass_store::{EndpointId, LateResponse, Progress, StoreError, WorkspaceId};
use hookglass_wire::{Act, Answered, Timestamp};
use tokio_util::{sync::CancellationToken, task::task_tracker::TaskTrackerToken};

use super::{
    Responder, record,
    settings::{PreparedSettings, has_no_body},
    summary::words,
    throttled_body::ThrottledBody,
};
use crate::respond::response::{self, CustomResponse, ResponseContext};

/// Bodies up to this size are not counted: heads take more.
const UNCOUNTED_BYTES: usize = 2 * 1024;

/// The response to a stored request, before it is delivered.
pub(crate) struct PendingResponse {
    pub(crate) workspace: WorkspaceId,
    pub(crate) endpoint: EndpointId,
    pub(crate) seq: i64,
    pub(crate) answer: CustomResponse,
    pub(crate) visit: ResponseContext,
    /// Whether the request's method was HEAD.
    pub(crate) is_head: bool,
    pub(crate) exchange: Option<Arc<Exchange>>,
    /// When the request's head was complete.
    pub(crate) clock: Instant,
    /// Whether the response was decided before the request was stored, and is stored with it.
    pub(crate) is_kept: bool,
    pub(crate) settings: Arc<PreparedSettings>,
    /// Makes a shutdown wait for the response, from when its request is stored.
    pub(crate) token: TaskTrackerToken,
}

impl CustomResponse {
    /// Whether the response is delayed.
    pub(crate) fn is_held(&self) -> bool {
        !self.delay.is_zero() || matches!(self.act, Act::Stall | Act::Slow)
    }
}

/// Records the outcome of a response, even if hyper drops it.
pub(super) struct DeliveryGuard {
    answering: Responder,
    endpoint: EndpointId,
    seq: i64,
    exchange: Option<Arc<Exchange>>,
    clock: Instant,
    answered: Option<Answered>,
    progress: Option<Progress>,
    /// Whether status and headers are sent before the response is complete.
    streams: bool,
    /// Resolves when the sender disconnects.
    disconnected: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    hold: Option<Permit<EndpointId>>,
    /// Not forgotten until the store knows how far their programme is.
    settings: Arc<PreparedSettings>,
    /// Makes a shutdown wait until the outcome is recorded.
    _token: TaskTrackerToken,
}

impl Responder {
    /// Delivers a response after its delay.
    pub(crate) async fn deliver(&self, due: PendingResponse) -> Response {
        let (mut answer, visit) = (due.answer.clone(), &due.visit);
        let (seq, is_head) = (due.seq, due.is_head);
        let has_room = self.count(due.workspace, &mut answer);
        if due.is_kept && has_room && !answer.is_held() && answer.act == Act::Answer {
            return response::given(visit, seq, &answer);
        }
        let has_body = !is_head && !has_no_body(answer.status);
        if matches!(answer.act, Act::Stall | Act::Slow) && !has_body {
            answer.act = Act::Answer;
            let note = "An answer without a body can neither stall nor be slow; it went at once.";
            answer.notes.push(note.to_owned());
        }
        let mut hold = None;
        if answer.is_held() {
            hold = self.0.delayed.acquire(Some(due.endpoint)).ok();
            if hold.is_none() {
                answer.delay = Duration::ZERO;
                answer.act = Act::Answer;
                let note = "It went at once: too many answers are being held back.";
                answer.notes.push(note.to_owned());
            }
        }
        let mut response = response::given(visit, seq, &answer);
        let answered = record::answered(visit, &answer, is_head);
        let mut watch = self.watch(due, answered);
        watch.hold = hold;
        if !answer.delay.is_zero() {
            watch.wait(answer.delay).await;
        }
        watch.begin();
        match answer.act {
            Act::Answer => {
                let taken = !watch.has_hung_up();
                watch.done(taken);
                response
            }
            Act::Cut => {
                watch.cut();
                response.extensions_mut().insert(Cut);
                response
            }
            Act::Stall | Act::Slow => {
                let takes = Duration::from_secs(u64::from(answer.seconds));
                let stalls = answer.act == Act::Stall;
                watch.watch_for_disconnect();
                watch.streams = true;
                *response.body_mut() =
                    Body::new(ThrottledBody::new(answer.body.clone(), takes, stalls, watch));
                response
            }
        }
    }

    /// Records that the sender was gone before its response.
    pub(crate) fn record_abandoned(&self, due: PendingResponse) {
        let answered = record::answered(&due.visit, &due.answer, due.is_head);
        drop(self.watch(due, answered));
    }

    /// Creates the guard that records the outcome.
    fn watch(&self, due: PendingResponse, answered: Answered) -> DeliveryGuard {
        let PendingResponse { answer, settings, .. } = &due;
        let progress = answer.answered.and_then(|answered| {
            let running = settings.running.as_ref()?;
            let words = words(&running.words, answered);
            Some(Progress { version: settings.version, answered, words })
        });
        DeliveryGuard {
            answering: self.clone(),
            endpoint: due.endpoint,
            seq: due.seq,
            exchange: due.exchange,
            clock: due.clock,
            answered: Some(answered),
            progress,
            streams: false,
            disconnected: None,
            hold: None,
            settings: due.settings,
            _token: due.token,
        }
    }

    /// Charges the memory of a body that was made for this request, until the body is dropped: its
    /// sender may read slowly. Drops the body and returns false if there is no memory left.
    fn count(&self, workspace: WorkspaceId, answer: &mut CustomResponse) -> bool {
        if !answer.is_own || answer.body.len() <= UNCOUNTED_BYTES {
            return true;
        }
        let mut share = self.0.budget.share(workspace);
        if share.grow(answer.body.len() as u64).is_ok() {
            let bytes = std::mem::take(&mut answer.body);
            answer.body = held(bytes, share);
            return true;
        }
        answer.body = Bytes::new();
        let note = "Its body was left out: too much was on its way at once.";
        answer.notes.push(note.to_owned());
        false
    }
}

impl DeliveryGuard {
    pub(super) fn shutdown(&self) -> CancellationToken {
        self.answering.0.shutdown.clone()
    }

    /// Waits for `delay`, until the shutdown, or until the sender disconnects.
    async fn wait(&mut self, delay: Duration) {
        self.watch_for_disconnect();
        let shutdown = self.shutdown();
        let disconnected = std::future::poll_fn(|cx| {
            if self.poll_hung_up(cx) { Poll::Ready(()) } else { Poll::Pending }
        });
        let note = tokio::select! {
            () = tokio::time::sleep(delay) => return,
            () = disconnected => format!(
                "The sender hung up while this was held back: its side of the connection ended \
                 after {:.1} s.",
                self.clock.elapsed().as_secs_f64()
            ),
            () = shutdown.cancelled() => "It went early: the server stopped.".to_owned(),
        };
        if let Some(answered) = &mut self.answered {
            answered.notes.push(note);
        }
    }

    /// Asks the connection to watch for a disconnect while nothing is read from it.
    fn watch_for_disconnect(&mut self) {
        if self.disconnected.is_none()
            && let Some(exchange) = self.exchange.clone()
        {
            self.disconnected = Some(Box::pin(async move { exchange.disconnected().await }));
        }
    }

    /// Whether the sender has disconnected; wakes the task when that happens.
    pub(super) fn poll_hung_up(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.disconnected {
            Some(disconnected) if !self.exchange.as_ref().is_some_and(|it| it.has_hung_up()) => {
                disconnected.as_mut().poll(cx).is_ready()
            }
            _ => self.has_hung_up(),
        }
    }

    fn has_hung_up(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| exchange.has_hung_up())
    }

    /// Records that the response starts.
    fn begin(&mut self) {
        let elapsed_us = self.elapsed_us();
        if let Some(answered) = &mut self.answered {
            answered.sent_at = Some(Timestamp::now());
            answered.duration_us = Some(elapsed_us);
        }
    }

    fn elapsed_us(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    /// Records that the connection was cut.
    fn cut(mut self) {
        if let Some(answered) = &mut self.answered {
            answered.status = None;
            (answered.headers, answered.body_bytes) = (Vec::new(), 0);
            (answered.body, answered.body_base64) = (None, None);
        }
        self.note();
    }

    /// Records that the response was sent, and whether the sender stayed to the end.
    pub(super) fn done(mut self, taken: bool) {
        if let Some(answered) = &mut self.answered {
            answered.taken = Some(taken);
        }
        self.note();
    }

    fn note(&mut self) {
        let Some(answered) = self.answered.take() else { return };
        // A sender that left earlier got no response.
        let is_answered = self.streams || answered.taken != Some(false);
        let late = LateResponse {
            status: answered.status.filter(|_| is_answered),
            answer: Some(record::bytes(&answered)),
            progress: self.progress.take(),
        };
        let (hold, settings) = (self.hold.take(), self.settings.clone());
        let (store, endpoint, seq) = (self.answering.0.store.clone(), self.endpoint, self.seq);
        // Not awaited: the sender has its response.
        self.answering.0.tasks.spawn(async move {
            drop(hold);
            match store.note_answer(endpoint, seq, late).await {
                Ok(()) | Err(StoreError::NotFound | StoreError::Gone(_)) => {}
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "cannot record the outcome of a response"
                    );
                }
            }
            drop(settings);
        });
    }
}

impl Drop for DeliveryGuard {
    /// hyper drops a response that it cannot send.
    fn drop(&mut self) {
        let elapsed_us = self.elapsed_us();
        if let Some(answered) = &mut self.answered {
            answered.taken = Some(false);
            answered.duration_us.get_or_insert(elapsed_us);
            if answered.notes.iter().all(|note| !note.contains("hung up")) {
                let seconds = self.clock.elapsed().as_secs_f64();
                answered.notes.push(format!("The sender hung up after {seconds:.1} s."));
            }
        }
        self.note();
    }
}
