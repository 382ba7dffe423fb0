//! The HTTP listener: the accept loop with one task per connection, the gate that keeps heads as
//! received, connection limits, graceful shutdown.

mod authority;
mod body;
mod chunks;
pub mod client_address;
mod clock;
pub(crate) mod connection_limit;
mod exchange;
pub mod forwarded;
mod framing;
#[cfg(fuzzing)]
pub mod fuzzing;
mod gate;
mod malformed;
pub(crate) mod normalize;
mod streams;
mod unsent;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use axum::{Router, body::Body, response::Response};
use bytes::BytesMut;
use hookglass_limits::{address::Address, budget::Budget};
use hookglass_metrics::{Metrics, Reason};
use http_body::Body as _;
use hyper::{
    HeaderMap, Request, Version,
    body::Incoming,
    header::{CONNECTION, HeaderValue},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt as _;

pub use self::{
    authority::fault_of_kept,
    connection_limit::ConnectionLimiter,
    exchange::{BodyFailure, Exchange},
    framing::HeadRanges,
    malformed::Malformed,
    streams::Streams,
};
use self::{
    body::TimedBody,
    exchange::ExchangeSlot,
    framing::{MAX_FIELDS, MAX_HEAD_BYTES},
    gate::{Gate, HEAD_TIMEOUT, IDLE_TIMEOUT, READ_BYTES},
    unsent::{ResponsePieces, Unsent},
};

/// How long accepting pauses when the process has run out of file descriptors: connections wait in
/// the kernel's queue meanwhile.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Large heads that may arrive at once, over all connections: 64 MiB of them. Senders of more get
/// 503.
const LARGE_HEADS: usize = 1_024;
/// What hyper may buffer of one message: the largest head plus one read.
const BUFFER_BYTES: usize = MAX_HEAD_BYTES + 16 * 1024;

/// How an HTTP/2 connection starts (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Concurrent streams of one HTTP/2 connection.
const STREAMS: u32 = 128;
/// Streams that a client may reset before their requests are handled; more is an attack.
const RESET_STREAMS: usize = 32;
/// Bytes in flight for one stream and for one connection.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
const CONNECTION_WINDOW_BYTES: u32 = 1024 * 1024;
/// The memory of a stream until its response is written, besides the response's body.
const STREAM_BYTES: u64 = 8 * 1024;
/// How often an HTTP/2 connection is checked for idleness.
const IDLE_CHECK: Duration = Duration::from_secs(15);

/// The address and port of a request's connection; an extension of each request.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// An extension of a response that its sender must not get: the connection, or the HTTP/2 stream,
/// is cut instead. Also the error that makes hyper do so.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the connection is cut, as the endpoint's owner asked")]
pub struct Cut;

/// Finds a client's address from the peer's address and the request headers.
type ClientOf = dyn Fn(SocketAddr, &HeaderMap) -> Option<Address> + Send + Sync;

/// Serves connections. A cheap-clone handle.
#[derive(Clone)]
pub struct Listener {
    /// Responds to requests.
    pub routes: Router,
    /// Responds to requests that could not be parsed.
    pub malformed: Router,
    /// Limits the number of connections.
    pub connection_limit: ConnectionLimiter,
    /// Whether a peer stands for one client, so that limits by address apply to it.
    pub is_counted: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
    /// Finds the address of a request's client, if it stands for one client.
    pub client: Arc<ClientOf>,
    /// The memory of HTTP/2 streams until their responses are written.
    pub streams: Budget<Option<Address>>,
    /// The metrics.
    pub metrics: Metrics,
    /// Ends all connections when it is cancelled.
    pub shutdown: CancellationToken,
    /// Tracks the tasks of connections.
    pub connections: TaskTracker,
}

impl Listener {
    /// Accepts connections until shutdown and serves each in its own task.
    pub async fn serve(self, listener: TcpListener) {
        let large_heads = Arc::new(Semaphore::new(LARGE_HEADS));
        loop {
            let accepted = tokio::select! {
                () = self.shutdown.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, peer)) => self.admit(stream, peer, &large_heads),
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections; retrying");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, peer: SocketAddr, large_heads: &Arc<Semaphore>) {
        // A dual-stack socket shows IPv4 clients as mapped addresses (RFC 4291 §2.5.5.2).
        let peer = SocketAddr::new(peer.ip().to_canonical(), peer.port());
        let counted = (self.is_counted)(peer.ip()).then(|| peer.ip());
        match self.connection_limit.acquire(counted) {
            Ok(entry) => {
                let (listen, large_heads) = (self.clone(), large_heads.clone());
                self.connections.spawn(async move {
                    listen.serve_one(stream, peer, large_heads).await;
                    drop(entry);
                });
            }
            Err(connection_limit::LimitReached(limit, value)) => {
                tracing::debug!(%peer, limit, value, "refused a connection");
                // As much of the response as fits into the empty send buffer: no task for it.
                let _ = stream.try_write(closed(limit, value).as_bytes());
            }
        }
    }

    async fn serve_one(self, mut stream: TcpStream, peer: SocketAddr, large_heads: Arc<Semaphore>) {
        // Otherwise a streamed page waits for the peer's delayed acknowledgements.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "cannot set TCP_NODELAY");
        }
        let mut input = BytesMut::new();
        let start = starts_as_http2(&mut stream, &mut input);
        // No request has been read yet that a shutdown would have to wait for.
        let Some(is_http2) = self.shutdown.run_until_cancelled(start).await else { return };
        let ended = match is_http2 {
            Ok(true) => Box::pin(self.serve_http2(Gate::open(stream, input), peer)).await,
            Ok(false) => {
                let slot = ExchangeSlot::default();
                let gate = Gate::new(stream, input, slot.clone(), large_heads);
                self.serve_http1(gate, slot, peer).await
            }
            Err(error) => {
                tracing::debug!(%error, "a connection sent nothing");
                return;
            }
        };
        if let Err(error) = ended {
            // Peers that disconnect or do not speak HTTP are everyday events on a public port.
            tracing::debug!(error = &error as &dyn std::error::Error, "a connection ended early");
        }
    }

    async fn serve_http1<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        &self,
        gate: Gate<S>,
        slot: ExchangeSlot,
        peer: SocketAddr,
    ) -> hyper::Result<()> {
        let service = service_fn(move |request: Request<Incoming>| {
            let exchange = slot.take().unwrap_or_else(|| {
                tracing::warn!("a request bypassed the gate");
                Arc::new(Exchange::without_wire(None))
            });
            let answer = answer(self.routes_for(&exchange), request, exchange, peer);
            async move { answer.await.map(in_pieces) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // A sender that closes its half after the body still gets its response.
            .half_close(true)
            // The gate keeps the deadlines.
            .header_read_timeout(None)
            .max_buf_size(BUFFER_BYTES)
            .serve_connection(TokioIo::new(gate), service);
        tokio::pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            () = self.shutdown.cancelled() => connection.as_mut().graceful_shutdown(),
        }
        connection.await
    }

    fn routes_for(&self, exchange: &Exchange) -> Router {
        if exchange.malformed.is_some() { self.malformed.clone() } else { self.routes.clone() }
    }

    async fn serve_http2<S: AsyncRead + AsyncWrite + Send + Unpin + 'static>(
        &self,
        gate: Gate<S>,
        peer: SocketAddr,
    ) -> hyper::Result<()> {
        let streams = Streams::new();
        let service = service_fn(|mut request: Request<Incoming>| {
            let client = (self.client)(peer, request.headers());
            let mut share = self.streams.share(client);
            let response = if share.grow(STREAM_BYTES).is_ok() {
                let headers = request.headers();
                let malformed = if headers.len() > MAX_FIELDS {
                    Some(Malformed::TooManyFields)
                } else {
                    authority::fault(request.uri(), headers)
                };
                let exchange = Arc::new(Exchange::without_wire(malformed));
                request.extensions_mut().insert(streams.clone());
                let answer = answer(self.routes_for(&exchange), request, exchange, peer);
                let open = streams.open(share);
                // Boxed, so that the task of a refused stream is small.
                Ok(Box::pin(async move { answer.await.map(|answer| open.answered_by(answer)) }))
            } else {
                self.metrics.refused.get_or_create(&Reason { reason: "streams" }).inc();
                Err(streams.refuse(client.is_some_and(|client| client != Address::of(peer.ip()))))
            };
            async move {
                match response {
                    Ok(response) => response.await,
                    Err(refused) => Ok(refused),
                }
            }
        });
        let connection = http2::Builder::new(streams.clone())
            .timer(TokioTimer::new())
            .max_concurrent_streams(STREAMS)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(RESET_STREAMS)
            .max_header_list_size(u32::try_from(MAX_HEAD_BYTES).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            // Detects a peer that vanished silently.
            .keep_alive_interval(IDLE_TIMEOUT / 2)
            // The acknowledgement is queued behind everything that such a peer has not read.
            .keep_alive_timeout(IDLE_TIMEOUT)
            .serve_connection(TokioIo::new(gate), service);
        tokio::pin!(connection);
        let mut looks = interval(IDLE_CHECK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                ended = connection.as_mut() => return ended,
                () = self.shutdown.cancelled() => break,
                () = streams.overrun() => {
                    tracing::debug!(%peer, "cut a connection after too many refused streams");
                    return Ok(());
                }
                _ = looks.tick() => {
                    if streams.idle().is_some_and(|idle| idle > IDLE_TIMEOUT) {
                        break;
                    }
                }
            }
        }
        connection.as_mut().graceful_shutdown();
        // Open streams may end; an idle peer that does not close is not waited for.
        timeout(IDLE_TIMEOUT, connection).await.unwrap_or(Ok(()))
    }
}

