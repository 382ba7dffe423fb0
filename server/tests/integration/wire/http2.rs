//! HTTP/2 with prior knowledge: captured, marked as re-rendered, within limits.

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::{HeaderMap, Request, Response, StatusCode, body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use crate::common::{
    Client, PATIENCE, TestServer,
    wire::{Wire, fields, wait_until_read},
};

pub(crate) type Sender =
    http2::SendRequest<http_body_util::combinators::BoxBody<Bytes, std::io::Error>>;

pub(crate) async fn connect(server: &TestServer) -> Sender {
    connect_with(server, 65_535).await
}

/// Opens a connection on which the server may send `window` bytes of each response ahead.
async fn connect_with(server: &TestServer, window: u32) -> Sender {
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let (sender, connection) = http2::Builder::new(TokioExecutor::new())
        .initial_stream_window_size(window)
        .handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}

pub(crate) async fn send(
    sender: &mut Sender,
    request: hyper::http::request::Builder,
    body: &str,
    trailers: Option<HeaderMap>,
) -> Response<Incoming> {
    let body = Full::new(Bytes::from(body.to_owned())).map_err(|never| match never {});
    let body = body.with_trailers(async move { trailers.map(Ok) }).boxed();
    sender.send_request(request.body(body).unwrap()).await.unwrap()
}

pub(crate) fn post(id: &str) -> hyper::http::request::Builder {
    Request::post(format!("http://hooks.test/{id}/a?b"))
}

/// Returns a frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// Returns a header that is in no table (RFC 7541 §6.2.2).
fn literal(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    [vec![0], text(name), text(value)].concat()
}

/// Returns the start of a connection.
fn start() -> Vec<u8> {
    [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec(), frame(4, 0, 0, &[])].concat()
}

/// Returns the head of a request; with the last flag it has no body.
fn opening(stream: u32, target: &str, fields: &[(&str, &str)], ends: bool) -> Vec<u8> {
    let pseudo = [(":method", "POST"), (":scheme", "http"), (":path", target)];
    let lines = pseudo.iter().chain(fields).map(|(name, value)| literal(name, value));
    frame(1, 4 | u8::from(ends), stream, &lines.collect::<Vec<_>>().concat())
}

/// Returns the start of a connection with a request whose body does not end.
fn unfinished(id: &str) -> Vec<u8> {
    let head = opening(1, &format!("/{id}"), &[(":authority", "h"), ("x-a", "1")], false);
    [start(), head, frame(0, 0, 1, b"hello")].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_host_is_refused() {
    let server = TestServer::start().await;
    for hosts in [
        &["other.test"][..],
        &["hooks.test", "hooks.test"],
        &["hooks.test", "other.test"],
        &["hooks.test:443"],
        &["hooks.test, other.test"],
        &[""],
    ] {
        let (owner, id) = server.owner().await;
        let mut sender = connect(&server).await;
        let request = hosts.iter().fold(post(&id), |request, host| request.header("host", *host));
        let answer = send(&mut sender, request, "hello", None).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{hosts:?}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert!(body.contains("send one host."), "{hosts:?}: {body}");
        let rows = owner.rows(&id).await;
        assert_eq!(rows.len(), 1, "{hosts:?}");
        assert_eq!(rows[0]["refused"]["limit"], "framing", "{hosts:?}");
        // The owner sees the same response as the sender.
        let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
        let told = &detail["reply"]["body"];
        assert!(told.as_str().unwrap().contains("send one host."), "{hosts:?}: {told}");
        // The connection stays open.
        assert_eq!(send(&mut sender, post(&id), "", None).await.status(), StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_host_in_other_words_is_taken() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut sender = connect(&server).await;
    for host in ["hooks.test", "HOOKS.Test", "hooks.test:80"] {
        let request = post(&id).header("host", host);
        assert_eq!(send(&mut sender, request, "", None).await.status(), StatusCode::OK, "{host}");
    }
    assert_eq!(owner.rows(&id).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn framing_that_contradicts_http2_is_refused_and_its_connection_goes_on() {
    let server = TestServer::start().await;
    let hidden = [(":authority", "h")];
    for (fields, body) in [
        (&[("content-length", "3")][..], "hello"),
        (&[("content-length", "10")], "hello"),
        (&[("content-length", "10")], ""),
        (&[("content-length", "5, 5")], "hello"),
        (&[("content-length", "+5")], "hello"),
        (&[("content-length", "5"), ("content-length", "6")], "hello"),
        (&[("transfer-encoding", "chunked")], "hello"),
        (&[("connection", "close")], "hello"),
        (&[("keep-alive", "1")], "hello"),
        (&[("upgrade", "h2c")], "hello"),
        (&[("proxy-connection", "close")], "hello"),
        (&[("te", "gzip")], "hello"),
        // `:authority` may not occur twice, nor after headers.
        (&[("x-a", "1"), (":authority", "i")], "hello"),
        (&[(":authority", "i")], "hello"),
    ] {
        let (owner, id) = server.owner().await;
        let mut wire = Wire::connect(server.address()).await;
        let fields = [&hidden[..], fields].concat();
        let target = format!("/{id}");
        let ends = body.is_empty();
        let sent = [start(), opening(1, &target, &fields, ends)].concat();
        wire.send(&sent).await;
        if !ends {
            wire.send(&frame(0, 1, 1, body.as_bytes())).await;
        }
        wire.send(&opening(3, &format!("/{id}/probe"), &hidden, true)).await;
        let mut count = 1;
        let rows = loop {
            let rows = owner.rows_once(&id, count).await;
            if rows.iter().any(|row| row["complete"] == true) {
                break rows;
            }
            count = rows.len() + 1;
        };
        for row in rows {
            let is_probe = row["target"] == format!("/{id}/probe");
            assert_eq!(row["complete"], is_probe, "{fields:?}: {row}");
        }
    }
    let (owner, id) = server.owner().await;
    let mut wire = Wire::connect(server.address()).await;
    let nameless = opening(1, &format!("/{id}"), &[], true);
    wire.send(&[start(), nameless].concat()).await;
    let rows = owner.rows_once(&id, 1).await;
    assert_eq!(rows[0]["refused"]["limit"], "framing", "no host at all: {}", rows[0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_http2_is_captured_and_said_to_be_rendered() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut sender = connect(&server).await;
    let request = post(&id).header("x-b", "1").header("x-a", "2").header("x-b", "3");
    let trailers = HeaderMap::from_iter([("x-t".parse().unwrap(), "4".parse().unwrap())]);
    let answer = send(&mut sender, request, "hello", Some(trailers)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["hookglass-seq"], "1");
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
    assert_eq!((&detail["exact"], &detail["complete"]), (&false.into(), &true.into()));
    assert_eq!(detail["http_version"], "HTTP/2.0");
    assert_eq!(detail["target"], format!("/{id}/a?b"));
    assert_eq!(detail["body"]["text"], "hello");
    let own: Vec<_> = fields(&detail["headers"])
        .into_iter()
        .filter(|(name, _)| name.starts_with(b"x-") || name == b"host")
        .map(|(name, value)| format!("{}={}", name.escape_ascii(), value.escape_ascii()))
        .collect();
    assert_eq!(own, ["host=hooks.test", "x-b=1", "x-b=3", "x-a=2"]);
    assert_eq!(fields(&detail["trailers"]), [(b"x-t".to_vec(), b"4".to_vec())]);
    let raw = owner.raw(&id, 1).await;
    assert_eq!(raw.header("hookglass-raw"), "rendered");
    assert_eq!(raw.header("content-type"), "application/octet-stream");
    assert!(raw.text().starts_with(&format!("POST /{id}/a?b HTTP/2.0\r\nhost: hooks.test\r\n")));
    assert!(raw.text().ends_with("\r\n\r\nhellox-t: 4\r\n"), "{}", raw.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_past_a_limit_are_refused_over_http2_too_and_the_connection_goes_on() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut sender = connect(&server).await;
    let many = (0..1001).fold(post(&id), |request, n| request.header(format!("x-{n}"), "1"));
    let answer = send(&mut sender, many, "", None).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&body).contains("1000 fields (max-fields)"));
    let long = post(&id).header("x-long", "x".repeat(70_000));
    let answer = send(&mut sender, long, "", None).await;
    assert_eq!(answer.status(), StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    let most = (0..990).fold(post(&id), |request, n| request.header(format!("x-{n}"), "1"));
    assert_eq!(send(&mut sender, most, "", None).await.status(), StatusCode::OK);
    let rows = owner.rows(&id).await;
    assert_eq!(rows.iter().filter(|row| row["complete"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_ends_its_stream_and_no_other() {
    let server = TestServer::with(&["--max-body", "1KiB"]).await;
    let (owner, id) = server.owner().await;
    let mut sender = connect(&server).await;
    let answer = send(&mut sender, post(&id), &"x".repeat(100_000), None).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(send(&mut sender, post(&id), "fits", None).await.status(), StatusCode::OK);
    let rows = owner.rows(&id).await;
    assert_eq!(rows.iter().filter(|row| row["complete"] == true).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_reset_within_its_body_is_kept_as_cut() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut wire = Wire::connect(server.address()).await;
    wire.send_in_pieces([&unfinished(&id)[..]].into_iter()).await;
    // RST_STREAM with CANCEL.
    wire.send(&frame(3, 0, 1, &8_u32.to_be_bytes())).await;
    let rows = owner.rows_once(&id, 1).await;
    assert_eq!(rows[0]["complete"], false);
    let body = owner.get(&format!("/api/endpoints/{id}/requests/1/body")).await;
    assert_eq!(body.text(), "hello");
    // The sender was no longer there to receive the response, and the feed reports that.
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let told = async { while feed.next().await.unwrap().name != "updated" {} };
    tokio::time::timeout(PATIENCE, told).await.expect("it is told");
    let request = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
    assert_eq!(request["reply"]["taken"], false, "{request}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_reset_before_its_endpoint_is_found_is_kept_as_cut() {
    let server = TestServer::start().await;
    for _ in 0..5 {
        // Each is looked up in the store first.
        let (owner, id) = server.owner().await;
        let mut wire = Wire::connect(server.address()).await;
        let reset = frame(3, 0, 1, &8_u32.to_be_bytes());
        wire.send(&[unfinished(&id), reset].concat()).await;
        let rows = tokio::time::timeout(PATIENCE, owner.rows_once(&id, 1)).await;
        assert_eq!(rows.expect("it is kept")[0]["complete"], false);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_connection_that_ends_within_a_body_is_kept_as_cut() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let wire = {
        let mut wire = Wire::connect(server.address()).await;
        // The preface may arrive in pieces, too.
        wire.send_bytes(&unfinished(&id)).await;
        wire
    };
    wait_until_read(&wire.stream).await;
    drop(wire);
    let rows = owner.rows_once(&id, 1).await;
    assert_eq!(rows[0]["complete"], false);
    assert_eq!(rows[0]["body_bytes"], 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_whose_bodies_are_to_come_count_against_what_may_be_in_flight() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (_, id) = server.owner().await;
    heads_count(&server, &format!("/{id}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_of_strangers_whose_bodies_are_to_come_count_too() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    heads_count(&server, "/api/endpoints").await;
}

async fn heads_count(server: &TestServer, path: &str) {
    let mut sender = connect(server).await;
    let mut pending = Vec::new();
    for _ in 0..10 {
        let never = StreamBody::new(futures_util::stream::pending()).boxed();
        let request = Request::post(format!("http://hooks.test{path}"))
            .header("x-long", "x".repeat(50_000))
            .body(never)
            .unwrap();
        pending.push(sender.send_request(request));
    }
    let metrics = Client::at(server.server.metrics_address().unwrap());
    let counted = async {
        loop {
            let text = metrics.get("/metrics").await.text();
            let held =
                text.lines().find_map(|line| line.strip_prefix("hookglass_in_flight_bytes "));
            if held.unwrap().parse::<u64>().unwrap() > 500_000 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, counted).await.expect("the heads are counted");
    drop(pending);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_leaves_much_unread_gets_no_more_lists_but_goes_on_capturing() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (owner, id) = server.owner().await;
    let long = "l".repeat(2000);
    for _ in 0..100 {
        owner.send(hyper::Method::GET, &format!("/{id}/{long}"), &[], "").await;
    }
    let mut sender = connect_with(&server, 0).await;
    let (_, key) = &owner.fields[0];
    let list = || {
        Request::get(format!("http://h/api/endpoints/{id}/requests?limit=100"))
            .header("authorization", key)
    };
    let mut unread = Vec::new();
    let refused = loop {
        let response = send(&mut sender, list(), "", None).await;
        if response.status() != StatusCode::OK {
            break response;
        }
        unread.push(response);
        assert!(unread.len() < 20, "{} lists were made for one who reads none", unread.len());
    };
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(unread.len() >= 5, "{}", unread.len());
    let captured = send(&mut sender, post(&id), "", None).await;
    assert_eq!(captured.status(), StatusCode::OK);
    // They are counted while they are unread, and another connection still gets its list.
    let metrics = Client::at(server.server.metrics_address().unwrap());
    let held = async || {
        let text = metrics.get("/metrics").await.text();
        let held = text.lines().find_map(|line| line.strip_prefix("hookglass_response_bytes "));
        held.unwrap().parse::<usize>().unwrap()
    };
    assert!(held().await > unread.len() * 100 * 2000);
    let path = format!("/api/endpoints/{id}/requests?limit=100");
    assert_eq!(owner.get(&path).await.status, StatusCode::OK);
    drop((sender, unread, refused, captured));
    let freed = async { while held().await > 0 {} };
    tokio::time::timeout(PATIENCE, freed).await.expect("all is given back");
}
