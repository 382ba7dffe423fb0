//! Refusals before a body is read, and `100 Continue` only if the sender waits for it.

use super::case::head;
use crate::common::{
    Client, TestServer,
    wire::{Reply, Wire, replaced, wait_until_read},
};

/// A request that must never be parsed as one.
const HIDDEN: &str = "GET /{id}/smuggled HTTP/1.1\r\nHost: h\r\n\r\n";
const MIB: usize = 1024 * 1024;

/// Sends a message and returns the first response, which must be the last.
async fn only_reply(server: &TestServer, id: &str, sent: &[u8]) -> Reply {
    let mut wire = Wire::connect(server.address()).await;
    wire.send(&replaced(sent, b"{id}", id.as_bytes())).await;
    let reply = wire.reply().await.unwrap();
    assert_eq!(reply.field("connection"), Some("close"), "{reply:?}");
    assert!(wire.reply().await.is_none());
    reply
}

async fn assert_nothing_captured(owner: &Client, id: &str) {
    let rows = owner.rows(id).await;
    assert!(rows.iter().all(|row| row["complete"] == false), "{rows:?}");
    assert!(rows.iter().all(|row| row["target"] == format!("/{id}")), "{rows:?}");
}

/// Returns a chunk of `bytes` bytes, full of requests.
fn chunk_of_requests(id: &str, bytes: usize) -> Vec<u8> {
    let hidden = HIDDEN.replace("{id}", id);
    let data: Vec<u8> = hidden.bytes().cycle().take(bytes).collect();
    [format!("{bytes:x}\r\n").as_bytes(), &data, b"\r\n"].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hides_in_a_body_that_is_too_large_is_no_request() {
    let server = TestServer::with(&["--max-body", "1KiB"]).await;
    let (owner, id) = server.owner().await;
    let hidden = HIDDEN.as_bytes();
    let declared = [&head("Content-Length: 1025\r\n")[..], hidden, hidden].concat();
    let huge = [&head("Content-Length: 9223372036854775807\r\n")[..], hidden].concat();
    let chunked = head("Transfer-Encoding: chunked\r\n");
    let in_one = [&chunked[..], &chunk_of_requests(&id, 1025), b"0\r\n\r\n", hidden].concat();
    let in_many =
        [&chunked[..], &chunk_of_requests(&id, 100).repeat(20), b"0\r\n\r\n", hidden].concat();
    let told = [&chunked[..], b"fffffffffffffff\r\n", &hidden.repeat(100)].concat();
    for sent in [declared, huge, in_one, in_many, told] {
        let reply = only_reply(&server, &id, &sent).await;
        assert_eq!(reply.status, 413, "{}", reply.says());
        assert!(reply.says().contains("1024 bytes (max-body)"), "{}", reply.says());
    }
    assert_nothing_captured(&owner, &id).await;
    let mut wire = Wire::connect(server.address()).await;
    let most = [&head("Content-Length: 1024\r\n")[..], &[b'x'; 1024], hidden].concat();
    wire.send(&replaced(&most, b"{id}", id.as_bytes())).await;
    assert_eq!(wire.reply().await.unwrap().status, 200);
    assert_eq!(wire.reply().await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_hides_in_a_body_for_nobody_is_no_request() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let (other, gone) = server.owner().await;
    other.delete(&format!("/api/endpoints/{gone}")).await;
    for (target, status) in [("/nobody-has-this", 404), (gone.as_str(), 410), ("/api/nothing", 404)]
    {
        let target = format!("/{}", target.trim_start_matches('/'));
        let length = 1000;
        let start = format!("POST {target} HTTP/1.1\r\nHost: h\r\n");
        let body = chunk_of_requests(&id, length);
        let with_length = format!("{start}Content-Length: {length}\r\n\r\n").into_bytes();
        let chunked = format!("{start}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
        for sent in [
            [&with_length[..], &HIDDEN.as_bytes().repeat(20)].concat(),
            [&chunked[..], &body, b"0\r\n\r\n", HIDDEN.as_bytes()].concat(),
        ] {
            let reply = only_reply(&server, &id, &sent).await;
            assert_eq!(reply.status, status, "{target}: {}", reply.says());
        }
    }
    assert_eq!(owner.rows(&id).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_still_writing_reads_why_it_was_refused() {
    let server = TestServer::with(&["--max-body", "100KiB"]).await;
    let (owner, id) = server.owner().await;
    let body = vec![b'x'; 10 * MIB];
    let target = format!("/{id}");
    for (target, framing, status) in [
        (target.as_str(), format!("Content-Length: {}", body.len()), 413),
        (target.as_str(), "Transfer-Encoding: chunked".to_owned(), 413),
        ("/nobody", format!("Content-Length: {}", body.len()), 404),
        (target.as_str(), "X: a\nY: b".to_owned(), 400),
    ] {
        let mut wire = Wire::connect(server.address()).await;
        wire.send(format!("POST {target} HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n").as_bytes())
            .await;
        wire.send(format!("{:x}\r\n", body.len()).as_bytes()).await;
        wire.send(&body).await;
        assert_eq!(wire.reply().await.unwrap().status, status, "{target} {framing}");
        assert!(wire.reply().await.is_none());
    }
    assert_nothing_captured(&owner, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn continue_is_sent_where_the_body_is_wanted() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut wire = Wire::connect(server.address()).await;
    for (expectation, framing, body) in [
        ("100-continue", "Content-Length: 4", "body"),
        ("100-Continue", "Content-Length: 4", "body"),
        ("100-continue", "Transfer-Encoding: chunked", "4\r\nbody\r\n0\r\n\r\n"),
        ("100-continue", "X<>: odd\r\nContent-Length: 4", "body"),
    ] {
        let head =
            format!("PUT /{id} HTTP/1.1\r\nHost: h\r\nExpect: {expectation}\r\n{framing}\r\n\r\n");
        wire.send(head.as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 100, "{head}");
        wire.send(body.as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 200, "{head}");
    }
    assert_eq!(owner.rows(&id).await.len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn continue_is_not_sent_where_it_was_not_asked_for() {
    let server = TestServer::start().await;
    let (_, id) = server.owner().await;
    for (version, fields) in [
        ("1.1", "Content-Length: 4"),
        ("1.1", "Expect: 100-continues\r\nContent-Length: 4"),
        ("1.1", "Expect: 200-ok\r\nContent-Length: 4"),
        ("1.1", "Expect:\r\nContent-Length: 4"),
        ("1.0", "Expect: 100-continue\r\nContent-Length: 4"),
    ] {
        let mut wire = Wire::connect(server.address()).await;
        let head = format!("PUT /{id} HTTP/{version}\r\nHost: h\r\n{fields}\r\n\r\n");
        wire.send_in_pieces([head.as_bytes()].into_iter()).await;
        wire.send(b"body").await;
        assert_eq!(wire.reply().await.unwrap().status, 200, "{head}");
    }
    let mut wire = Wire::connect(server.address()).await;
    for framing in ["Content-Length: 0", "X: no body"] {
        let head =
            format!("PUT /{id} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n{framing}\r\n\r\n");
        wire.send(head.as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 200, "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn continue_is_not_sent_where_the_body_is_refused() {
    let server = TestServer::with(&["--max-body", "1KiB"]).await;
    let (owner, id) = server.owner().await;
    for (target, fields, status) in [
        (id.as_str(), "Content-Length: 1025", 413),
        ("nobody", "Content-Length: 4", 404),
        ("nobody", "Transfer-Encoding: chunked", 404),
        (id.as_str(), "Content-Length: 4\r\nHost: b", 400),
        (id.as_str(), "Transfer-Encoding: gzip", 501),
    ] {
        let sent = format!(
            "PUT /{target} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n{fields}\r\n\r\n"
        );
        // Its body follows anyway, as with senders that do not wait.
        let reply = only_reply(&server, &id, format!("{sent}{HIDDEN}").as_bytes()).await;
        assert_eq!(reply.status, status, "{sent}");
    }
    assert_nothing_captured(&owner, &id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_its_sender_cuts_is_kept_as_cut_in_every_framing() {
    use tokio::io::AsyncWriteExt as _;

    let server = TestServer::start().await;
    for (framing, arrived, kept) in [
        ("Content-Length: 10", "", ""),
        ("Content-Length: 10", "123456789", "123456789"),
        ("Transfer-Encoding: chunked", "", ""),
        ("Transfer-Encoding: chunked", "5", ""),
        ("Transfer-Encoding: chunked", "5\r\nhel", "hel"),
        ("Transfer-Encoding: chunked", "5\r\nhello", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX: 1\r\n", "hello"),
        ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\nX: 1\r\n\r", "hello"),
    ] {
        let (owner, id) = server.owner().await;
        let name = format!("{framing} {arrived:?}");
        for resets in [false, true] {
            let mut wire = Wire::connect(server.address()).await;
            let head = format!("POST /{id} HTTP/1.1\r\nHost: h\r\n{framing}\r\n\r\n");
            wire.send(format!("{head}{arrived}").as_bytes()).await;
            if resets {
                // A reset makes the kernel discard unread bytes.
                wait_until_read(&wire.stream).await;
                let zero = std::time::Duration::ZERO;
                rustix::net::sockopt::set_socket_linger(&wire.stream, Some(zero)).unwrap();
            } else {
                wire.stream.shutdown().await.unwrap();
                while wire.reply().await.is_some() {}
            }
        }
        let rows = owner.rows_once(&id, 2).await;
        assert_eq!(rows.len(), 2, "{name}");
        for row in rows {
            assert_eq!(row["complete"], false, "{name}: {row}");
            let path = format!("/api/endpoints/{id}/requests/{}/body", row["seq"]);
            assert_eq!(owner.get(&path).await.text(), kept, "{name}");
        }
    }
}
