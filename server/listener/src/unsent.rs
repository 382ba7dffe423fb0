//! Response bodies that are produced only as fast as they are written: a peer that reads nothing
//! keeps one piece in memory and is detected.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use futures_util::task::AtomicWaker;
use http_body::{Body as _, Frame, SizeHint};
use tokio::time::Instant;

use super::gate::IDLE_TIMEOUT;

/// The largest piece, in bytes. A peer that takes less than one piece in [`IDLE_TIMEOUT`] counts as
/// stalled: 55 bytes a second.
const PIECE_BYTES: usize = 4 * 1024;
/// No further piece is produced while this many bytes are unwritten. Small pieces, such as the
/// events of a feed, go out together.
const UNSENT_BYTES: usize = 16 * 1024;

/// What hyper holds of one response and has not written.
#[derive(Debug)]
pub(super) struct Unsent {
    /// Never held across an await: each use is an addition and a look at the clock.
    state: Mutex<UnsentState>,
    /// The task that waits until less is unsent.
    writer: AtomicWaker,
}

#[derive(Debug)]
struct UnsentState {
    bytes: usize,
    /// When a piece was last produced or written.
    moved: Instant,
}

/// Why a response is cut off.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the peer read too little of the response in {} seconds", IDLE_TIMEOUT.as_secs())]
struct StalledPeer;

impl Unsent {
    pub(super) fn new() -> Arc<Self> {
        let state = UnsentState { bytes: 0, moved: Instant::now() };
        Arc::new(Self { state: Mutex::new(state), writer: AtomicWaker::new() })
    }

    /// Until when something must be written; `None` while nothing is unsent.
    fn deadline(&self) -> Option<Instant> {
        self.with(|state| (state.bytes > 0).then(|| state.moved + IDLE_TIMEOUT))
    }

