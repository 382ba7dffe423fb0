//! What the gate knows about one request and passes to its handler beside hyper's view.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use bytes::Bytes;
use hyper::{Method, http::request::Parts};
use tokio::sync::Notify;

use super::{framing::HeadRanges, malformed::Malformed, normalize};

/// One request in progress: an extension of each request over our connections. The outcome of its
/// body is filled in while the body arrives.
#[derive(Debug)]
pub struct Exchange {
    /// When the head was complete.
    pub received_at: SystemTime,
    /// The same on the monotonic clock.
    pub clock: Instant,
    /// The bytes on the wire; `None` for HTTP/2, whose heads have no such form.
    pub wire: Option<RawHead>,
    /// Why the head is refused, if it is.
    pub malformed: Option<Malformed>,
    /// Whether hyper read something other than what it was given.
    misread: AtomicBool,
    /// The trailer section of a chunked body as received, with its line ends.
    trailers: OnceLock<Bytes>,
    trouble: OnceLock<BodyFailure>,
    body_ended: AtomicBool,
    /// Whether a handler waits for the sender to disconnect.
    watched: AtomicBool,
    disconnected: AtomicBool,
    hang_up: Notify,
}

/// Why a body ended early although its sender did not cut it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFailure {
    /// Its chunks cannot be parsed.
    Malformed,
    /// It took longer than this many seconds.
    TimedOut(u64),
}

/// A request head in HTTP/1 form, byte for byte.
#[derive(Debug)]
pub struct RawHead {
    /// From the request line through the empty line; if it is malformed, what had arrived of it.
    pub bytes: Bytes,
    /// Its parts; `None` if it is malformed.
    pub head: Option<HeadRanges>,
    /// The head that hyper was given instead.
    pub(super) normalized: Option<Bytes>,
}

impl Exchange {
    /// Creates an HTTP/1 exchange whose head is complete, or refused, now.
    pub(super) fn new(wire: RawHead, malformed: Option<Malformed>) -> Self {
        Self { wire: Some(wire), ..Self::without_wire(malformed) }
    }

    /// Creates an HTTP/2 exchange.
    pub(super) fn without_wire(malformed: Option<Malformed>) -> Self {
        Self {
            received_at: SystemTime::now(),
            clock: Instant::now(),
            wire: None,
            malformed,
            misread: AtomicBool::new(false),
            trailers: OnceLock::new(),
            trouble: OnceLock::new(),
            body_ended: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            disconnected: AtomicBool::new(false),
            hang_up: Notify::new(),
        }
    }

    /// Returns the head on the wire, if hyper, which chose the route, read the same.
    pub fn exact(&self, parts: &Parts) -> Option<(&RawHead, &HeadRanges)> {
        let wire = self.wire.as_ref()?;
        let head = wire.head.as_ref()?;
        let matches_wire = match &wire.normalized {
            None => normalize::matches_wire(&wire.bytes, head, parts),
            Some(_) => !self.misread.load(Ordering::Acquire),
        };
        matches_wire.then_some((wire, head))
    }

    /// Gives the handler the original head if hyper was given a normalized one.
    pub(super) fn restore(&self, parts: &mut Parts) {
        let Some(RawHead { bytes, head: Some(head), normalized: Some(normalized) }) = &self.wire
        else {
            return;
        };
        let matches_wire = HeadRanges::read(normalized)
            .is_ok_and(|head| normalize::matches_wire(normalized, &head, parts));
        self.misread.store(!matches_wire, Ordering::Release);
        if matches_wire {
            parts.headers = normalize::header_map(bytes, head);
            if let Ok(method) = Method::from_bytes(&bytes[head.method.clone()]) {
                parts.method = method;
            }
        }
    }

    /// Returns the trailer section as received; empty until the body is complete.
    pub fn trailers(&self) -> &[u8] {
        self.trailers.get().map_or(&[], |trailers| trailers)
    }

    pub(super) fn set_trailers(&self, trailers: Bytes) {
        // A body ends once.
        let _ = self.trailers.set(trailers);
    }

    /// Returns what went wrong with the body, if anything.
    pub fn trouble(&self) -> Option<BodyFailure> {
        self.trouble.get().copied()
    }

    pub(super) fn set_trouble(&self, trouble: BodyFailure) {
        // The first failure causes the later ones.
        let _ = self.trouble.set(trouble);
    }

    /// Whether the end of the body has been seen.
    pub(super) fn has_body_ended(&self) -> bool {
        self.body_ended.load(Ordering::Acquire)
    }

    pub(super) fn set_body_ended(&self) {
        self.body_ended.store(true, Ordering::Release);
    }

    /// Waits until the sender closes its side of the connection. Only HTTP/1 needs this: over
    /// HTTP/2 a reset stream drops its handler. For one waiter.
    pub async fn disconnected(&self) {
        self.watched.store(true, Ordering::Release);
        self.hang_up.notified().await;
    }

    /// Whether the sender closed its side of the connection while a handler waited for that.
    pub fn has_hung_up(&self) -> bool {
        self.disconnected.load(Ordering::Acquire)
    }

    /// Whether a handler waits for that and has not been notified yet.
    pub(super) fn is_watched(&self) -> bool {
        self.watched.load(Ordering::Acquire) && !self.has_hung_up()
    }

    pub(super) fn set_hung_up(&self) {
        self.disconnected.store(true, Ordering::Release);
        self.hang_up.notify_one();
    }
}

/// Where the gate leaves the exchange of the head that it passes to hyper, for the service that
/// hyper then calls. A cheap-clone handle.
#[derive(Debug, Clone, Default)]
pub(super) struct ExchangeSlot(
    /// Never held across an await: both sides only swap.
    Arc<Mutex<Option<Arc<Exchange>>>>,
);

impl ExchangeSlot {
    /// Stores an exchange; returns `false` if the previous one was never taken.
    pub(super) fn put(&self, exchange: Arc<Exchange>) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).replace(exchange).is_none()
    }

    pub(super) fn take(&self) -> Option<Arc<Exchange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
