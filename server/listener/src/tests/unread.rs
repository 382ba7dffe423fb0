//! Responses over HTTP/2 that their peer does not read.

use hyper::Response;

use super::*;

/// More than fits into any window.
const LARGE: usize = 4 * 1024 * 1024;

type Sender = http2_client::SendRequest<Body>;

/// An HTTP/2 connection whose client grants a window of `window` bytes per response.
async fn connection(
    routes: Router,
    memory: &Budget<Option<Address>>,
    window: u32,
) -> (Sender, tokio::task::JoinHandle<hyper::Result<()>>) {
    connection_of(None, routes, memory, window).await
}

/// The same, with all requests from one client.
async fn connection_of(
    client: Option<Address>,
    routes: Router,
    memory: &Budget<Option<Address>>,
    window: u32,
) -> (Sender, tokio::task::JoinHandle<hyper::Result<()>>) {
    let listen = Listener {
        streams: memory.clone(),
        client: Arc::new(move |_, _| client),
        ..listen(routes, CancellationToken::new())
    };
    let (ours, theirs) = duplex(64 * 1024);
    let gate = Gate::open(theirs, BytesMut::new());
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    tokio::spawn(async move { listen.serve_http2(gate, peer).await });
    let (sender, connection) = http2_client::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(window)
        .handshake(TokioIo::new(ours))
        .await
        .unwrap();
    (sender, tokio::spawn(connection))
}

fn budget() -> (Budget<Option<Address>>, Gauge) {
    let gauge = Gauge::default();
    (Budget::new(u64::MAX, gauge.clone()), gauge)
}

/// A large response, one whose only piece fits into a frame, and one without a body.
fn routes() -> Router {
    Router::new()
        .route("/large", any(async || vec![b'x'; LARGE]))
        .route("/small", any(async || vec![b'x'; 1000]))
        .route("/none", any(async || StatusCode::NO_CONTENT))
}

async fn get(sender: &mut Sender, path: &str) -> hyper::Result<Response<Incoming>> {
    let request = Request::get(format!("http://h{path}")).body(Body::empty()).unwrap();
    sender.send_request(request).await
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_takes_nothing_is_reset_and_its_connection_goes_on() {
    for window in [0, 1, 10, 1000, 20_000] {
        for path in ["/large", "/small"] {
            if path == "/small" && window >= 1000 {
                continue;
            }
            let (memory, gauge) = budget();
            let (mut sender, connection) = connection(routes(), &memory, window).await;
            let unread = get(&mut sender, path).await.unwrap();
            for _ in 0..7 {
                sleep(10 * SECOND).await;
                assert_eq!(get(&mut sender, "/none").await.unwrap().status(), 204);
                assert!(gauge.get() > 0, "{path} {window}: the memory is still held");
            }
            sleep(10 * SECOND).await;
            assert_eq!(gauge.get(), 0, "{path} {window}: the memory is released");
            let body = unread.into_body().collect().await;
            assert!(body.is_err(), "{path} {window}: it is not reported as complete");
            assert_eq!(get(&mut sender, "/none").await.unwrap().status(), 204);
            assert!(!connection.is_finished());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_reads_slowly_gets_all_of_it() {
    let (memory, gauge) = budget();
    let (mut sender, _connection) = connection(routes(), &memory, 64 * 1024).await;
    let mut body = get(&mut sender, "/large").await.unwrap().into_body();
    let (mut bytes, started) = (0, Instant::now());
    while let Some(frame) = body.frame().await {
        bytes += frame.unwrap().into_data().unwrap().len();
        sleep(2 * SECOND).await;
    }
    assert_eq!(bytes, LARGE);
    assert!(started.elapsed() > 2 * IDLE_TIMEOUT);
    sleep(SECOND).await;
    assert_eq!(gauge.get(), 0);
}

#[tokio::test(start_paused = true)]
async fn streams_past_the_budget_get_503_and_a_peer_that_goes_on_is_cut_off() {
    let held: u64 = 10 * STREAM_BYTES;
    // One holder may take half of it.
    let memory = Budget::new(2 * held, Gauge::default());
    let (mut sender, connection) = connection(routes(), &memory, 0).await;
    let mut unread = Vec::new();
    for _ in 0..held / STREAM_BYTES {
        unread.push(get(&mut sender, "/large").await.unwrap());
    }
    for _ in 0..streams::MAX_REFUSED {
        let refused = get(&mut sender, "/none").await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(refused.headers()["retry-after"], "5");
    }
    let _ = get(&mut sender, "/none").await;
    // At once, and not only after the stall timeout.
    let cut = Instant::now();
    let _ = connection.await.unwrap();
    assert!(cut.elapsed() < SECOND, "{:?}", cut.elapsed());
    sleep(SECOND).await;
    let mut share = memory.share(None);
    assert_eq!(share.grow(held), Ok(()), "all is given back");
}

#[tokio::test(start_paused = true)]
async fn a_proxy_is_not_cut_off_for_one_of_its_clients() {
    let client = Address::of("203.0.113.9".parse().unwrap());
    let memory = Budget::new(2 * STREAM_BYTES, Gauge::default());
    let (mut sender, connection) = connection_of(Some(client), routes(), &memory, 0).await;
    let _unread = get(&mut sender, "/large").await.unwrap();
    for _ in 0..2 * streams::MAX_REFUSED {
        let refused = get(&mut sender, "/none").await.unwrap();
        assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(!connection.is_finished());
}

#[tokio::test(start_paused = true)]
async fn of_a_feed_over_http1_no_more_is_made_than_is_written() {
    const EVENT: usize = 50_000;
    let made = Arc::new(Mutex::new(0));
    let feed = {
        let made = made.clone();
        async move || {
            Body::from_stream(stream::repeat_with(move || {
                *made.lock().unwrap() += EVENT;
                Ok::<_, io::Error>(vec![b'e'; EVENT])
            }))
        }
    };
    let (mut reader, _shutdown, _served) = super::connection(Router::new().fallback(any(feed)));
    reader.write_all(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n").await.unwrap();
    sleep(SECOND).await;
    // The connection takes 64 KiB, 16 wait to be written, and the rest of an event waits behind
    // them.
    assert_eq!(*made.lock().unwrap(), 2 * EVENT);
    reader.read_exact(&mut vec![0; 2 * EVENT]).await.unwrap();
    sleep(SECOND).await;
    assert_eq!(*made.lock().unwrap(), 4 * EVENT);
}

#[tokio::test(start_paused = true)]
async fn only_refusals_in_a_row_cut_a_connection_off() {
    let memory = Budget::new(2 * STREAM_BYTES, Gauge::default());
    let (mut sender, connection) = connection(routes(), &memory, 0).await;
    for _ in 0..3 {
        let unread = get(&mut sender, "/large").await.unwrap();
        for _ in 0..streams::MAX_REFUSED {
            let refused = get(&mut sender, "/none").await.unwrap();
            assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
        }
        drop(unread);
        sleep(SECOND).await;
        assert_eq!(get(&mut sender, "/none").await.unwrap().status(), StatusCode::NO_CONTENT);
    }
    assert!(!connection.is_finished());
}
