//! Attempts of one delivery: how they are numbered, searched and read.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::{Client, TestServer};

const GITHUB: &str = "72d3162e-cc78-11e3-81ab-4c9367dc0958";

async fn send(server: &TestServer, id: &str, fields: &[(&str, &str)], body: &str) -> i64 {
    let path = format!("/{id}/in");
    let sent = server.stranger().send(Method::POST, &path, fields, body.to_owned()).await;
    assert_eq!(sent.status, StatusCode::OK, "{sent:?}");
    sent.header("hookglass-seq").parse().unwrap()
}

async fn deliver(server: &TestServer, id: &str, delivery: &str) -> i64 {
    let fields = [("x-github-event", "push"), ("x-github-delivery", delivery)];
    send(server, id, &fields, "{}").await
}

async fn detail(owner: &Client, id: &str, seq: i64) -> Value {
    owner.get(&format!("/api/endpoints/{id}/requests/{seq}")).await.json()
}

async fn seqs(owner: &Client, id: &str, q: &str) -> Vec<i64> {
    let page = owner.get(&format!("/api/endpoints/{id}/requests?q={q}")).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let requests = page.json()["requests"].as_array().unwrap().clone();
    requests.iter().map(|request| request["seq"].as_i64().unwrap()).collect()
}

async fn reading(owner: &Client, id: &str, seq: i64, part: &str) -> Value {
    let path = format!("/api/endpoints/{id}/requests/{seq}/reading?part={part}");
    let answer = owner.get(&path).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()
}

fn texts(reading: &Value) -> Vec<String> {
    let rows = reading["rows"].as_array().unwrap();
    let text = |row: &Value| {
        let pieces = row["pieces"].as_array().unwrap();
        pieces.iter().map(|piece| piece[0].as_str().unwrap()).collect()
    };
    rows.iter().map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn redeliveries_of_github_are_tries_of_one_delivery() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    for delivery in [GITHUB, "other", GITHUB] {
        deliver(&server, &id, delivery).await;
    }
    for attempt in [1, 1, 2] {
        let event = feed.next().await.unwrap();
        assert_eq!((event.name.as_str(), &event.data["attempt"]), ("captured", &json!(attempt)));
    }
    let third = detail(&owner, &id, 3).await;
    assert_eq!((&third["attempt"], &third["delivery_id"]), (&json!(2), &json!(GITHUB)));
    let delivery = &third["delivery"];
    assert_eq!((&delivery["id"], &delivery["guessed"]), (&json!(GITHUB), &json!(false)));
    let tries: Vec<_> = delivery["attempts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["seq"].clone(), one["attempt"].clone(), one["status"].clone()))
        .collect();
    assert_eq!(tries, [(json!(1), json!(1), json!(200)), (json!(3), json!(2), json!(200))]);
    assert_eq!(seqs(&owner, &id, "attempt:%3E1").await, [3]);
    assert_eq!(seqs(&owner, &id, "attempt:1").await, [2, 1]);
    assert_eq!(seqs(&owner, &id, &format!("delivery:{GITHUB}")).await, [3, 1]);

    let read = reading(&owner, &id, 1, "attempts").await;
    let rows = texts(&read);
    assert!(rows[1].starts_with("#1  ") && rows[2].starts_with("#3  "), "{rows:?}");
    assert!(rows[2].contains("+ "), "{rows:?}");
    assert_eq!(read["rows"][1]["mark"], "this");
    let link = format!("link /inspect/{id}/3?tab=attempts");
    assert_eq!(read["rows"][2]["pieces"][0], json!(["#3", link]));
    let documented = read["fields"][2]["value"][0][0].as_str().unwrap();
    assert!(documented.starts_with("GitHub does not retry"), "{documented}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_loses_no_count() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for _ in 0..2 {
        deliver(&server, &id, GITHUB).await;
    }
    let server = server.restart().await;
    let owner = Client { address: server.address(), ..owner };
    let (again, other) =
        tokio::join!(deliver(&server, &id, GITHUB), deliver(&server, &id, "a \"quoted\\ one"));
    assert_eq!(detail(&owner, &id, again).await["attempt"], 3);
    assert_eq!(detail(&owner, &id, other).await["attempt"], Value::Null, "no id has spaces");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_equal_body_is_a_guess_and_says_so() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = r#"{"order":12345,"paid":true}"#;
    let first = send(&server, &id, &[], body).await;
    assert_eq!(detail(&owner, &id, first).await["delivery"], Value::Null);
    send(&server, &id, &[], r#"{"order":12346,"paid":true}"#).await;
    let again = send(&server, &id, &[], body).await;

    let detail_of_first = detail(&owner, &id, first).await;
    let delivery = detail(&owner, &id, again).await["delivery"].clone();
    assert_eq!(delivery["attempts"], detail_of_first["delivery"]["attempts"]);
    assert_eq!((&delivery["attempt"], &delivery["guessed"]), (&json!(2), &json!(true)));
    assert_eq!(detail_of_first["delivery"]["attempt"], 1);
    let name = delivery["id"].as_str().unwrap();
    assert_eq!(seqs(&owner, &id, &format!("delivery:{name}")).await, [again, first]);
    let read = reading(&owner, &id, first, "attempts").await;
    assert!(read["notes"][0]["text"].as_str().unwrap().starts_with("A guess"), "{read}");

    // A cleared request has no further attempts.
    owner.delete(&format!("/api/endpoints/{id}/requests")).await;
    let anew = send(&server, &id, &[], body).await;
    let anew = detail(&owner, &id, anew).await;
    assert_eq!((&anew["attempt"], &anew["delivery"]), (&Value::Null, &Value::Null));
}

#[tokio::test(flavor = "multi_thread")]
async fn senders_count_their_own_tries_too() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = r#"{"type":"event_callback","event_id":"Ev1","event":{"type":"app_mention"}}"#;
    let fields = [("x-slack-signature", "v0=0"), ("x-slack-retry-num", "2")];
    let seq = send(&server, &id, &fields, body).await;
    let slack = detail(&owner, &id, seq).await;
    assert_eq!((&slack["attempt"], &slack["label"]), (&json!(3), &json!("app_mention")));
    let rows = texts(&reading(&owner, &id, seq, "attempts").await);
    assert_eq!(rows[0], "Tries 1 to 2 are not kept, or did not come here.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_alone_says_that_it_is() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let seq = send(&server, &id, &[], "short").await;
    let read = reading(&owner, &id, seq, "attempts").await;
    assert_eq!(read["rows"], json!([]));
    assert!(read["notes"][0]["text"].as_str().unwrap().starts_with("No other request"), "{read}");
}
