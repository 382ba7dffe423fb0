//! Settings and requests that are expensive to evaluate.

use super::*;

async fn refused(owner: &Client, id: &str, settings: Value) -> String {
    let refused = owner.patch(&format!("/api/endpoints/{id}"), &settings.to_string()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text());
    refused.json()["detail"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_much_to_decide_on_is_not_saved() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let value = "{{ request.query.a }}".repeat(51);
    let reply = json!({ "headers": [["x-a", value]], "body": value });
    let detail = refused(&owner, &id, json!({ "reply": reply })).await;
    assert!(detail.starts_with("`reply`: ") && detail.contains("100 values"), "{detail}");
    let terms = ["body:\u{e9}"; 32].join(" OR ");
    let rule = json!({ "when": terms });
    let detail = refused(&owner, &id, json!({ "rules": vec![rule.clone(); 9] })).await;
    assert!(detail.starts_with("`rules`: ") && detail.contains("256 terms"), "{detail}");
    set(&owner, &id, &json!({ "rules": vec![rule; 8] })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_long_to_decide_on_is_stored_first() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let terms = ["query.z:1"; 32].join(" OR ");
    let none = json!({ "when": terms });
    let last = json!({ "when": "query.a:1", "reply": { "status": 202 } });
    let rules: Vec<_> = std::iter::repeat_n(none, 7).chain([last]).collect();
    set(&owner, &id, &json!({ "rules": rules })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let path = format!("/{id}?a=1{}", "&b".repeat(12_000));
    let answer = server.stranger().send(Method::GET, &path, &[], "").await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    // Only responses that were undecided when stored are reported afterwards.
    assert_eq!(told(&mut feed, 1).await["status"], 202);
    assert_eq!(record(&owner, &id, 1).await["reply"]["source"], "rule 8");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_made_for_one_request_counts_until_it_is_sent() {
    let server = TestServer::with(&["--metrics-listen", "127.0.0.1:0"]).await;
    let (owner, id) = server.owner().await;
    let reply = json!({ "body": "{{ request.body }}" });
    let step = json!({ "act": "slow", "seconds": 120, "reply": reply });
    set(&owner, &id, &json!({ "programme": { "steps": [step] } })).await;
    let sender = server.stranger();
    let body = "x".repeat(100_000);
    let fields = [("content-type", "text/plain")];
    let answer = sender.open(Method::POST, &format!("/{id}"), &fields, body.into()).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let metrics = Client::at(server.server.metrics_address().unwrap());
    let held = async |least: u64| loop {
        let text = metrics.get("/metrics").await.text();
        let held = text.lines().find_map(|line| line.strip_prefix("hookglass_in_flight_bytes "));
        let held: u64 = held.unwrap().parse().unwrap();
        if if least == 0 { held == 0 } else { held >= least } {
            return;
        }
    };
    let patience = crate::common::PATIENCE;
    tokio::time::timeout(patience, held(100_000)).await.expect("it is counted");
    drop(answer);
    tokio::time::timeout(patience, held(0)).await.expect("and given back");
}
