//! Large bodies are stored in pieces before their request is complete: their use of memory and
//! storage, and that nothing of a refused one is left.

use std::time::Duration;

use hyper::StatusCode;

use super::metrics;
use crate::common::{PATIENCE, TestServer, wire::Wire};

const PIECE: usize = 256 * 1024;

/// Waits for something that happens at once but is not reported.
async fn eventually<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let wait = async {
        let mut look = tokio::time::interval(Duration::from_millis(10));
        while !is_so().await {
            look.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect(what);
}

async fn gauge(server: &TestServer, name: &str) -> usize {
    let text = metrics(server).await;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value.expect(name).parse().unwrap()
}

/// Returns the number of pieces and uploads in the database, read from outside.
async fn left(server: &TestServer) -> i64 {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(server.folder.path().join("test.db"))
        .read_only(true);
    let mut connection = options.connect().await.unwrap();
    let count = "select (select count(*) from body_pieces) + (select count(*) from uploads)";
    let count = sqlx::query_scalar(count).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    count
}

/// Sends the first `sent` bytes of a body of `bytes`.
async fn begin(server: &TestServer, id: &str, bytes: usize, sent: usize) -> Wire {
    let mut wire = Wire::connect(server.address()).await;
    let head = format!("POST /{id} HTTP/1.1\r\nHost: h\r\nContent-Length: {bytes}\r\n\r\n");
    wire.send(head.as_bytes()).await;
    wire.send(&vec![b'x'; sent]).await;
    wire
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_ahead_counts_as_storage_and_no_longer_as_memory() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (owner, id) = server.owner().await;
    let mut wire = begin(&server, &id, 16 * PIECE, 12 * PIECE + 1).await;
    eventually("twelve pieces are stored, and one byte is in memory", async || {
        gauge(&server, "hookglass_upload_bytes").await == 12 * PIECE
            && (1..PIECE).contains(&gauge(&server, "hookglass_in_flight_bytes").await)
    })
    .await;
    wire.send(&vec![b'x'; 4 * PIECE - 1]).await;
    assert_eq!(wire.reply().await.unwrap().status, 200);
    eventually("all is given back", async || {
        gauge(&server, "hookglass_upload_bytes").await == 0
            && gauge(&server, "hookglass_in_flight_bytes").await == 0
    })
    .await;
    assert_eq!(left(&server).await, 16, "the pieces of the body");
    let detail = owner.get(&format!("/api/endpoints/{id}/requests/1")).await.json();
    assert!(detail["duration_us"].as_u64().unwrap() > 0, "its end came later than its head");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_that_is_refused_midway_leaves_nothing() {
    let flags = ["--max-body", "1MiB", "--metrics-listen", "127.0.0.1:0"];
    let server = TestServer::with(&flags).await;
    let (owner, id) = server.owner().await;
    let nothing = async || {
        left(&server).await == 0
            && gauge(&server, "hookglass_upload_bytes").await == 0
            && gauge(&server, "hookglass_in_flight_bytes").await == 0
    };

    // Nothing announces its length.
    let mut wire = Wire::connect(server.address()).await;
    let head = format!("POST /{id} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    wire.send(format!("{head}{:x}\r\n", 8 * PIECE).as_bytes()).await;
    wire.send(&vec![b'x'; 3 * PIECE]).await;
    eventually("some of it is stored", async || left(&server).await > 0).await;
    wire.send(&vec![b'x'; PIECE + 1]).await;
    assert_eq!(wire.reply().await.unwrap().status, 413);
    eventually("the pieces of the one that was too long are deleted", nothing).await;

    let mut wire = begin(&server, &id, 4 * PIECE, 3 * PIECE).await;
    eventually("some of it is stored", async || left(&server).await > 0).await;
    let deleted = owner.delete(&format!("/api/endpoints/{id}")).await;
    assert_eq!(deleted.status, StatusCode::NO_CONTENT);
    wire.send(&vec![b'x'; PIECE]).await;
    assert_eq!(wire.reply().await.unwrap().status, 410);
    eventually("the pieces of the one whose endpoint went are deleted", nothing).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_may_have_exactly_as_many_bytes_as_there_may_be() {
    let server = TestServer::with(&["--max-body", "300KiB"]).await;
    let (owner, id) = server.owner().await;
    for (bytes, status) in [(300 * 1024, 200), (300 * 1024 + 1, 413)] {
        let path = format!("/{id}");
        let declared = server.stranger().post(&path, &"x".repeat(bytes)).await;
        assert_eq!(declared.status.as_u16(), status, "{bytes}");
        let mut wire = Wire::connect(server.address()).await;
        let head = format!("POST {path} HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
        wire.send(format!("{head}{bytes:x}\r\n").as_bytes()).await;
        wire.send(&vec![b'x'; bytes]).await;
        if status == 200 {
            wire.send(b"\r\n0\r\n\r\n").await;
        }
        assert_eq!(wire.reply().await.unwrap().status, status, "{bytes} in chunks");
    }
    let kept = owner.rows(&id).await;
    let bytes: Vec<_> = kept.iter().map(|row| row["body_bytes"].as_u64().unwrap()).collect();
    assert_eq!(bytes, [300 * 1024, 300 * 1024, 0, 0]);
}
