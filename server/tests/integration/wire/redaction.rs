//! Our own keys and the cookies that the operator configured are never stored, whatever happens to
//! their request: over HTTP/1 and HTTP/2, in heads, trailers and rows of refusals.

use hyper::{HeaderMap, StatusCode};

use super::{
    case::head,
    http2::{connect, post, send},
};
use crate::common::{
    Client, TestServer,
    wire::{Wire, replaced},
};

const HEAD_BYTES: usize = 64 * 1024;
/// Values of a configured cookie.
const HIDDEN: [&str; 3] = ["topsecret", "folded-secret", "trailing-secret"];

/// Asserts that the newest row of an endpoint is a refusal of this kind, and that it does not show
/// a key or a configured cookie.
async fn assert_redacted(owner: &Client, id: &str, key: &str, limit: &str, name: &str) {
    let rows = owner.rows(id).await;
    let row = rows.last().unwrap_or_else(|| panic!("{name}: a row"));
    assert_eq!(row["refused"]["limit"].as_str().unwrap_or_default(), limit, "{name}: {row}");
    let one = format!("/api/endpoints/{id}/requests/{}", row["seq"]);
    let detail = owner.get(&one).await;
    assert_eq!(detail.json()["redacted"], true, "{name}");
    let raw = owner.get(&format!("{one}/raw")).await;
    for text in [detail.text(), raw.text(), row.to_string()] {
        for hidden in HIDDEN.into_iter().chain([&key[4..20]]) {
            assert!(!text.contains(hidden), "{name}: {text}");
        }
    }
    assert!(raw.text().contains("a=1"), "{name}: other cookies are kept");
}

/// Asserts that no file of the server contains any of these keys.
fn assert_nowhere(server: &TestServer, keys: &[String]) {
    for file in std::fs::read_dir(server.folder.path()).unwrap() {
        let path = file.unwrap().path();
        let kept = std::fs::read(&path).unwrap();
        for hidden in HIDDEN.into_iter().chain(keys.iter().map(|key| &key[4..20])) {
            let found = memchr::memmem::find(&kept, hidden.as_bytes());
            assert!(found.is_none(), "{hidden} in {}", path.display());
        }
    }
}

async fn stolen_key(server: &TestServer) -> String {
    let made = server.stranger().post("/api/endpoints", "{}").await.json();
    made["key"].as_str().unwrap().to_owned()
}

/// Headers with a key and cookies.
fn secrets(key: &str) -> String {
    format!(
        "Authorization: Bearer {key}\r\nCookie: a=1; sid=topsecret; hookglass={key}\r\n\
         X-GitHub-Delivery: {key}\r\nContent-Type: text/{key}\r\n"
    )
}

const FOLDED: &str = "COOKIE: b=2; sid=top\r\n folded-secret\r\n\t; c=3\r\n";