/// Routes a request. A response that precedes the end of the body is the last on its connection, so
/// that nothing in the body can be taken for a request.
async fn answer(
    routes: Router,
    request: Request<Incoming>,
    exchange: Arc<Exchange>,
    peer: SocketAddr,
) -> Result<Response, Cut> {
    let (mut parts, incoming) = request.into_parts();
    let is_http2 = parts.version == Version::HTTP_2;
    exchange.restore(&mut parts);
    parts.extensions.insert(Peer(peer));
    parts.extensions.insert(exchange.clone());
    let body = Body::new(TimedBody::new(incoming, exchange.clone()));
    let request = Request::from_parts(parts, body);
    let Ok(mut response) = routes.oneshot(request).await;
    if response.extensions().get::<Cut>().is_some() {
        return Err(Cut);
    }
    if !is_http2 && (exchange.malformed.is_some() || !exchange.has_body_ended()) {
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(response)
}

/// Sends a response without a known length, such as a feed, piece by piece: hyper would fill
/// several buffers ahead of what is written.
fn in_pieces(response: Response) -> Response {
    if response.body().size_hint().exact().is_some() {
        return response;
    }
    response.map(|body| Body::new(ResponsePieces::new(body, Unsent::new(), ())))
}

/// Reads until it is known whether a connection starts with the HTTP/2 preface.
async fn starts_as_http2(stream: &mut TcpStream, input: &mut BytesMut) -> io::Result<bool> {
    let mut deadline = Instant::now() + IDLE_TIMEOUT;
    loop {
        let compared = input.len().min(PREFACE.len());
        if input[..compared] != PREFACE[..compared] {
            return Ok(false);
        }
        if compared == PREFACE.len() {
            return Ok(true);
        }
        // Silent connections are numerous: they hold no buffer.
        timeout_at(deadline, stream.readable()).await??;
        input.reserve(READ_BYTES);
        match stream.try_read_buf(input) {
            Ok(0) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error),
        }
        deadline = deadline.min(Instant::now() + HEAD_TIMEOUT);
    }
}

/// Returns the response to a connection above the limit.
fn closed(limit: &str, value: usize) -> String {
    let problem = format!(
        "{{\"type\":\"/problems/too-many-connections\",\"title\":\"Too many connections\",\
         \"status\":503,\"detail\":\"This server accepts {value} connections ({limit}); close some \
         or retry later.\"}}"
    );
    format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
         retry-after: 5\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{problem}",
        problem.len()
    )
}

/// Whether `accept` can be called again at once.
fn concerns_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests;
