//! In-memory connections on a paused clock: timeouts, and connections after a refusal.

mod unread;

use std::{net::Ipv4Addr, sync::Mutex};

use axum::{extract::State, http::StatusCode, routing::any};
use futures_util::stream;
use http_body_util::BodyExt as _;
use hyper::client::conn::http2 as http2_client;
use hyper_util::rt::TokioExecutor;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex},
    time::sleep,
};

use prometheus_client::metrics::gauge::Gauge;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// What a handler saw of a body: its length, after how long, and what was wrong.
type Log = Arc<Mutex<Vec<(usize, Duration, Option<BodyFailure>)>>>;

fn listen(routes: Router, shutdown: CancellationToken) -> Listener {
    let streams = Budget::new(u64::MAX, Gauge::default());
    Listener {
        routes: routes.clone(),
        malformed: routes,
        connection_limit: ConnectionLimiter::new(1, 1, Metrics::default()),
        is_counted: Arc::new(|_| false),
        client: Arc::new(|_, _| None),
        streams,
        metrics: Metrics::default(),
        shutdown,
        connections: TaskTracker::new(),
    }
}

/// A connection to a handler; ends when the server has closed it.
fn connection(
    routes: Router,
) -> (DuplexStream, CancellationToken, tokio::task::JoinHandle<hyper::Result<()>>) {
    let shutdown = CancellationToken::new();
    let listen = listen(routes, shutdown.clone());
    let (ours, theirs) = duplex(64 * 1024);
    let slot = ExchangeSlot::default();
    let gate = Gate::new(theirs, BytesMut::new(), slot.clone(), Arc::new(Semaphore::new(1)));
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    let served = tokio::spawn(async move { listen.serve_http1(gate, slot, peer).await });
    (ours, shutdown, served)
}

/// An HTTP/2 connection to a handler; ends when the server has closed it.
async fn connection2(
    routes: Router,
) -> (http2_client::SendRequest<Body>, tokio::task::JoinHandle<hyper::Result<()>>) {
    let listen = listen(routes, CancellationToken::new());
    let (ours, theirs) = duplex(64 * 1024);
    let gate = Gate::open(theirs, BytesMut::new());
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    tokio::spawn(async move { listen.serve_http2(gate, peer).await });
    let (sender, connection) =
        http2_client::handshake(TokioExecutor::new(), TokioIo::new(ours)).await.unwrap();
    (sender, tokio::spawn(connection))
}

/// Reads a body to its end.
async fn read(State(log): State<Log>, request: axum::extract::Request) -> StatusCode {
    let started = Instant::now();
    let exchange = request.extensions().get::<Arc<Exchange>>().unwrap().clone();
    let mut body = request.into_body();
    let mut bytes = 0;
    let mut status = StatusCode::OK;
    while let Some(frame) = body.frame().await {
        match frame {
            Ok(frame) => bytes += frame.into_data().map_or(0, |data| data.len()),
            Err(_) => {
                status = StatusCode::REQUEST_TIMEOUT;
                break;
            }
        }
    }
    log.lock().unwrap().push((bytes, started.elapsed(), exchange.trouble()));
    status
}

fn reading() -> (Router, Log) {
    let log = Log::default();
    (Router::new().fallback(any(read)).with_state(log.clone()), log)
}

async fn answer(sender: &mut DuplexStream) -> String {
    let mut answer = String::new();
    sender.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(start_paused = true)]
