//! The streams of an HTTP/2 connection: how long none has been open, how many response bytes wait
//! for the peer, and the end of streams that the peer does not read.

use std::{
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{body::Body, response::Response};
use futures_util::FutureExt as _;
use hookglass_limits::{address::Address, budget::Share};
use http_body::Body as _;
use hyper::{
    StatusCode,
    header::{HeaderValue, RETRY_AFTER},
};
use tokio::{sync::Notify, time::Instant};

use super::unsent::{ResponsePieces, Unsent};

/// Responses that a connection may have open while more than [`UNREAD_BYTES`] of them wait for the
/// peer.
const FEW: usize = 8;
/// Response bytes that may wait for one connection's peer before it is limited to [`FEW`].
const UNREAD_BYTES: u64 = 1024 * 1024;
/// Consecutive streams that one client may have refused for lack of memory. A client that goes on
/// is cut off: refused streams leave memory behind that only the end of the connection frees.
pub(super) const MAX_REFUSED: usize = 32;

/// The streams of one connection. A cheap-clone handle.
#[derive(Clone)]
pub struct Streams {
    inner: Arc<StreamsShared>,
}

struct StreamsShared {
    /// Never held across an await: each use counts or reads a clock.
    state: Mutex<StreamsState>,
    /// Too many streams were refused.
    overrun: Notify,
}

struct StreamsState {
    open: usize,
    /// When the last stream ended, or the connection began.
    ended: Instant,
    /// Refused streams since one was last opened.
    refused: usize,
    /// Responses with bytes that wait for the peer, and the number of those bytes.
    answering: usize,
    unread: u64,
    /// The stream that hyper starts next.
    newest: Option<UnstartedStream>,
}

/// A stream whose task hyper has not started.
enum UnstartedStream {
    /// What hyper will hold of its response.
    Open(Arc<Unsent>),
    Refused,
}

/// A stream until the last byte of its response is written.
pub(super) struct OpenStream {
    streams: Streams,
    unsent: Arc<Unsent>,
    _share: Share<Option<Address>>,
}

/// A response with bytes that wait for the peer; counts until they are written.
struct UnsentResponse {
    stream: OpenStream,
    bytes: u64,
}

impl Streams {
    pub(super) fn new() -> Self {
        let state = StreamsState {
            open: 0,
            ended: Instant::now(),
            refused: 0,
            answering: 0,
            unread: 0,
            newest: None,
        };
        Self { inner: Arc::new(StreamsShared { state: Mutex::new(state), overrun: Notify::new() }) }
    }

    /// Opens a stream, whose task hyper starts next. `share` is its memory.
    pub(super) fn open(&self, share: Share<Option<Address>>) -> OpenStream {
        let unsent = Unsent::new();
        self.with(|state| {
            state.open += 1;
            state.refused = 0;
            state.newest = Some(UnstartedStream::Open(unsent.clone()));
        });
        OpenStream { streams: self.clone(), unsent, _share: share }
    }

    /// Returns the response to a stream for which there is no memory: only a head. `is_shared` says
    /// whether the connection is a proxy's, whose other clients are not at fault.
    pub(super) fn refuse(&self, is_shared: bool) -> Response {
        let refused = self.with(|state| {
            state.newest = Some(UnstartedStream::Refused);
            state.refused += usize::from(!is_shared);
            state.refused
        });
        if refused > MAX_REFUSED {
            self.inner.overrun.notify_one();
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("5"));
        response
    }

    /// Waits until too many of the peer's streams have been refused. For one waiter.
    pub(super) async fn overrun(&self) {
        self.inner.overrun.notified().await;
    }

    /// How long no stream has been open; `None` while one is.
    pub(super) fn idle(&self) -> Option<Duration> {
        self.with(|state| (state.open == 0).then(|| state.ended.elapsed()))
    }

    /// Whether too many bytes wait for the peer for another large response.
    pub fn is_congested(&self) -> bool {
        self.with(|state| state.answering >= FEW && state.unread > UNREAD_BYTES)
    }

    fn with<T>(&self, run: impl FnOnce(&mut StreamsState) -> T) -> T {
        run(&mut self.inner.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Starts the tasks of streams, and ends those whose peer reads nothing for too long.
impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Streams {
    fn execute(&self, task: F) {
        // hyper starts the task of a stream right after calling the service for it.
        let unsent = match self.with(|state| state.newest.take()) {
            Some(UnstartedStream::Open(unsent)) => unsent,
            Some(UnstartedStream::Refused) => {
                // Its response is ready. As a task it would be queued, and a crowd of them takes
                // more memory than the refusals saved.
                task.now_or_never();
                return;
            }
            None => {
                tokio::spawn(task);
                return;
            }
        };
        tokio::spawn(async move {
            let mut task = pin!(task);
            loop {
                tokio::select! {
                    biased;
                    () = &mut task => return,
                    () = unsent.stalled() => {}
                }
                // A body that waits for its bytes to be written fails now, and hyper resets the
                // stream. hyper does not poll the body of a stream without window: dropping its
                // task resets that stream.
                if futures_util::poll!(&mut task).is_ready() || unsent.is_stalled() {
                    return;
                }
            }
        });
    }
}

impl OpenStream {
    /// Keeps the stream open until the response is written; for a feed, until it ends.
    pub(super) fn answered_by(self, response: Response) -> Response {
        if response.body().is_end_stream() {
            return response;
        }
        response.map(|body| {
            let (bytes, unsent) = (body.size_hint().lower(), self.unsent.clone());
            self.streams.with(|state| {
                state.answering += usize::from(bytes > 0);
                state.unread += bytes;
            });
            Body::new(ResponsePieces::new(
                body,
                unsent,
                Arc::new(UnsentResponse { stream: self, bytes }),
            ))
        })
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.streams.with(|state| {
            state.open -= 1;
            state.ended = Instant::now();
        });
    }
}

impl Drop for UnsentResponse {
    fn drop(&mut self) {
        let bytes = self.bytes;
        self.stream.streams.with(|state| {
            state.answering -= usize::from(bytes > 0);
            state.unread -= bytes;
        });
    }
}
