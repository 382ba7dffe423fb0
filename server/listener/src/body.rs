//! A request body with deadlines, which reports whether its end was seen.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::time::Instant;

use super::{
    clock::LazyTimer,
    exchange::{BodyFailure, Exchange},
};

/// How long a body may go without a byte.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a body may take in total.
const BODY_TIMEOUT: Duration = Duration::from_secs(120);

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error(transparent)]
    Hyper(#[from] hyper::Error),
    #[error("no byte of the body arrived for {} seconds", SILENCE_TIMEOUT.as_secs())]
    Silent,
    #[error("the body took longer than {} seconds", BODY_TIMEOUT.as_secs())]
    Slow,
}

/// A body (hyper's, except in tests) with our deadlines.
pub(super) struct TimedBody<B = Incoming> {
    incoming: B,
    exchange: Arc<Exchange>,
    started: Instant,
    /// When the last byte arrived.
    heard: Instant,
    clock: LazyTimer,
}

impl<B: Body> TimedBody<B> {
    pub(super) fn new(incoming: B, exchange: Arc<Exchange>) -> Self {
        if incoming.is_end_stream() {
            exchange.set_body_ended();
        }
        let now = Instant::now();
        Self { incoming, exchange, started: now, heard: now, clock: LazyTimer::default() }
    }

    /// Whether a deadline has passed, and which one.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let (silence, slow) = (self.heard + SILENCE_TIMEOUT, self.started + BODY_TIMEOUT);
        self.clock.poll_until(cx, silence.min(slow)).map(|()| {
            let (timeout, error) = if silence < slow {
                (SILENCE_TIMEOUT, BodyError::Silent)
            } else {
                (BODY_TIMEOUT, BodyError::Slow)
            };
            self.exchange.set_trouble(BodyFailure::TimedOut(timeout.as_secs()));
            error
        })
    }
}

impl<B> Body for TimedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    BodyError: From<B::Error>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let body = self.get_mut();
        match Pin::new(&mut body.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                body.heard = Instant::now();
                if body.incoming.is_end_stream() {
                    body.exchange.set_body_ended();
                } else if body.heard >= body.started + BODY_TIMEOUT {
                    body.exchange.set_trouble(BodyFailure::TimedOut(BODY_TIMEOUT.as_secs()));
                    return Poll::Ready(Some(Err(BodyError::Slow)));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => {
                body.exchange.set_body_ended();
                Poll::Ready(None)
            }
            Poll::Pending => body.poll_deadline(cx).map(|error| Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A body that has a byte ready at each poll, forever or a number of times.
    struct Ready(Option<u32>);

    impl Body for Ready {
        type Data = Bytes;
        type Error = hyper::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
            let left = &mut self.get_mut().0;
            if *left == Some(0) {
                return Poll::Ready(None);
            }
            *left = left.map(|left| left - 1);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }

        fn is_end_stream(&self) -> bool {
            self.0 == Some(0)
        }
    }

    /// Returns how many bytes are read, one per second, and how the body ends.
    async fn taken(body: Ready) -> (u32, Option<BodyError>, Arc<Exchange>) {
        let exchange = Arc::new(Exchange::without_wire(None));
        let mut watched = TimedBody::new(body, exchange.clone());
        for taken in 0..10_000 {
            match watched.frame().await {
                None => return (taken, None, exchange),
                Some(Err(error)) => return (taken, Some(error), exchange),
                Some(Ok(_)) => tokio::time::advance(SECOND).await,
            }
        }
        panic!("it never ends");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_pauses_ends_in_time() {
        let (taken, error, exchange) = taken(Ready(None)).await;
        assert_eq!(u64::from(taken), BODY_TIMEOUT.as_secs());
        assert!(matches!(error, Some(BodyError::Slow)), "{error:?}");
        assert_eq!(exchange.trouble(), Some(BodyFailure::TimedOut(BODY_TIMEOUT.as_secs())));
        assert!(!exchange.has_body_ended());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_byte_may_come_after_any_time() {
        for bytes in [5, 120, 121] {
            let (taken, error, exchange) = taken(Ready(Some(bytes))).await;
            assert_eq!((taken, error.is_none()), (bytes, true), "{error:?}");
            assert_eq!((exchange.trouble(), exchange.has_body_ended()), (None, true));
        }
        let (taken, error, _) = taken(Ready(Some(122))).await;
        assert!(taken == 120 && error.is_some(), "{taken} {error:?}");
    }
}
