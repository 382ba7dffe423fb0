//! Databases of every earlier version open in this one with their data intact.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{fs, path::Path};

use common::TestServer;
use serde_json::{Value, json};

const OWNER: &str = "hgk_lEIrbVcRTorS9y2JbemNlfq9JwILa7oQAVoXVdTk1mQ";
const NEIGHBOUR: &str = "hgk_3GSpb0VW09CqQvwtLnKKqiinGJuT_CPyuHEvDMDYtNA";

/// A server on a copy of a kept database.
async fn server(name: &str) -> TestServer {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases").join(name);
    let folder = tempfile::tempdir().unwrap();
    fs::copy(kept, folder.path().join("test.db")).unwrap();
    TestServer::on(folder, &[]).await
}

/// What lists say of an endpoint's requests, oldest first.
fn brief(page: &Value) -> Vec<(i64, String, i64)> {
    let requests = page["requests"].as_array().unwrap();
    requests
        .iter()
        .map(|request| {
            let target = request["target"].as_str().unwrap().to_owned();
            (request["seq"].as_i64().unwrap(), target, request["body_bytes"].as_i64().unwrap())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_issue_2_has_all_its_data() {
    let server = server("issue-2.db").await;
    let owner = server.stranger().bearer(OWNER);
    let endpoints = owner.get("/api/endpoints").await.json();
    let endpoints: Vec<_> = endpoints["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["id"].clone(), e["name"].clone(), e["requests"].clone(), e["last_seq"].clone()))
        .collect();
    assert_eq!(
        endpoints,
        [
            (json!("cleared"), Value::Null, json!(1), json!(4)),
            (json!("kept"), json!("Kept"), json!(5), json!(6)),
        ]
    );
    let kept = owner.get("/api/endpoints/kept/requests?after=0").await.json();
    let expected = [
        (1, "/kept/small?a=1&b=%20".to_owned(), 23),
        (2, "/kept/empty".to_owned(), 0),
        (3, "/kept/binary".to_owned(), 256),
        (4, "/kept/big".to_owned(), 300_000),
        (6, "/kept/last".to_owned(), 4),
    ];
    assert_eq!(brief(&kept), expected);
    let first = owner.get("/api/endpoints/kept/requests/1").await.json();
    assert_eq!(first["body"]["text"], r#"{"type":"invoice.paid"}"#);
    assert_eq!(first["label"], "invoice.paid");
    let binary = owner.get("/api/endpoints/kept/requests/3/body").await;
    assert_eq!(binary.body, (0..=255).collect::<Vec<u8>>());
    let big = owner.get("/api/endpoints/kept/requests/4").await.json();
    let body = owner.get("/api/endpoints/kept/requests/4/body").await.body;
    assert_eq!(body.len(), 300_000);
    let sha256 = <sha2::Sha256 as sha2::Digest>::digest(&body);
    let sha256: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(big["body"]["sha256"], sha256);
    assert_eq!(sha256, "8df220ac90b5c647a92cb01757cd96dbfb4c55704c78608c58f0bf9db9b6c906");
    let cleared = owner.get("/api/endpoints/cleared/requests").await.json();
    assert_eq!(brief(&cleared), [(4, "/cleared/after".to_owned(), 5)]);
    let deleted = server.stranger().post("/deleted", "x").await;
    assert_eq!((deleted.status.as_u16(), deleted.problem().as_str()), (410, "gone"));
    let neighbour = server.stranger().bearer(NEIGHBOUR);
    let neighbours = neighbour.get("/api/endpoints/neighbour/requests?after=0").await.json();
    assert_eq!(brief(&neighbours).len(), 4);

    // It goes on where it stopped.
    let next = server.stranger().post("/kept", "next").await;
    assert_eq!(next.header("hookglass-seq"), "7");
    let feed = owner.feed("/api/endpoints/kept/live?after=0", None).await.next().await.unwrap();
    assert_eq!((feed.name.as_str(), &feed.data["id"]), ("endpoint", &json!("kept")));
}
