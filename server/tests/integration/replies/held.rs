//! Delayed responses, and connections that are cut.

use std::time::Instant;

use tokio::io::AsyncReadExt as _;

use super::*;
use crate::common::{PATIENCE, wire::Wire};

/// Longer than a test takes.
const LONG_MS: u32 = 30_000;

fn post(id: &str) -> Vec<u8> {
    format!("POST /{id} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}").into_bytes()
}

/// Reads until the connection ends, cleanly or not.
async fn rest(wire: &mut Wire) -> Vec<u8> {
    let mut all = Vec::new();
    let read = async { while let Ok(1..) = wire.stream.read_buf(&mut all).await {} };
    tokio::time::timeout(PATIENCE, read).await.expect("an end in time");
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_there_before_its_held_answer_which_a_shutdown_sends_early() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    set(&owner, &id, &json!({ "reply": { "status": 202, "delay_ms": LONG_MS } })).await;
    let started = Instant::now();
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    let rows = owner.rows_once(&id, 1).await;
    assert_eq!(rows[0]["status"], 202);
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert_eq!((&reply["source"], reply.get("taken")), (&json!("default"), None), "{reply}");

    let server = server.restart().await;
    let answer = sender.reply().await.unwrap();
    assert_eq!(answer.status, 202);
    assert!(started.elapsed().as_millis() < u128::from(LONG_MS), "not held to the end");
    let owner = Client { address: server.address(), ..owner };
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert_eq!(reply["taken"], true);
    assert!(reply["notes"][0].as_str().unwrap().contains("the server stopped"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_delay_is_kept_to() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    set(&owner, &id, &json!({ "reply": { "delay_ms": 200 } })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let started = Instant::now();
    assert_eq!(send(&server, &format!("/{id}"), "").await.status, StatusCode::OK);
    assert!(started.elapsed().as_millis() >= 200);
    told(&mut feed, 1).await;
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert!(reply["duration_us"].as_u64().unwrap() >= 200_000, "{reply}");
    assert_eq!(reply["taken"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_who_hangs_up_while_held_is_told_of_and_its_request_stays() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    set(&owner, &id, &json!({ "reply": { "delay_ms": LONG_MS } })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    owner.rows_once(&id, 1).await;
    drop(sender);
    let summary = told(&mut feed, 1).await;
    assert_eq!(summary.get("status"), None, "it was answered nothing");
    let request = record(&owner, &id, 1).await;
    assert_eq!(
        (&request["reply"]["taken"], &request["reply"]["status"]),
        (&json!(false), &json!(200))
    );
    let note = request["reply"]["notes"][0].as_str().unwrap();
    assert!(note.contains("hung up"), "{note}");
    assert!(request["reply"]["duration_us"].as_u64().unwrap() < u64::from(LONG_MS) * 1000);
    assert_eq!(request["body"]["text"], "{}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_behind_a_held_request_is_answered_after_it() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let rules = json!([{ "when": "seq:1", "reply": { "status": 201, "delay_ms": 200 } }]);
    set(&owner, &id, &json!({ "rules": rules })).await;
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    owner.rows_once(&id, 1).await;
    let (start, end) = (post(&id)[..20].to_vec(), post(&id)[20..].to_vec());
    sender.send(&start).await;
    assert_eq!(sender.reply().await.unwrap().status, 201);
    sender.send(&end).await;
    assert_eq!(sender.reply().await.unwrap().status, 200);
    assert_eq!(record(&owner, &id, 1).await["reply"]["source"], "rule 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_hundred_and_first_held_answer_goes_at_once_and_says_so() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let rules = json!([{ "when": "path:/hold", "reply": { "status": 202, "delay_ms": LONG_MS } }]);
    set(&owner, &id, &json!({ "rules": rules })).await;
    let mut senders = Vec::new();
    for _ in 0..100 {
        let mut sender = Wire::connect(server.address()).await;
        let request = format!("GET /{id}/hold HTTP/1.1\r\nHost: x\r\n\r\n");
        sender.send(request.as_bytes()).await;
        senders.push(sender);
    }
    owner.rows_once(&id, 100).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    let answer = server.stranger().get(&format!("/{id}/hold")).await;
    assert_eq!((answer.status.as_u16(), answer.header("hookglass-seq")), (202, "101"));
    told(&mut feed, 101).await;
    let reply = record(&owner, &id, 101).await["reply"].clone();
    assert!(reply["notes"][0].as_str().unwrap().contains("too many"), "{reply}");
    assert_eq!(reply["taken"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_ends_without_an_answer() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let programme = json!({ "steps": [{ "act": "cut" }] });
    set(&owner, &id, &json!({ "programme": programme })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    assert_eq!(rest(&mut sender).await, b"");
    let summary = told(&mut feed, 1).await;
    assert_eq!(summary.get("status"), None);
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert_eq!((&reply["source"], reply.get("status")), (&json!("programme 1"), None));
    let reading = owner.get(&format!("/api/endpoints/{id}/requests/1/reading?part=reply")).await;
    assert!(reading.text().contains("was cut"), "{}", reading.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_answer_begins_and_never_ends_in_order() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let step = json!({ "act": "stall", "seconds": 1, "reply": { "status": 200, "body": "abc" } });
    set(&owner, &id, &json!({ "programme": { "steps": [step] } })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    let all = String::from_utf8(rest(&mut sender).await).unwrap();
    assert!(all.starts_with("HTTP/1.1 200 OK\r\n"), "{all}");
    assert!(all.contains("content-length: 3\r\n") && all.ends_with("\r\n\r\n"), "{all}");
    told(&mut feed, 1).await;
    assert_eq!(record(&owner, &id, 1).await["reply"]["taken"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_who_leaves_a_stalled_answer_is_told_of() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let step = json!({ "act": "stall", "seconds": 120, "reply": { "body": "abc" } });
    set(&owner, &id, &json!({ "programme": { "steps": [step] } })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    let mut head = Vec::new();
    sender.stream.read_buf(&mut head).await.unwrap();
    drop(sender);
    assert_eq!(told(&mut feed, 1).await["status"], 200, "that much came");
    assert_eq!(record(&owner, &id, 1).await["reply"]["taken"], false);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_comes_piece_by_piece() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = "0123456789".repeat(10);
    let step = json!({ "act": "slow", "seconds": 1, "reply": { "status": 503, "body": body } });
    set(&owner, &id, &json!({ "programme": { "steps": [step] } })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let started = Instant::now();
    let answer = send(&server, &format!("/{id}"), "").await;
    assert_eq!((answer.status.as_u16(), answer.text()), (503, body));
    assert!(started.elapsed().as_millis() >= 900, "{:?}", started.elapsed());
    told(&mut feed, 1).await;
    assert_eq!(record(&owner, &id, 1).await["reply"]["taken"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_that_a_shutdown_finds_goes_at_once() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let step = json!({ "act": "slow", "seconds": 120, "reply": { "body": "0123456789" } });
    set(&owner, &id, &json!({ "programme": { "steps": [step] } })).await;
    let mut sender = Wire::connect(server.address()).await;
    sender.send(&post(&id)).await;
    owner.rows_once(&id, 1).await;
    let server = server.restart().await;
    assert_eq!(sender.reply().await.unwrap().body, b"0123456789");
    let owner = Client { address: server.address(), ..owner };
    assert_eq!(record(&owner, &id, 1).await["reply"]["taken"], true);
}
