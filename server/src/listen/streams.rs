//! The open streams of an HTTP/2 connection, and since when there is none.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::time::Instant;

/// The streams of one connection. A cheap-clone handle.
#[derive(Clone)]
pub(super) struct Streams {
    /// Never held across an await: each use counts or looks at a clock.
    state: Arc<Mutex<State>>,
}

struct State {
    open: usize,
    /// When the last one ended, or the connection began.
    ended: Instant,
}

/// A stream that is being answered, until the last byte of its answer is handed on.
pub(super) struct OpenStream(Streams);

impl Streams {
    pub(super) fn new() -> Self {
        Self { state: Arc::new(Mutex::new(State { open: 0, ended: Instant::now() })) }
    }

    pub(super) fn open(&self) -> OpenStream {
        self.with(|state| state.open += 1);
        OpenStream(self.clone())
    }

    /// For how long no stream has been open; `None` while one is.
    pub(super) fn idle(&self) -> Option<Duration> {
        self.with(|state| (state.open == 0).then(|| state.ended.elapsed()))
    }

    fn with<T>(&self, run: impl FnOnce(&mut State) -> T) -> T {
        run(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OpenStream {
    /// Stays open until the answer is sent, which a feed is only at its end.
    pub(super) fn answered_by(self, answer: Response) -> Response {
        answer.map(|body| Body::new(Answering { body, _open: self }))
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.open -= 1;
            state.ended = Instant::now();
        });
    }
}

/// A body with the stream that it goes out on.
struct Answering {
    body: Body,
    _open: OpenStream,
}

impl http_body::Body for Answering {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
