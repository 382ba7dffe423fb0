//! Requests made readable, as the API gives them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Answer, Client, TestServer};
use hyper::{Method, StatusCode};
use serde_json::Value;

/// Sends a request to an endpoint.
async fn send(server: &TestServer, id: &str, fields: &[(&str, &str)], body: impl Into<Vec<u8>>) {
    let path = format!("/{id}/hook?a=1&b=%20");
    let sent = server.stranger().send(Method::POST, &path, fields, body.into()).await;
    assert_eq!(sent.status, StatusCode::OK, "{sent:?}");
}

async fn reading(owner: &Client, id: &str, query: &str) -> Value {
    let answer = ask(owner, id, query).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
    answer.json()
}

async fn ask(owner: &Client, id: &str, query: &str) -> Answer {
    owner.get(&format!("/api/endpoints/{id}/requests/latest/reading?{query}")).await
}

/// The rows as text, with their depth as spaces.
fn rows(reading: &Value) -> Vec<String> {
    let rows = reading["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let depth = usize::try_from(row["depth"].as_u64().unwrap_or_default()).unwrap();
        format!("{}{}", " ".repeat(depth), text(&row["pieces"]))
    })
    .collect()
}

fn text(pieces: &Value) -> String {
    pieces.as_array().unwrap().iter().map(|piece| piece[0].as_str().unwrap()).collect()
}

fn forms(reading: &Value) -> Vec<&str> {
    let forms = reading["forms"].as_array().unwrap().iter();
    forms.map(|form| form["value"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_body_is_a_tree_that_folds_and_is_searched() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let json = r#"{"id":12345678901234567890.10,"list":[1,{"deep":"Needle"}]}"#;
    send(&server, &id, &[("content-type", "application/json")], json).await;

    let whole = reading(&owner, &id, "part=body").await;
    assert_eq!(
        (whole["form"].as_str(), forms(&whole)),
        (Some("json"), vec!["json", "text", "hex"])
    );
    assert_eq!(rows(&whole)[1], " \"id\": 12345678901234567890.10,");
    assert_eq!((&whole["total"], &whole["bytes"]), (&9.into(), &json.len().into()));

    let folded = reading(&owner, &id, "depth=1").await;
    assert_eq!(
        rows(&folded),
        ["{", " \"id\": 12345678901234567890.10,", " \"list\": [… 2 elements ]", "}"]
    );
    assert_eq!(folded["rows"][2]["fold"], "shut");
    let toggled = reading(&owner, &id, "depth=1&toggled=2").await;
    assert_eq!(toggled["total"], 6);
    let found = reading(&owner, &id, "depth=0&find=nEEDLE&from=5&limit=1").await;
    assert_eq!((&found["found"], &found["from"]), (&serde_json::json!([5]), &5.into()));
    assert_eq!(found["rows"][0]["pieces"][3], serde_json::json!(["Needle", "string hit"]));

    let path = format!("/api/endpoints/{id}/requests/latest/value?line=5");
    let value = owner.get(&path).await.json();
    assert_eq!(value, serde_json::json!({"path": "list[1].deep", "value": "\"Needle\""}));
    let beyond = owner.get(&path.replace("line=5", "line=99")).await;
    assert_eq!(beyond.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_part_can_be_read() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    send(&server, &id, &[("x-one", "1"), ("content-type", "text/plain")], "one\r\ntwo\u{202e}")
        .await;

    let plain = reading(&owner, &id, "part=body&form=text").await;
    assert_eq!(rows(&plain), ["one", "two\u{202e}"]);
    assert_eq!(plain["rows"][1]["pieces"][1][1], "bidi");
    let hex = reading(&owner, &id, "part=body&form=hex").await;
    assert!(rows(&hex)[0].starts_with("6f 6e 65 0d 0a 74 77 6f  e2 80 ae"), "{:?}", rows(&hex));
    let headers = reading(&owner, &id, "part=headers").await;
    let names: Vec<_> =
        headers["fields"].as_array().unwrap().iter().map(|field| text(&field["name"])).collect();
    assert!(names.contains(&"x-one".to_owned()), "{names:?}");
    let query = reading(&owner, &id, "part=query").await;
    assert_eq!(text(&query["fields"][1]["value"]), " ");
    let wire = reading(&owner, &id, "part=wire").await;
    let lines = rows(&wire);
    assert_eq!(lines[0], format!("POST /{id}/hook?a=1&b=%20 HTTP/1.1\r\n"));
    assert_eq!(lines[lines.len() - 3..], ["\r\n", "one\r\n", "two\u{202e}"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_with_what_to_send() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    send(&server, &id, &[], "").await;
    for query in ["part=soul", "limit=0", "limit=2001", "toggled=a", "unknown=1", "depth=-1"] {
        let refused = ask(&owner, &id, query).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(refused.problem(), "invalid-request");
        assert!(refused.json()["detail"].as_str().unwrap().len() > 20, "{}", refused.text());
    }
    let empty = reading(&owner, &id, "part=body").await;
    assert_eq!(empty["notes"][0]["text"], "No body was sent.");
    assert_eq!(ask(&server.owner().await.0, &id, "").await.status, StatusCode::NOT_FOUND);
}
