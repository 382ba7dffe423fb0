//! What is dropped and when, as senders, owners and feeds see it.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::common::{PATIENCE, TestServer};

#[tokio::test(flavor = "multi_thread")]
async fn a_full_endpoint_says_what_it_dropped_in_feed_and_list() {
    let server = TestServer::with(&["--max-requests", "3"]).await;
    let (owner, id) = server.owner().await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    // Wait until the feed is live: what it reads from the store reports only the last drop.
    assert_eq!(feed.next_of_all().await.unwrap().name, "alive");
    for _ in 0..5 {
        let sent = server.stranger().post(&format!("/{id}"), "x").await;
        assert_eq!(sent.status, StatusCode::OK);
    }
    let mut below = Vec::new();
    while below.last() != Some(&json!(3)) {
        let event = feed.next().await.unwrap();
        if event.name == "dropped" {
            assert_eq!(event.data["endpoint"], id);
            below.push(event.data["below"].clone());
        }
    }
    assert_eq!(below, [json!(2), json!(3)]);
    let endpoint = owner.get(&format!("/api/endpoints/{id}")).await.json();
    assert_eq!((&endpoint["max_requests"], &endpoint["requests"]), (&json!(3), &json!(3)));
    assert_eq!(endpoint["dropped_through"], 2);
    let page = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    let seqs: Vec<_> = page["requests"].as_array().unwrap().iter().map(|r| &r["seq"]).collect();
    assert_eq!(seqs, [5, 4, 3]);
    let mut later = owner.feed(&format!("/api/endpoints/{id}/live?after=1"), None).await;
    let mut names = Vec::new();
    for _ in 0..4 {
        names.push(later.next().await.unwrap().name);
    }
    names.sort();
    assert_eq!(names, ["captured", "captured", "captured", "dropped"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_refuses_answers_429_with_the_limit() {
    let server = TestServer::with(&["--max-requests", "1"]).await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}");
    let changed = owner.patch(&path, r#"{"on_limit":"refuse"}"#).await;
    assert_eq!((changed.status, &changed.json()["on_limit"]), (StatusCode::OK, &json!("refuse")));
    assert_eq!(server.stranger().post(&format!("/{id}"), "x").await.status, StatusCode::OK);
    let refused = server.stranger().post(&format!("/{id}"), "x").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.problem(), "endpoint-full");
    assert!(refused.json()["detail"].as_str().unwrap().contains("max-requests: 1"));
    assert!(!refused.header("retry-after").is_empty());
    owner.patch(&path, r#"{"on_limit":"drop_oldest"}"#).await;
    assert_eq!(server.stranger().post(&format!("/{id}"), "x").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unused_endpoint_expires_and_its_url_is_gone() {
    let server = TestServer::with(&["--endpoint-ttl", "1s"]).await;
    let (owner, id) = server.owner().await;
    // Not a feed of that endpoint: it would keep the endpoint in use, and so would a feed of all.
    let expired = async {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(1500));
        loop {
            look.tick().await;
            let list = owner.get("/api/endpoints").await.json();
            if list["endpoints"].as_array().unwrap().is_empty() {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, expired).await.expect("it expires");
    let sent = server.stranger().post(&format!("/{id}"), "x").await;
    assert_eq!((sent.status, sent.problem().as_str()), (StatusCode::GONE, "gone"));
    assert!(sent.json()["detail"].as_str().unwrap().contains("has expired"));
    let live = owner.get(&format!("/api/endpoints/{id}/live")).await;
    assert_eq!(live.status, StatusCode::GONE);
}

#[tokio::test(flavor = "multi_thread")]
async fn owners_choose_how_long_an_endpoint_stays() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}");
    let soon = owner.patch(&path, r#"{"expires_in":60}"#).await.json();
    let week = owner.patch(&path, r#"{"expires_in":604800}"#).await.json();
    assert!(soon["expires_at"].as_str() < week["expires_at"].as_str());
    for never in [r#"{"expires_in":0}"#, r#"{"expires_in":null}"#] {
        owner.patch(&path, r#"{"expires_in":60}"#).await;
        assert_eq!(owner.patch(&path, never).await.json()["expires_at"], Value::Null);
    }
    // Forms send digits and omit empty values.
    let form = "_method=PATCH&name=&expires_in=3600&on_limit=refuse";
    assert_eq!(owner.form(&path, form).await.status, StatusCode::SEE_OTHER);
    let now = owner.get(&path).await.json();
    assert_ne!(now["expires_at"], Value::Null);
    assert_eq!(now["on_limit"], "refuse");
    for bad in [
        r#"{"expires_in":59}"#,
        r#"{"expires_in":-1}"#,
        r#"{"expires_in":1.5}"#,
        r#"{"expires_in":"soon"}"#,
        r#"{"expires_in":99999999999}"#,
        r#"{"on_limit":"explode"}"#,
        r#"{"on_limits":"refuse"}"#,
    ] {
        let answer = owner.patch(&path, bad).await;
        assert_eq!(
            (answer.status, answer.problem().as_str()),
            (StatusCode::BAD_REQUEST, "invalid-request")
        );
    }
    let detail = owner.patch(&path, r#"{"expires_in":59}"#).await.json();
    assert!(detail["detail"].as_str().unwrap().contains("60 to 3153600000"), "{detail}");
    let unchanged = owner.get(&path).await.json();
    assert_eq!(unchanged["on_limit"], "refuse");
}

#[tokio::test(flavor = "multi_thread")]
async fn there_are_only_so_many_endpoints_in_all() {
    let server = TestServer::with(&["--max-endpoints-total", "1"]).await;
    server.owner().await;
    let refused = server.stranger().post("/api/endpoints", "{}").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.problem(), "server-full");
}

#[tokio::test(flavor = "multi_thread")]
async fn space_that_nothing_needs_goes_back_to_the_disk_by_itself() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = vec![b'x'; 1024 * 1024];
    for _ in 0..10 {
        let sent = server.stranger().send(Method::POST, &format!("/{id}"), &[], body.clone()).await;
        assert_eq!(sent.status, StatusCode::OK);
    }
    owner.delete(&format!("/api/endpoints/{id}/requests")).await;
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(server.folder.path().join("test.db"))
        .read_only(true);
    let mut connection = options.connect().await.unwrap();
    let given_back = async {
        let mut look = tokio::time::interval(std::time::Duration::from_millis(50));
        loop {
            look.tick().await;
            let pages = "select page_count from pragma_page_count";
            let pages: i64 = sqlx::query_scalar(pages).fetch_one(&mut connection).await.unwrap();
            // Of ten MiB, four are reserved for new requests.
            if pages < 1500 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, given_back).await.expect("the file gets shorter");
}