#[tokio::test(flavor = "multi_thread")]
async fn refused_heads_are_redacted_over_http1() {
    let server = TestServer::with(&["--redact-cookies", "sid", "--max-body", "1KiB"]).await;
    let key = stolen_key(&server).await;
    let own = secrets(&key);
    let own = own.as_str();
    let with = |fields: String| head(format!("{own}{FOLDED}{fields}"));
    let chunked = with("Transfer-Encoding: chunked\r\n".to_owned());
    let chunk = format!("800\r\n{}\r\n0\r\n\r\n", "x".repeat(0x800));
    let line = format!("POST /{{id}}?leak={key} HTTP/1.1\r\nHost: h\r\n{own}");
    let many = "X: y\r\n".repeat(1_000);
    // The limit cuts the last key in half.
    let bearer = "X-Last: ";
    let room = HEAD_BYTES - 30 - bearer.len() - "X: \r\n".len();
    let start = head(own).len() - 2 - "{id}".len() + 36;
    let long = format!("{own}X: {}\r\n{bearer}{key}\r\n", "x".repeat(room - start));
    for (name, sent, status, limit) in [
        ("declared as too large", with("Content-Length: 5000\r\n".to_owned()), 413, "max-body"),
        ("too large", [&chunked[..], chunk.as_bytes()].concat(), 413, "max-body"),
        ("broken chunks", [&chunked[..], b"x\r\n"].concat(), 400, "framing"),
        ("too many fields", with(many), 431, "max-fields"),
        ("too long", head(long), 431, "max-head"),
        ("two hosts", with("Host: i\r\n".to_owned()), 400, "framing"),
        ("a length twice", with("Content-Length: 1\r\n".repeat(2)), 400, "framing"),
        ("a folded length", with("Content-Length:\r\n 1\r\n".to_owned()), 400, "framing"),
        ("a bare LF", format!("{line}{FOLDED}X: y\nZ: z\r\n\r\n").into_bytes(), 400, "framing"),
        ("LF everywhere", format!("{line}\r\n").replace('\r', "").into_bytes(), 400, "framing"),
        ("a bare CR", format!("{line}X: y\rCookie: sid=topsecret\r\n\r\n").into(), 400, "framing"),
        ("a space", format!("{line}Cookie : sid=topsecret; a=2\r\n\r\n").into(), 400, "framing"),
        ("no colon", format!("{line}Cookie sid=topsecret\r\n\r\n").into(), 400, "framing"),
        (
            "a fold without a field",
            format!("GET /{{id}} HTTP/1.1\r\n {own}Host: h\r\n\r\n").into(),
            400,
            "framing",
        ),
    ] {
        let (owner, id) = server.owner().await;
        let mut wire = Wire::connect(server.address()).await;
        wire.send(&replaced(&sent, b"{id}", id.as_bytes())).await;
        let reply = wire.reply().await.unwrap();
        assert_eq!(reply.status, status, "{name}: {}", reply.says());
        assert_redacted(&owner, &id, &key, limit, name).await;
    }
    assert_nowhere(&server, &[key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_heads_are_redacted_over_http2() {
    let server = TestServer::with(&["--redact-cookies", "sid", "--max-body", "1KiB"]).await;
    let key = stolen_key(&server).await;
    for (name, status, limit) in [
        ("declared as too large", 413, "max-body"),
        ("too large", 413, "max-body"),
        ("two hosts", 400, "framing"),
        ("too many fields", 431, "max-fields"),
    ] {
        let (owner, id) = server.owner().await;
        let mut sender = connect(&server).await;
        let large = "x".repeat(5_000);
        let (request, body) = match name {
            "declared as too large" => (post(&id).header("content-length", "5000"), &large[..]),
            "too large" => (post(&id), &large[..]),
            "two hosts" => (post(&id).header("host", "i"), ""),
            _ => {
                ((0..1001).fold(post(&id), |request, n| request.header(format!("x-{n}"), "1")), "")
            }
        };
        let request = request
            .header("authorization", format!("Bearer {key}"))
            .header("x-github-delivery", &key)
            // Browsers send each cookie in a separate header.
            .header("cookie", "a=1")
            .header("cookie", "sid=topsecret")
            .header("cookie", format!("hookglass={key}"));
        let answer = send(&mut sender, request, body, None).await;
        assert_eq!(answer.status().as_u16(), status, "{name}");
        assert_redacted(&owner, &id, &key, limit, name).await;
    }
    assert_nowhere(&server, &[key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_that_come_too_fast_are_redacted() {
    let flags = ["--redact-cookies", "sid", "--max-rate-per-endpoint", "1"];
    let server = TestServer::with(&flags).await;
    let key = stolen_key(&server).await;
    let (owner, id) = server.owner().await;
    let sent = head(format!("{}{FOLDED}", secrets(&key)));
    let mut wire = Wire::connect(server.address()).await;
    loop {
        wire.send(&replaced(&sent, b"{id}", id.as_bytes())).await;
        if wire.reply().await.unwrap().status == 429 {
            break;
        }
    }
    assert_redacted(&owner, &id, &key, "max-rate-per-endpoint", "HTTP/1").await;
    let (owner, id) = server.owner().await;
    let mut sender = connect(&server).await;
    loop {
        let request = post(&id)
            .header("x-copy", &key)
            .header("cookie", "a=1")
            .header("cookie", "sid=topsecret");
        let answer = send(&mut sender, request, "", None).await;
        if answer.status() == StatusCode::TOO_MANY_REQUESTS {
            break;
        }
    }
    assert_redacted(&owner, &id, &key, "max-rate-per-endpoint", "HTTP/2").await;
    assert_nowhere(&server, &[key]);
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_and_folded_values_are_redacted() {
    let server = TestServer::with(&["--redact-cookies", "sid"]).await;
    let key = stolen_key(&server).await;
    let (owner, id) = server.owner().await;
    let start = head(format!("{}{FOLDED}Transfer-Encoding: chunked\r\n", secrets(&key)));
    let trailers =
        format!("0\r\nX-T: {key}\r\nCookie: a=1; sid=trailing-secret\r\nX-Sid: sid=1\r\n\r\n");
    let mut wire = Wire::connect(server.address()).await;
    let sent = [&start[..], trailers.as_bytes()].concat();
    wire.send(&replaced(&sent, b"{id}", id.as_bytes())).await;
    assert_eq!(wire.reply().await.unwrap().status, 200);
    assert_redacted(&owner, &id, &key, "", "HTTP/1").await;
    let raw = owner.raw(&id, 1).await.text();
    assert!(raw.contains("COOKIE: b=2; sid=***\r\n *************\r\n\t; c=3\r\n"), "{raw}");
    let hidden = format!("Cookie: a=1; sid={}\r\nX-Sid: sid=1\r\n", "*".repeat(15));
    assert!(raw.ends_with(&hidden), "{raw}");
    let (owner, id) = server.owner().await;
    let mut sender = connect(&server).await;
    let trailers = HeaderMap::from_iter([
        ("x-t".parse().unwrap(), key.parse().unwrap()),
        ("cookie".parse().unwrap(), "a=1; sid=trailing-secret".parse().unwrap()),
    ]);
    let answer = send(&mut sender, post(&id), "hello", Some(trailers)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_redacted(&owner, &id, &key, "", "HTTP/2").await;
    assert_nowhere(&server, &[key]);
}
