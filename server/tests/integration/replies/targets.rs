//! Responses to requests whose target is not a valid URI.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

/// Requests a target exactly as written.
async fn asked(server: &TestServer, target: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let head = format!("GET {target} HTTP/1.1\r\nhost: x.test\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let reading = stream.read_to_end(&mut answer);
    tokio::time::timeout(Duration::from_secs(20), reading).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_have_path_and_query_of_any_target() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = "[{{ request.path }}|{{ request.query }}|{{ request.query.y }}]";
    set(&owner, &id, &json!({ "reply": { "body": body } })).await;
    for (path, query, y) in
        [("/", "x=<a>&y=1", "1"), ("/a|b", "y=\"2\"", "\"2\""), ("/c", "y=3&x={}", "3")]
    {
        let answer = asked(&server, &format!("/{id}{path}?{query}")).await;
        let expected = format!("[/{id}{path}|{query}|{y}]");
        assert!(answer.ends_with(&expected), "{expected}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_known_by_the_query_of_any_target() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=a<b>";
    let answer = asked(&server, &format!("/{id}?{query}")).await;
    assert!(answer.ends_with("1158201444"), "{answer}");
    set(&owner, &id, &json!({ "verify_token": "a<b>" })).await;
    let answer = asked(&server, &format!("/{id}?{query}")).await;
    assert!(answer.ends_with("1158201444"), "{answer}");
}
