//! Response bodies that keep the sender waiting: spread evenly over a time, or stalled.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, Sleep};
use tokio_util::sync::WaitForCancellationFutureOwned;

use super::deliver::DeliveryGuard;

/// The interval between parts of a slow body.
const STEP: Duration = Duration::from_millis(100);

/// The error that ends a stalled response.
#[derive(Debug, thiserror::Error)]
#[error("the response stalls, as configured by the endpoint's owner")]
pub(super) struct StalledResponse;

/// A slow body. Ends early at the shutdown, and when the sender disconnects.
pub(super) struct ThrottledBody {
    bytes: Bytes,
    sent: usize,
    started: Instant,
    takes: Duration,
    /// Sends nothing, and ends with an error.
    stalls: bool,
    tick: Pin<Box<Sleep>>,
    shutdown: Pin<Box<WaitForCancellationFutureOwned>>,
    watch: Option<DeliveryGuard>,
}

impl ThrottledBody {
    pub(super) fn new(bytes: Bytes, takes: Duration, stalls: bool, watch: DeliveryGuard) -> Self {
        let started = Instant::now();
        let first = if stalls { takes } else { STEP.min(takes) };
        Self {
            bytes,
            sent: 0,
            started,
            takes,
            stalls,
            tick: Box::pin(tokio::time::sleep_until(started + first)),
            shutdown: Box::pin(watch.shutdown().cancelled_owned()),
            watch: Some(watch),
        }
    }

    fn end(&mut self, taken: bool) {
        if let Some(watch) = self.watch.take() {
            watch.done(taken);
        }
    }

    /// How much of a slow body should have been sent by now.
    fn due(&self) -> usize {
        let gone = self.started.elapsed().as_millis();
        let takes = self.takes.as_millis().max(1);
        let all = self.bytes.len() as u128;
        usize::try_from(all * gone.min(takes) / takes).unwrap_or(self.bytes.len())
    }
}

impl Body for ThrottledBody {
    type Data = Bytes;
    type Error = StalledResponse;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StalledResponse>>> {
        let body = self.get_mut();
        let is_shutdown = body.shutdown.as_mut().poll(cx).is_ready();
        if body.stalls {
            let has_hung_up = body.watch.as_mut().is_none_or(|watch| watch.poll_hung_up(cx));
            if body.tick.as_mut().poll(cx).is_ready() || is_shutdown || has_hung_up {
                body.end(!has_hung_up);
                return Poll::Ready(Some(Err(StalledResponse)));
            }
            return Poll::Pending;
        }
        loop {
            if body.sent == body.bytes.len() {
                body.end(true);
                return Poll::Ready(None);
            }
            let due = if is_shutdown { body.bytes.len() } else { body.due() };
            if due > body.sent {
                let part = body.bytes.slice(body.sent..due);
                body.sent = due;
                if body.sent == body.bytes.len() {
                    // hyper does not poll again once the length is reached.
                    body.end(true);
                }
                return Poll::Ready(Some(Ok(Frame::data(part))));
            }
            if body.tick.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            body.tick.as_mut().reset(Instant::now() + STEP);
        }
    }

    fn is_end_stream(&self) -> bool {
        !self.stalls && self.sent == self.bytes.len()
    }

    fn size_hint(&self) -> SizeHint {
        let left = (self.bytes.len() - self.sent) as u64;
        // A stalled response without a body has no length: the sender waits for an end that never
        // comes.
        if left == 0 && self.stalls { SizeHint::default() } else { SizeHint::with_exact(left) }
    }
}
