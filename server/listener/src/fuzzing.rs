//! An in-memory connection for the fuzz targets: bytes in, the handlers' view of them out.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{Router, extract::State, routing::any};
use bytes::BytesMut;
use hookglass_limits::budget::Budget;
use hookglass_metrics::Metrics;
use http_body_util::BodyExt as _;
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, duplex},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ConnectionLimiter, Exchange, Listener, exchange::ExchangeSlot, gate::Gate};

/// A message as its handler saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenMessage {
    /// The head's bytes; of a refused head, the bytes that had arrived.
    pub head: Vec<u8>,
    /// Its body.
    pub body: Vec<u8>,
    /// Its trailer section.
    pub trailers: Vec<u8>,
    /// Whether the body was complete.
    pub complete: bool,
    /// Whether the head was refused.
    pub refused: bool,
    /// Whether hyper read the same as is on the wire.
    pub exact: bool,
}

type SeenMessages = Arc<Mutex<Vec<SeenMessage>>>;

/// Sends pieces over a connection, then closes that half; returns what handlers saw, in order, and
/// all response bytes.
#[must_use]
pub fn play(pieces: &[&[u8]]) -> (Vec<SeenMessage>, Vec<u8>) {
    let log = SeenMessages::default();
    let routes = Router::new().fallback(any(see)).with_state(log.clone());
    let listen = Listener {
        routes: routes.clone(),
        malformed: routes,
        connection_limit: ConnectionLimiter::new(1, 1, Metrics::default()),
        is_counted: Arc::new(|_| false),
        client: Arc::new(|_, _| None),
        streams: Budget::new(u64::MAX, Gauge::default()),
        metrics: Metrics::default(),
        shutdown: CancellationToken::new(),
        connections: TaskTracker::new(),
    };
    let (ours, theirs) = duplex(64 * 1024);
    let slot = ExchangeSlot::default();
    let gate = Gate::new(theirs, BytesMut::new(), slot.clone(), Arc::new(Semaphore::new(1)));
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let mut answered = Vec::new();
    let connection = async {
        let (mut answers, mut sender) = tokio::io::split(ours);
        let send = async {
            for piece in pieces {
                // The server may have closed the connection already.
                if sender.write_all(piece).await.is_err() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            let _ = sender.shutdown().await;
        };
        let serve = listen.serve_http1(gate, slot, peer);
        let receive = answers.read_to_end(&mut answered);
        let _ = tokio::join!(send, serve, receive);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(connection);
    let seen = log.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (seen, answered)
}

async fn see(State(log): State<SeenMessages>, request: axum::extract::Request) {
    let (parts, mut body) = request.into_parts();
    let exchange = parts.extensions.get::<Arc<Exchange>>().cloned().expect("an exchange");
    let exact = exchange.exact(&parts).is_some();
    let (mut data, mut complete) = (Vec::new(), true);
    while let Some(frame) = body.frame().await {
        match frame.map(http_body::Frame::into_data) {
            Ok(Ok(bytes)) => data.extend_from_slice(&bytes),
            Ok(Err(_)) => {}
            Err(_) => {
                complete = false;
                break;
            }
        }
    }
    let wire = exchange.wire.as_ref().expect("HTTP/1");
    let seen = SeenMessage {
        head: wire.bytes.to_vec(),
        body: data,
        trailers: exchange.trailers().to_vec(),
        complete,
        refused: exchange.malformed.is_some(),
        exact,
    };
    log.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
}
