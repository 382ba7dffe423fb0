//! What is captured, how exactly, and the responses that senders get.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{Method, StatusCode};
use proptest::{
    prelude::{Strategy, any, prop_assert_eq},
    test_runner::{Config as ProptestConfig, TestCaseError, TestRunner},
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::common::{Client, PATIENCE, TestServer};

/// Names and values as sent.
type Fields = Vec<(String, Vec<u8>)>;

/// Sends bytes over a new connection and reads the response until the server closes.
async fn raw(server: &TestServer, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

/// Converts the JSON of a `Text` to bytes.
fn bytes(text: &Value) -> Vec<u8> {
    match text.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(text["base64"].as_str().unwrap()).unwrap(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_kept_and_answered() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let sent = server
        .stranger()
        .with("x-github-event", "push")
        .post(&format!("/{id}/orders//x%2Fy?a=1&b"), r#"{"n":123456789012345678901}"#)
        .await;
    assert_eq!(sent.status, StatusCode::OK);
    assert_eq!(sent.text(), "ok");
    assert_eq!(sent.header("hookglass-seq"), "1");
    assert_eq!(sent.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(sent.header("x-content-type-options"), "nosniff");
    assert_eq!(sent.header("cache-control"), "no-store");
    assert_eq!(sent.header("x-robots-tag"), "noindex");
    assert_eq!(sent.header("access-control-allow-origin"), "*");
    assert_eq!(sent.header("access-control-expose-headers"), "Hookglass-Seq");
    assert_eq!(sent.header("set-cookie"), "");

    let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
    assert_eq!(detail["method"], "POST");
    assert_eq!(detail["target"], format!("/{id}/orders//x%2Fy?a=1&b"));
    assert_eq!(detail["label"], "push");
    assert_eq!(detail["content_type"], "application/json");
    assert_eq!(detail["complete"], true);
    assert_eq!(detail["remote_addr"], "127.0.0.1");
    assert_eq!(detail["http_version"], "HTTP/1.1");
    assert_eq!(detail["body"]["text"], r#"{"n":123456789012345678901}"#);
    assert_eq!(detail["body_bytes"], 27);
    assert_eq!(detail["exact"], true);
    assert_eq!(detail["redacted"], false);
    let latest = owner.get(&format!("/api/endpoints/{id}/requests/latest")).await.json();
    assert_eq!(latest, detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_and_target_is_kept_as_sent() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let targets = ["", "/", "//", "?", "/?", "/%2F", "/a/../b", "/%zz", "/a?b=%00&c=;", "/ä"];
    let mut expected = Vec::new();
    for method in ["GET", "POST", "OPTIONS", "DELETE", "PROPFIND", "M-SEARCH", "get", "X!#$"] {
        for target in targets {
            let target = format!("/{id}{target}");
            let answer = raw(
                &server,
                format!("{method} {target} HTTP/1.1\r\nhost: x.test\r\nconnection: close\r\n\r\n")
                    .as_bytes(),
            )
            .await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{method} {target}: {answer}");
            expected.push((method.to_owned(), target));
        }
    }
    let mut kept = Vec::new();
    let mut before = String::new();
    loop {
        let page = owner.get(&format!("/api/endpoints/{id}/requests?limit=7{before}")).await.json();
        for request in page["requests"].as_array().unwrap() {
            let text = |name: &str| request[name].as_str().unwrap().to_owned();
            kept.push((text("method"), text("target")));
        }
        let Some(next) = page["next_before"].as_i64() else { break };
        before = format!("&before={next}");
    }
    kept.reverse();
    assert_eq!(kept, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn head_requests_and_preflights_are_captured_and_answered() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let head = server.stranger().send(Method::HEAD, &format!("/{id}"), &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    let fields = [
        ("origin", "https://elsewhere.test"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "x-a, x-b"),
    ];
    let preflight = server.stranger().send(Method::OPTIONS, &format!("/{id}"), &fields, "").await;
    assert_eq!(preflight.header("access-control-allow-methods"), "PUT");
    assert_eq!(preflight.header("access-control-allow-headers"), "x-a, x-b");
    assert_eq!(preflight.header("access-control-allow-credentials"), "");
    let list = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    assert_eq!(list["requests"].as_array().unwrap().len(), 2);
}

#[test]
fn any_body_and_field_value_is_kept_as_sent() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(TestServer::start());
    let (owner, id) = runtime.block_on(server.owner());
    // One byte per character, so that values contain 0x80–0xFF.
    let value = "[!-~\u{80}-\u{ff}]{1,20}"
        .prop_map(|text| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect());
    let fields = proptest::collection::vec(("x-[a-z0-9]{1,3}", value), 0..6);
    let body = proptest::collection::vec(any::<u8>(), 0..3000);
    let strategy = (fields, body, any::<bool>());
    let cases = ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() };
    TestRunner::new(cases)
        .run(&strategy, |(fields, body, chunked): (Fields, Vec<u8>, bool)| {
            let mut request = format!("POST /{id} HTTP/1.1\r\nhost: x\r\n").into_bytes();
            request.extend(b"connection: close\r\n");
            for (name, value) in &fields {
                request.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
            }
            if chunked {
                request.extend(b"transfer-encoding: chunked\r\n\r\n");
                for chunk in body.chunks(700) {
                    request.extend(format!("{:x};ext=1\r\n", chunk.len()).into_bytes());
                    request.extend([chunk, b"\r\n"].concat());
                }
                request.extend(b"0\r\n\r\n");
            } else {
                request.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
                request.extend(&body);
            }
            let answer = runtime.block_on(raw(&server, &request));
            let seq = answer.split("hookglass-seq: ").nth(1).and_then(|rest| rest.lines().next());
            let seq = seq.ok_or_else(|| TestCaseError::fail(answer.clone()))?;
            let path = format!("/api/endpoints/{id}/requests/{seq}");
            let detail = runtime.block_on(owner.get(&path)).json();
            // hyper groups repeated headers; the values of each name keep their order.
            let mut sent = fields.clone();
            sent.sort_by(|one, other| one.0.cmp(&other.0));
            let mut kept: Fields = detail["headers"]
                .as_array()
                .unwrap()
                .iter()
                .map(|field| (field[0].as_str().unwrap().to_owned(), bytes(&field[1])))
                .filter(|(name, _)| name.starts_with("x-"))
                .collect();
            kept.sort_by(|one, other| one.0.cmp(&other.0));
            prop_assert_eq!(kept, sent);
            let kept = runtime.block_on(owner.get(&format!("{path}/body")));
            prop_assert_eq!(kept.body.to_vec(), body.clone());
            let sha256: String =
                Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
            prop_assert_eq!(detail["body"]["sha256"].as_str(), Some(sha256.as_str()));
            prop_assert_eq!(detail["body_bytes"].as_u64(), Some(body.len() as u64));
            Ok(())
        })
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_is_kept_whole_and_read_in_parts() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body: Vec<u8> = (0..3_000_000_u32).flat_map(|n| n.to_le_bytes()).collect();
    let sent = server.stranger().send(Method::PUT, &format!("/{id}"), &[], body.clone()).await;
    assert_eq!(sent.status, StatusCode::OK);
    let path = format!("/api/endpoints/{id}/requests/1/body");
    let whole = owner.get(&path).await;
    assert_eq!(whole.body, body);
    assert_eq!(whole.header("content-type"), "application/octet-stream");
    assert!(whole.header("content-disposition").starts_with("attachment"));
    for (range, expected) in [
        ("bytes=0-0", &body[..1]),
        ("bytes=262143-262144", &body[262_143..262_145]),
        ("bytes=262144-786431", &body[262_144..786_432]),
        ("bytes=11999990-", &body[11_999_990..]),
        ("bytes=-3", &body[11_999_997..]),
        ("bytes=5-99999999", &body[5..]),
    ] {
        let part = owner.send(Method::GET, &path, &[("range", range)], "").await;
        assert_eq!(part.status, StatusCode::PARTIAL_CONTENT, "{range}");
        assert!(part.body == expected, "{range}");
        assert!(part.header("content-range").ends_with("/12000000"));
    }
    let past = owner.send(Method::GET, &path, &[("range", "bytes=12000000-")], "").await;
    assert_eq!(past.status, StatusCode::RANGE_NOT_SATISFIABLE);
    assert_eq!(past.header("content-range"), "bytes */12000000");
    let more = owner.send(Method::GET, &path, &[("range", "bytes=-99999999")], "").await;
    assert_eq!((more.status, more.body == body), (StatusCode::PARTIAL_CONTENT, true));
    for fields in [
        &[("range", "bytes=3-1")][..],
        &[("range", "bytes=-")],
        &[("range", "bytes=0-0,2-2")],
        &[("range", "bytes=0-0"), ("if-range", "\"other\"")],
    ] {
        let whole = owner.send(Method::GET, &path, fields, "").await;
        assert_eq!((whole.status, whole.body == body), (StatusCode::OK, true), "{fields:?}");
    }
    let head = owner.send(Method::HEAD, &path, &[("range", "bytes=0-0")], "").await;
    assert_eq!((head.status, head.header("content-length")), (StatusCode::OK, "12000000"));
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
    assert_eq!(detail["body"].get("text"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_over_the_limit_is_refused_and_the_connection_closed() {
    let server = TestServer::with(&["--max-body", "1KiB"]).await;
    let (owner, id) = server.owner().await;
    let hidden = format!("POST /{id}/smuggled HTTP/1.1\r\nhost: x\r\n\r\n");
    let declared = raw(
        &server,
        format!("POST /{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 1025\r\n\r\n{hidden}")
            .as_bytes(),
    )
    .await;
    assert!(declared.starts_with("HTTP/1.1 413"), "{declared}");
    assert!(declared.contains("1024"), "{declared}");
    let chunk = "x".repeat(1025);
    let chunked = raw(
        &server,
        format!(
            "POST /{id} HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n401\r\n{chunk}\r\n0\r\n\r\n{hidden}"
        )
        .as_bytes(),
    )
    .await;
    assert!(chunked.starts_with("HTTP/1.1 413"), "{chunked}");
    let list = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    let rows = list["requests"].as_array().unwrap();
    assert_eq!(rows.len(), 2);
    for row in rows {
        assert_eq!(row["refused"], json!({ "limit": "max-body", "value": 1024 }));
        assert_eq!((&row["body_bytes"], &row["target"]), (&json!(0), &json!(format!("/{id}"))));
    }
}

/// Waits until the endpoint holds `count` requests and returns them, newest first.
async fn wait_for_requests(owner: &Client, id: &str, count: usize) -> Vec<Value> {
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    loop {
        let page = owner.get(&format!("/api/endpoints/{id}/requests?limit=200")).await.json();
        let requests = page["requests"].as_array().unwrap().clone();
        if requests.len() >= count {
            return requests;
        }
        feed.next().await.expect("the feed goes on");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_hangs_up_after_its_body_loses_nothing() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let request = format!("POST /{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody");
    let mut sent = 0;
    for round in 0..40 {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        // A reset makes the kernel discard unread bytes: wait until they are read.
        wait_until_read(&stream).await;
        if round % 2 == 0 {
            // FIN
            stream.shutdown().await.unwrap();
        } else {
            // RST
            rustix::net::sockopt::set_socket_linger(&stream, Some(Duration::ZERO)).unwrap();
        }
        drop(stream);
        sent += 1;
    }
    let kept = wait_for_requests(&owner, &id, sent).await;
    assert_eq!(kept.len(), sent);
    assert!(kept.iter().all(|request| request["complete"] == true));
}

/// Waits until the server has read everything: until the kernel holds no more data for its end of
/// the connection (the fifth column of `/proc/net/tcp`, `tx_queue:rx_queue`).
async fn wait_until_read(stream: &TcpStream) {
    let port = |address: std::net::SocketAddr| format!(":{:04X}", address.port());
    let (ours, servers) = (port(stream.local_addr().unwrap()), port(stream.peer_addr().unwrap()));
    let read = async {
        loop {
            let sockets = tokio::fs::read_to_string("/proc/net/tcp").await.unwrap();
            let queue = sockets.lines().find_map(|line| {
                let columns: Vec<&str> = line.split_whitespace().collect();
                (columns[1].ends_with(&servers) && columns[2].ends_with(&ours))
                    .then(|| columns[4].to_owned())
            });
            if queue.is_some_and(|queue| queue.ends_with(":00000000")) {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, read).await.expect("the server reads");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_closes_its_half_still_gets_its_answer() {
    let server = TestServer::start().await;
    let (_, id) = server.owner().await;
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let request = format!("POST /{id} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = String::new();
    tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_the_sender_cuts_is_kept_as_cut() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let head = format!("POST /{id} HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(b"5\r\nhello\r\n").await.unwrap();
        stream.shutdown().await.unwrap();
    }
    let kept = wait_for_requests(&owner, &id, 2).await;
    let mut bytes: Vec<_> = kept.iter().map(|r| r["body_bytes"].as_u64().unwrap()).collect();
    bytes.sort_unstable();
    assert_eq!(bytes, [5, 10]);
    assert!(kept.iter().all(|request| request["complete"] == false));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_whose_body_ends_early_is_told_and_no_rule_applies() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let answers = r#"{"reply":{"status":201}}"#;
    let set = owner.patch(&format!("/api/endpoints/{id}"), answers).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        let request = format!("POST /{id} HTTP/1.1\r\nhost: x\r\n{framing}\r\n\r\n5\r\nhello\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
        assert!(answer.contains("The body ended early"), "{answer}");
    }
    let kept = wait_for_requests(&owner, &id, 2).await;
    for request in kept {
        assert_eq!((&request["complete"], &request["status"]), (&false.into(), &400.into()));
        assert!(request["refused"].is_null(), "{request}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_endpoint_is_not_captured() {
    let server = TestServer::start().await;
    let sender = server.stranger();
    for path in [
        "/nobody-has-this",
        "/00000000-0000-4000-8000-000000000000",
        "/metrics",
        "/.well-known/acme",
        "//",
        "/%61pi",
    ] {
        let answer = sender.post(path, "{}").await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.problem(), "not-found");
        assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
    }
    let page = sender.with("accept", "text/html").get("/nobody-has-this").await;
    assert_eq!(page.status, StatusCode::NOT_FOUND);
    assert!(page.header("content-type").starts_with("text/html"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_uuid_in_capitals_reaches_the_same_endpoint() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let sent = server.stranger().post(&format!("/{}", id.to_uppercase()), "").await;
    assert_eq!(sent.status, StatusCode::OK);
    let list = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    assert_eq!(list["requests"][0]["target"], format!("/{}", id.to_uppercase()));
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_that_open_a_capture_url_learn_where_to_look_and_get_no_worker() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let opened = server.stranger().with("sec-fetch-mode", "navigate").get(&format!("/{id}")).await;
    assert!(opened.text().contains(&format!("/inspect/{id}/1")), "{}", opened.text());
    let worker =
        server.stranger().with("service-worker", "script").get(&format!("/{id}/sw.js")).await;
    assert_eq!(worker.status, StatusCode::FORBIDDEN);
    assert_eq!(worker.header("hookglass-seq"), "2");
    let list = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    assert_eq!(list["requests"].as_array().unwrap().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_a_browser_sends_along_is_kept_nowhere() {
    let server = TestServer::with(&["--redact-cookies", "sid"]).await;
    let (owner, id) = server.owner().await;
    let victim = server.stranger().post("/api/endpoints", "{}").await.json();
    let key = victim["key"].as_str().unwrap();
    // Even a part of the key would be too much.
    let secret = &key[4..30];
    let sent = server
        .stranger()
        .with("cookie", &format!("hookglass={key}; sid=topsecret; ok=1"))
        .with("x-copy", key)
        .with("x-github-event", &format!("{}{key}", "x".repeat(40)))
        .with("content-type", &format!("text/{key}"))
        .send(Method::from_bytes(key.as_bytes()).unwrap(), &format!("/{id}?leak={key}"), &[], "")
        .await;
    assert_eq!(sent.status, StatusCode::OK);
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await;
    assert_eq!(detail.json()["redacted"], true);
    assert!(detail.text().contains(&format!("hookglass={}; sid=*********; ok=1", "*".repeat(47))));
    assert!(!detail.text().contains(secret));
    let raw = owner.get(&format!("/api/endpoints/{id}/requests/1/raw")).await;
    assert!(!raw.text().contains(secret) && !raw.text().contains("topsecret"));
    for file in std::fs::read_dir(server.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let kept = std::fs::read(&path).unwrap();
        let holds = |needle: &str| kept.windows(needle.len()).any(|w| w == needle.as_bytes());
        assert!(!holds(secret) && !holds("topsecret"), "{}", path.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_trusted_proxies_say_who_the_client_is() {
    let server = TestServer::with(&["--trusted-proxy", "127.0.0.0/8"]).await;
    let (owner, id) = server.owner().await;
    server
        .stranger()
        .with("x-forwarded-for", "6.6.6.6, 203.0.113.9")
        .post(&format!("/{id}"), "")
        .await;
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
    assert_eq!(detail["remote_addr"], "203.0.113.9");
    assert!(detail["peer"].as_str().unwrap().starts_with("127.0.0.1:"));
}
