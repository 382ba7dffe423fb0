//! Downloads of stored bytes: complete, and cheap in memory while clients read slowly.

use http_body_util::BodyExt as _;
use hyper::{Method, Response, StatusCode, body::Bytes, body::Incoming};

use crate::common::{Client, PATIENCE, TestServer};

/// Far more than the buffers of a connection hold.
const BODY_BYTES: usize = 24 * 1024 * 1024;

async fn capture(server: &TestServer, id: &str, body: Vec<u8>) {
    let sent = server.stranger().send(Method::POST, &format!("/{id}/large"), &[], body).await;
    assert_eq!(sent.status, StatusCode::OK);
}

/// Returns a response whose body is not read yet.
async fn open(client: &Client, path: &str) -> Response<Incoming> {
    client.open(Method::GET, path, &[], Bytes::new()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_come_whole_and_their_length_is_told_ahead() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body: Vec<u8> = (0..200_000_u32).flat_map(u32::to_be_bytes).collect();
    capture(&server, &id, body.clone()).await;
    capture(&server, &id, Vec::new()).await;
    for (seq, body) in [(1, body.as_slice()), (2, &[])] {
        let path = format!("/api/endpoints/{id}/requests/{seq}");
        let raw = owner.get(&format!("{path}/raw")).await;
        let end = raw.body.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        assert!(raw.body[end..] == *body, "{seq}");
        let whole = owner.get(&format!("{path}/body")).await;
        assert!(whole.body == body, "{seq}");
        for (part, answer) in [("raw", raw), ("body", whole)] {
            assert_eq!(answer.header("content-length"), answer.body.len().to_string());
            let head = owner.send(Method::HEAD, &format!("{path}/{part}"), &[], "").await;
            assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
            assert_eq!(head.header("content-length"), answer.header("content-length"));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_slow_caller_has_not_taken_is_still_in_the_store() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for (seq, part) in [(1, "body"), (2, "raw")] {
        capture(&server, &id, vec![b'x'; BODY_BYTES]).await;
        let path = format!("/api/endpoints/{id}/requests/{seq}");
        let mut answer = open(&owner, &format!("{path}/{part}")).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let start = answer.frame().await.unwrap().unwrap().into_data().unwrap();
        assert!(!start.is_empty());
        // A body deleted during its download cannot be completed, and must not pass as complete.
        assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
        let rest = tokio::time::timeout(PATIENCE, answer.collect()).await.expect("it ends");
        assert!(rest.is_err(), "{part} came whole");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decoded_for_slow_callers_is_bounded_for_each_workspace() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut image = b"GIF89a\x01\0\x01\0\0\0\0;".to_vec();
    image.resize(BODY_BYTES, 0);
    capture(&server, &id, image.clone()).await;
    let path = format!("/api/endpoints/{id}/requests/1/image");
    let mut taken = Vec::new();
    for _ in 0..4 {
        let answer = open(&owner, &path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        taken.push(answer);
    }
    let refused = owner.get(&path).await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.problem(), "too-many-downloads");
    assert_eq!(refused.header("retry-after"), "5");

    let (other, others) = server.owner().await;
    capture(&server, &others, image).await;
    let answer = other.get(&format!("/api/endpoints/{others}/requests/1/image")).await;
    assert_eq!((answer.status, answer.body.len()), (StatusCode::OK, BODY_BYTES));

    taken.pop();
    let freed = async { while owner.get(&path).await.status != StatusCode::OK {} };
    tokio::time::timeout(PATIENCE, freed).await.expect("room once a caller is gone");
}
