//! Many requests in one segment.

use super::case::assert_kept;

use crate::common::{TestServer, wire::Wire};

/// The n-th of many requests, with framings of every kind: as sent and as stored.
fn nth(id: &str, n: usize) -> (Vec<u8>, Vec<u8>) {
    let start = format!("POST /{id}/{n} HTTP/1.1\r\nHost: h\r\nX-N: {n}\r\n");
    let body = format!("GET /{id}/smuggled-{n} HTTP/1.1\r\nHost: h\r\n\r\n{}", "b".repeat(n * 7));
    let (sent, kept) = match n % 5 {
        0 => (format!("{start}\r\n"), format!("{start}\r\n")),
        1 => {
            let whole = format!("{start}Content-Length: {}\r\n\r\n{body}", body.len());
            (whole.clone(), whole)
        }
        2 => {
            let head = format!("{start}transfer-encoding: chunked\r\n\r\n");
            let (one, two) = body.split_at(body.len() / 2);
            let chunks = format!("{:x};e\r\n{one}\r\n{:X}\r\n{two}\r\n", one.len(), two.len());
            (format!("{head}{chunks}0\r\nT: {n}\r\n\r\n"), format!("{head}{body}T: {n}\r\n"))
        }
        3 => {
            let whole = format!("{start}X<\u{e4}>: {n}\r\n\tfolded\r\n\r\n");
            (format!("\r\n{whole}"), whole)
        }
        _ => {
            let fields: String = (0..120).map(|field| format!("f{field}: {n}\r\n")).collect();
            let whole = format!("{start}{fields}Content-Length: {n}\r\n\r\n{}", "c".repeat(n));
            (whole.clone(), whole)
        }
    };
    (sent.into_bytes(), kept.into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_in_one_segment_are_each_kept_once_and_answered_in_order() {
    let server = TestServer::start().await;
    for count in [2, 10, 100] {
        let (owner, id) = server.owner().await;
        let requests: Vec<_> = (0..count).map(|n| nth(&id, n)).collect();
        let segment: Vec<u8> = requests.iter().flat_map(|(sent, _)| sent.clone()).collect();
        let mut wire = Wire::connect(server.address()).await;
        wire.send(&segment).await;
        for seq in 1..=count {
            let reply = wire.reply().await.unwrap();
            assert_eq!(reply.status, 200, "{}", reply.says());
            assert_eq!(reply.field("hookglass-seq"), Some(seq.to_string().as_str()));
        }
        for (seq, (_, kept)) in (1..).zip(&requests) {
            assert_kept(&format!("{seq} of {count}"), &owner, &id, seq, kept).await;
        }
        assert_eq!(owner.rows(&id).await.len(), count);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_takes_its_turn_behind_the_answers_before_it() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let good = format!("POST /{id}/good HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi");
    for bad in ["GET / HTTP/1.1\r\n\r\n", "\x16\x03", "GET /\n", "GET /a b HTTP/1.1\r\n\r\n"] {
        let mut wire = Wire::connect(server.address()).await;
        wire.send(format!("{good}{good}{bad}{good}").as_bytes()).await;
        for _ in 0..2 {
            assert_eq!(wire.reply().await.unwrap().status, 200);
        }
        assert_eq!(wire.reply().await.unwrap().status, 400, "{bad:?}");
        assert!(wire.reply().await.is_none());
    }
    let rows = owner.rows(&id).await;
    assert_eq!(rows.iter().filter(|row| row["complete"] == true).count(), 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_closes_its_half_gets_all_its_answers() {
    use tokio::io::AsyncWriteExt as _;

    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let requests: Vec<_> = (0..10).map(|n| nth(&id, n)).collect();
    let segment: Vec<u8> = requests.iter().flat_map(|(sent, _)| sent.clone()).collect();
    let mut wire = Wire::connect(server.address()).await;
    wire.send(&segment).await;
    wire.stream.shutdown().await.unwrap();
    for _ in 0..10 {
        assert_eq!(wire.reply().await.unwrap().status, 200);
    }
    assert!(wire.reply().await.is_none());
    assert_eq!(owner.rows(&id).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_closes_its_half_within_a_head_leaves_nothing() {
    use tokio::io::AsyncWriteExt as _;

    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for part in ["P", "POST", "PRI * HT", "\r\n", "\r", "GET /{id} HTTP/1.1\r\nHost: h\r\n"] {
        let mut wire = Wire::connect(server.address()).await;
        wire.send(part.replace("{id}", &id).as_bytes()).await;
        wire.stream.shutdown().await.unwrap();
        assert!(wire.reply().await.is_none(), "{part:?}");
    }
    assert_eq!(owner.rows(&id).await.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_behind_a_last_message_does_not_reset_the_connection() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for (end, rest) in [("1.0\r\n", "\r\n"), ("1.1\r\nHost: h\r\nConnection: close\r\n", "GET /")] {
        let mut wire = Wire::connect(server.address()).await;
        let head = format!("POST /{id} HTTP/{end}Content-Length: 4\r\n\r\n");
        wire.send_in_pieces([head.as_bytes()].into_iter()).await;
        wire.send(format!("body{rest}").as_bytes()).await;
        assert_eq!(wire.reply().await.unwrap().status, 200, "{head}");
        assert!(wire.reply().await.is_none(), "{head}");
    }
    assert_eq!(owner.rows(&id).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_closes_connections_that_ask_for_nothing() {
    let TestServer { server, folder: _folder } = TestServer::start().await;
    let silent = Wire::connect(server.address()).await;
    let mut begun = Wire::connect(server.address()).await;
    begun.send_in_pieces([&b"PRI * HT"[..]].into_iter()).await;
    let mut idle = Wire::connect(server.address()).await;
    idle.send(b"GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").await;
    assert_eq!(idle.reply().await.unwrap().status, 200);
    server.shutdown().await;
    for mut wire in [silent, begun, idle] {
        assert!(wire.reply().await.is_none());
    }
}