    /// Whether the peer has read nothing for too long.
    pub(super) fn is_stalled(&self) -> bool {
        self.deadline().is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Waits until the peer has read nothing for too long. Never returns otherwise.
    pub(super) async fn stalled(&self) {
        while !self.is_stalled() {
            // A piece that is produced while this sleeps cannot stall before it wakes.
            let until = self.deadline().unwrap_or_else(|| Instant::now() + IDLE_TIMEOUT);
            tokio::time::sleep_until(until).await;
        }
    }

    fn bytes(&self) -> usize {
        self.with(|state| state.bytes)
    }

    fn forward(&self, bytes: usize) {
        self.with(|state| {
            state.bytes += bytes;
            state.moved = Instant::now();
        });
    }

    fn written(&self, bytes: usize) {
        self.with(|state| {
            state.bytes -= bytes;
            state.moved = Instant::now();
        });
        self.writer.wake();
    }

    fn with<T>(&self, run: impl FnOnce(&mut UnsentState) -> T) -> T {
        run(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A part of a body that hyper holds until it is written.
struct UnsentPiece<K> {
    bytes: Bytes,
    unsent: Arc<Unsent>,
    /// Kept alive until the piece is written.
    _kept: K,
}

impl<K> AsRef<[u8]> for UnsentPiece<K> {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl<K> Drop for UnsentPiece<K> {
    fn drop(&mut self) {
        self.unsent.written(self.bytes.len());
    }
}

/// A body that is sent piece by piece. `K` stays with each piece until it is written.
pub(super) struct ResponsePieces<K> {
    body: Body,
    /// Read from the body and not yet produced.
    rest: Bytes,
    unsent: Arc<Unsent>,
    kept: K,
    has_ended: bool,
}

impl<K> ResponsePieces<K> {
    pub(super) fn new(body: Body, unsent: Arc<Unsent>, kept: K) -> Self {
        let has_ended = body.is_end_stream();
        Self { body, rest: Bytes::new(), unsent, kept, has_ended }
    }
}

impl<K: Clone + Send + Unpin + 'static> http_body::Body for ResponsePieces<K> {
    type Data = Bytes;
    type Error = axum::Error;

    /// Ends only once everything is written: over HTTP/2 only an unfinished body can have its
    /// stream reset.
    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let body = self.get_mut();
        loop {
            let unsent = body.unsent.bytes();
            let waits = if body.has_ended && body.rest.is_empty() {
                unsent > 0
            } else {
                unsent >= UNSENT_BYTES
            };
            if waits {
                body.unsent.writer.register(cx.waker());
                if body.unsent.is_stalled() {
                    return Poll::Ready(Some(Err(axum::Error::new(StalledPeer))));
                }
                // A piece may have been written before the task was registered.
                if body.unsent.bytes() == unsent {
                    return Poll::Pending;
                }
                continue;
            }
            if !body.rest.is_empty() {
                let bytes = body.rest.split_to(body.rest.len().min(PIECE_BYTES));
                body.unsent.forward(bytes.len());
                let (unsent, kept) = (body.unsent.clone(), body.kept.clone());
                let piece = Bytes::from_owner(UnsentPiece { bytes, unsent, _kept: kept });
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            if body.has_ended {
                return Poll::Ready(None);
            }
            match std::task::ready!(Pin::new(&mut body.body).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => body.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => body.has_ended = true,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.has_ended && self.rest.is_empty() && self.unsent.bytes() == 0
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.body.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt as _, stream};
    use http_body_util::BodyExt as _;

    use super::*;

    fn pieces(body: impl Into<Body>) -> (ResponsePieces<()>, Arc<Unsent>) {
        let unsent = Unsent::new();
        (ResponsePieces::new(body.into(), unsent.clone(), ()), unsent)
    }

    /// Returns what the body produces without waiting.
    fn next(body: &mut ResponsePieces<()>) -> Option<Bytes> {
        let frame = body.frame().now_or_never()?;
        Some(frame?.expect("no error").into_data().expect("data"))
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_is_handed_on_than_is_written() {
        let (mut body, unsent) = pieces(vec![b'x'; 22_000]);
        assert_eq!(body.size_hint().exact(), Some(22_000));
        let mut output: Vec<Bytes> = std::iter::from_fn(|| next(&mut body)).collect();
        assert!(output.iter().all(|piece| piece.len() == PIECE_BYTES));
        assert_eq!(unsent.bytes(), UNSENT_BYTES, "nothing is written yet");
        assert_eq!(body.size_hint().exact(), Some(22_000 - 16_384));
        output.pop();
        output.push(next(&mut body).unwrap());
        assert_eq!(next(&mut body), None);
        output.clear();
        let last = next(&mut body).unwrap();
        assert_eq!(last.len(), 22_000 - 5 * PIECE_BYTES);
        assert_eq!(unsent.bytes(), last.len());
        assert!(body.frame().now_or_never().is_none(), "the end waits for the last piece");
        assert!(!http_body::Body::is_end_stream(&body));
        drop(last);
        assert!(body.frame().now_or_never().unwrap().is_none());
        assert!(http_body::Body::is_end_stream(&body));
    }

    #[tokio::test(start_paused = true)]
    async fn small_pieces_go_out_together() {
        let events = (0..100).map(|_| Ok::<_, std::io::Error>(Bytes::from_static(&[b'e'; 300])));
        let (mut body, _) = pieces(Body::from_stream(stream::iter(events)));
        let mut held = Vec::new();
        while let Some(event) = next(&mut body) {
            held.push(event);
        }
        assert_eq!(held.len(), UNSENT_BYTES / 300 + 1);
        drop(held);
        assert!(next(&mut body).is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_takes_nothing_stalls_after_its_time_and_one_that_takes_little_does_not() {
        let (mut body, unsent) = pieces(vec![b'x'; 100_000]);
        let mut held: Vec<Bytes> = std::iter::from_fn(|| next(&mut body)).collect();
        for _ in 0..3 {
            tokio::time::sleep(IDLE_TIMEOUT - std::time::Duration::from_secs(1)).await;
            held.remove(0);
            held.push(next(&mut body).unwrap());
        }
        assert!(body.frame().now_or_never().is_none());
        let stalled = Instant::now();
        unsent.stalled().await;
        assert_eq!(stalled.elapsed(), IDLE_TIMEOUT);
        let error = body.frame().now_or_never().unwrap().unwrap().unwrap_err();
        assert!(error.to_string().contains("75 seconds"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_waits_for_its_own_bytes_does_not_stall() {
        let (mut body, unsent) =
            pieces(Body::from_stream(stream::pending::<std::io::Result<Bytes>>()));
        assert_eq!(next(&mut body), None);
        let stalled = tokio::time::timeout(10 * IDLE_TIMEOUT, unsent.stalled()).await;
        assert!(stalled.is_err());
    }
}