async fn a_body_may_be_silent_for_half_a_minute() {
    for framing in ["Content-Length: 100", "Transfer-Encoding: chunked"] {
        let (routes, log) = reading();
        let (mut sender, _, _) = connection(routes);
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n");
        sender.write_all(head.as_bytes()).await.unwrap();
        sleep(29 * SECOND).await;
        sender.write_all(b"5\r\nhello\r\n").await.unwrap();
        let answer = answer(&mut sender).await;
        assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
        let (_, took, trouble) = log.lock().unwrap()[0];
        assert_eq!((took, trouble), (59 * SECOND, Some(BodyFailure::TimedOut(30))), "{framing}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_takes_two_minutes_at_most() {
    let (routes, log) = reading();
    let (mut sender, _, _) = connection(routes);
    sender.write_all(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n").await.unwrap();
    let (mut answers, mut sender) = tokio::io::split(sender);
    let dribble = tokio::spawn(async move {
        while sender.write_all(b"x").await.is_ok() {
            sleep(7 * SECOND).await;
        }
    });
    let mut answer = String::new();
    answers.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(*log.lock().unwrap(), [(18, 120 * SECOND, Some(BodyFailure::TimedOut(120)))]);
    dribble.abort();
}

#[tokio::test(start_paused = true)]
async fn chunk_framing_without_data_is_silence() {
    let (routes, log) = reading();
    let (mut sender, _, _) = connection(routes);
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1;";
    sender.write_all(head).await.unwrap();
    let (mut answers, mut sender) = tokio::io::split(sender);
    let dribble = tokio::spawn(async move {
        while sender.write_all(b"x").await.is_ok() {
            sleep(SECOND).await;
        }
    });
    let mut answer = String::new();
    answers.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(*log.lock().unwrap(), [(0, 30 * SECOND, Some(BodyFailure::TimedOut(30)))]);
    dribble.abort();
}

#[tokio::test(start_paused = true)]
async fn a_refusal_reaches_a_sender_that_is_still_writing_ten_megabytes() {
    for framing in ["Content-Length: 10485760", "Transfer-Encoding: chunked"] {
        let routes = Router::new().fallback(any(async || StatusCode::PAYLOAD_TOO_LARGE));
        let (mut sender, _, served) = connection(routes);
        let head = format!("POST / HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\na00000\r\n");
        sender.write_all(head.as_bytes()).await.unwrap();
        sender.write_all(&vec![b'x'; 10 * 1024 * 1024]).await.unwrap();
        let answer = answer(&mut sender).await;
        assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
        assert_eq!(answer.matches("HTTP/1.1").count(), 1, "{answer}");
        drop(sender);
        served.await.unwrap().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn who_goes_on_writing_after_a_refusal_is_cut_off() {
    let routes = Router::new().fallback(any(async || StatusCode::PAYLOAD_TOO_LARGE));
    let (mut sender, _, served) = connection(routes);
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
    sender.write_all(head).await.unwrap();
    let started = Instant::now();
    while sender.write_all(b"1\r\nx\r\n").await.is_ok() {
        sleep(SECOND).await;
    }
    served.await.unwrap().unwrap();
    assert!(started.elapsed() <= 7 * SECOND, "{:?}", started.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_lets_a_request_end_and_closes_what_idles() {
    let (routes, log) = reading();
    let (mut sender, shutdown, served) = connection(routes);
    let message = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi";
    sender.write_all(message).await.unwrap();
    sender.read_exact(&mut [0; 15]).await.unwrap();
    sender.write_all(&message[..message.len() - 1]).await.unwrap();
    sleep(SECOND).await;
    shutdown.cancel();
    sleep(SECOND).await;
    sender.write_all(b"i").await.unwrap();
    let answers = answer(&mut sender).await;
    assert_eq!(answers.matches("HTTP/1.1 200").count(), 1, "{answers}");
    assert_eq!(log.lock().unwrap().len(), 2);
    served.await.unwrap().unwrap();

    let (mut idle, shutdown, served) = connection(Router::new());
    shutdown.cancel();
    assert_eq!(answer(&mut idle).await, "");
    served.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_feed_over_http2_is_not_idle_while_it_lasts() {
    let feed = async || {
        Body::from_stream(stream::unfold(0, async |beats| {
            sleep(10 * SECOND).await;
            (beats < 60).then_some((Ok::<_, io::Error>("beat"), beats + 1))
        }))
    };
    let (mut sender, connection) = connection2(Router::new().fallback(any(feed))).await;
    let request = Request::get("http://h/").body(Body::empty()).unwrap();
    let started = Instant::now();
    let answer = sender.send_request(request).await.unwrap();
    let beats = answer.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(beats.len(), 60 * "beat".len());
    assert!(started.elapsed() >= 600 * SECOND);
    // The idle time counts from the end of the feed, not from the start of the response.
    sleep(60 * SECOND).await;
    let request = Request::get("http://h/").body(Body::empty()).unwrap();
    drop(sender.send_request(request).await.unwrap());
    connection.await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn http2_that_is_used_for_a_moment_each_minute_does_not_idle() {
    let (mut sender, connection) = connection2(Router::new().fallback(any(async || "ok"))).await;
    for _ in 0..10 {
        // Between two checks for idleness.
        sleep(61 * SECOND).await;
        let request = Request::get("http://h/").body(Body::empty()).unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "ok");
    }
    let last = Instant::now();
    connection.await.unwrap().unwrap();
    assert!(last.elapsed() < 2 * IDLE_TIMEOUT, "{:?}", last.elapsed());
}
