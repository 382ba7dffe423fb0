//! A request body that nobody can draw out for ever, and that says when its end was seen.

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
    clock::Clock,
    exchange::{Exchange, Trouble},
};

/// How long a body may go without a byte.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a body may take in all.
const BODY_TIMEOUT: Duration = Duration::from_secs(120);

/// Why a body ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    #[error(transparent)]
    Hyper(#[from] hyper::Error),
    #[error("no byte of the body came for {} seconds", SILENCE_TIMEOUT.as_secs())]
    Silent,
    #[error("the body took longer than {} seconds", BODY_TIMEOUT.as_secs())]
    Slow,
}

/// hyper's body under our clocks.
pub(super) struct Watched {
    incoming: Incoming,
    exchange: Arc<Exchange>,
    started: Instant,
    /// When the last byte came.
    heard: Instant,
    clock: Clock,
}

impl Watched {
    pub(super) fn new(incoming: Incoming, exchange: Arc<Exchange>) -> Self {
        if incoming.is_end_stream() {
            exchange.set_body_ended();
        }
        let now = Instant::now();
        Self { incoming, exchange, started: now, heard: now, clock: Clock::default() }
    }

    /// Whether a deadline has passed, and which.
    fn poll_deadline(&mut self, cx: &mut Context<'_>) -> Poll<BodyError> {
        let (silence, slow) = (self.heard + SILENCE_TIMEOUT, self.started + BODY_TIMEOUT);
        self.clock.poll_until(cx, silence.min(slow)).map(|()| {
            let (timeout, error) = if silence < slow {
                (SILENCE_TIMEOUT, BodyError::Silent)
            } else {
                (BODY_TIMEOUT, BodyError::Slow)
            };
            self.exchange.set_trouble(Trouble::TimedOut(timeout.as_secs()));
            error
        })
    }
}

impl Body for Watched {
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
                    body.exchange.set_trouble(Trouble::TimedOut(BODY_TIMEOUT.as_secs()));
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
