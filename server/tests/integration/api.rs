//! The API as programs use it.

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::{Client, TestServer};

async fn fill(server: &TestServer, id: &str, count: usize) {
    for number in 1..=count {
        let sent = server.stranger().post(&format!("/{id}/{number}"), "").await;
        assert_eq!(sent.status, StatusCode::OK);
    }
}

async fn seqs(owner: &Client, path: &str) -> (Vec<i64>, Value) {
    let page = owner.get(path).await;
    assert_eq!(page.status, StatusCode::OK, "{page:?}");
    let page = page.json();
    let seqs = page["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["seq"].as_i64().unwrap())
        .collect();
    (seqs, page)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_without_a_key_gets_a_workspace_and_its_key() {
    let server = TestServer::start().await;
    let made =
        server.stranger().post("/api/endpoints", r#"{"slug":"my-orders","name":" Orders "}"#).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.header("location"), "/api/endpoints/my-orders");
    assert_eq!(made.header("cache-control"), "no-store");
    let made = made.json();
    let origin = format!("http://{}", server.address());
    assert_eq!(made["id"], "my-orders");
    assert_eq!(made["name"], "Orders");
    assert_eq!(made["url"], format!("{origin}/my-orders"));
    assert_eq!(made["inspect_url"], format!("{origin}/inspect/my-orders"));
    assert_eq!((&made["max_requests"], &made["on_limit"]), (&json!(10_000), &json!("drop_oldest")));
    let (created, expires) = (made["created_at"].as_str(), made["expires_at"].as_str());
    assert!(expires > created, "in seven days: {expires:?}");
    let key = made["key"].as_str().unwrap();
    assert!(key.starts_with("hgk_") && key.len() == 47);
    let time = made["created_at"].as_str().unwrap();
    assert!(time.len() == 27 && time.ends_with('Z'), "{time}");

    let owner = server.stranger().bearer(key);
    let second = owner.post("/api/endpoints", "").await;
    assert_eq!(second.status, StatusCode::CREATED);
    assert_eq!(second.json().get("key"), None);
    let list = owner.get("/api/endpoints").await.json();
    let ids: Vec<_> =
        list["endpoints"].as_array().unwrap().iter().map(|e| e["id"].clone()).collect();
    assert_eq!(ids, [second.json()["id"].clone(), json!("my-orders")]);
    assert_eq!(list["change"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_with_what_to_do() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for body in [
        r#"{"slug":"A"}"#,
        r#"{"slug":"api"}"#,
        r#"{"slug":"4f1c6c0e-8a43-4a0b-9c58-0d6e21b5b0aa"}"#,
        r#"{"slugs":"abc"}"#,
        r#"{"slug":5}"#,
        "[]",
        "{",
        "nonsense",
    ] {
        let refused = owner.post("/api/endpoints", body).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.problem(), "invalid-request");
        assert!(refused.json()["detail"].as_str().unwrap().len() > 20, "{body}");
    }
    let longest = format!(r#"{{"name":"{}"}}"#, "é".repeat(100));
    assert_eq!(owner.post("/api/endpoints", &longest).await.status, StatusCode::CREATED);
    let long = format!(r#"{{"name":"{}"}}"#, "x".repeat(101));
    assert_eq!(owner.post("/api/endpoints", &long).await.status, StatusCode::BAD_REQUEST);
    let huge = format!(r#"{{"name":"{}"}}"#, "x".repeat(70_000));
    let huge = owner.post("/api/endpoints", &huge).await;
    assert_eq!(
        (huge.status, huge.problem().as_str()),
        (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large")
    );
    let text = [("content-type", "text/plain")];
    let text = owner.send(Method::POST, "/api/endpoints", &text, "{}").await;
    assert_eq!(text.problem(), "unsupported-media-type");
    for query in ["limit=0", "limit=201", "limit=x", "before=1&after=1", "nonsense=1"] {
        let refused = owner.get(&format!("/api/endpoints/{id}/requests?{query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        assert_eq!(refused.problem(), "invalid-request");
    }
    let method = owner.send(Method::PUT, "/api/endpoints", &[], "").await;
    assert_eq!(method.problem(), "method-not-allowed");
    assert!(method.header("allow").contains("POST"));
    for query in ["q=%28", "q=", "through=1", "age_ms=1", "q=a&through=x", "q=a&age_ms=-1"] {
        let refused = owner.delete(&format!("/api/endpoints/{id}/requests?{query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_back_and_forth_without_holes() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    fill(&server, &id, 7).await;
    let requests = format!("/api/endpoints/{id}/requests");
    let (newest, page) = seqs(&owner, &format!("{requests}?limit=3")).await;
    assert_eq!((newest, &page["next_before"]), (vec![7, 6, 5], &json!(5)));
    assert_eq!(page["change"], 8);
    let (older, page) = seqs(&owner, &format!("{requests}?limit=3&before=5")).await;
    assert_eq!((older, &page["next_before"]), (vec![4, 3, 2], &json!(2)));
    let (oldest, page) = seqs(&owner, &format!("{requests}?limit=3&before=2")).await;
    assert_eq!((oldest, &page["next_before"]), (vec![1], &Value::Null));
    let (forth, page) = seqs(&owner, &format!("{requests}?limit=3&after=0")).await;
    assert_eq!((forth, &page["next_after"]), (vec![1, 2, 3], &json!(3)));
    let (rest, page) = seqs(&owner, &format!("{requests}?after=3")).await;
    assert_eq!((rest, page.get("next_after")), (vec![4, 5, 6, 7], None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_slug_stays_its_workspaces_for_ever() {
    let server = TestServer::start().await;
    let made = server.stranger().post("/api/endpoints", r#"{"slug":"mine"}"#).await.json();
    let owner = server.stranger().bearer(made["key"].as_str().unwrap());
    fill(&server, "mine", 3).await;
    let (other, _) = server.owner().await;
    let taken = other.post("/api/endpoints", r#"{"slug":"mine"}"#).await;
    assert_eq!((taken.status, taken.problem().as_str()), (StatusCode::CONFLICT, "slug-taken"));

    assert_eq!(owner.delete("/api/endpoints/mine").await.status, StatusCode::NO_CONTENT);
    assert_eq!(server.stranger().post("/mine", "").await.status, StatusCode::GONE);
    assert_eq!(owner.get("/api/endpoints/mine").await.status, StatusCode::GONE);
    let taken = other.post("/api/endpoints", r#"{"slug":"mine"}"#).await;
    assert_eq!(taken.status, StatusCode::CONFLICT);
    assert_eq!(other.get("/api/endpoints/mine").await.status, StatusCode::NOT_FOUND);

    let back = owner.post("/api/endpoints", r#"{"slug":"mine"}"#).await;
    assert_eq!(back.status, StatusCode::CREATED);
    assert_eq!((&back.json()["requests"], &back.json()["last_seq"]), (&json!(0), &json!(3)));
    let sent = server.stranger().post("/mine", "").await;
    assert_eq!(sent.header("hookglass-seq"), "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_random_name_is_given_back_to_its_workspace_and_to_nobody_else() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let (other, _) = server.owner().await;
    let again = format!(r#"{{"slug":"{id}"}}"#);
    assert_eq!(owner.post("/api/endpoints", &again).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(owner.delete(&format!("/api/endpoints/{id}")).await.status, StatusCode::NO_CONTENT);
    for stranger in [&other, &server.stranger()] {
        assert_eq!(stranger.post("/api/endpoints", &again).await.status, StatusCode::BAD_REQUEST);
    }
    let never = r#"{"slug":"4f1c6c0e-8a43-4a0b-9c58-0d6e21b5b0aa"}"#;
    assert_eq!(owner.post("/api/endpoints", never).await.status, StatusCode::BAD_REQUEST);

    let back = owner.post("/api/endpoints", &again).await;
    assert_eq!((back.status, &back.json()["id"]), (StatusCode::CREATED, &json!(id)));
    assert_eq!(server.stranger().post(&format!("/{id}"), "").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_deleted_one_by_one_and_all_at_once() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    fill(&server, &id, 4).await;
    let requests = format!("/api/endpoints/{id}/requests");
    assert_eq!(owner.delete(&format!("{requests}/2")).await.status, StatusCode::NO_CONTENT);
    assert_eq!(owner.delete(&format!("{requests}/2")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get(&format!("{requests}/2")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(seqs(&owner, &requests).await.0, [4, 3, 1]);
    assert_eq!(owner.get(&format!("/api/endpoints/{id}")).await.json()["requests"], 3);
    assert_eq!(owner.delete(&requests).await.json(), json!({"deleted": 3}));
    assert_eq!(seqs(&owner, &requests).await.0, [0_i64; 0]);
    let sent = server.stranger().post(&format!("/{id}"), "").await;
    assert_eq!(sent.header("hookglass-seq"), "5");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_is_renamed_and_its_name_taken_back() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}");
    let json = [("content-type", "application/json")];
    let renamed = owner.send(Method::PATCH, &path, &json, r#"{"name":"Shop"}"#).await;
    assert_eq!(renamed.json()["name"], "Shop");
    let same = owner.send(Method::PATCH, &path, &json, "{}").await;
    assert_eq!(same.json()["name"], "Shop");
    let unnamed = owner.send(Method::PATCH, &path, &json, r#"{"name":null}"#).await;
    assert_eq!(unnamed.json()["name"], Value::Null);
    let unknown = owner.send(Method::PATCH, &path, &json, r#"{"colour":"red"}"#).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_has_at_most_so_many_endpoints() {
    let server = TestServer::with(&["--max-endpoints", "2"]).await;
    let (owner, id) = server.owner().await;
    assert_eq!(owner.post("/api/endpoints", "").await.status, StatusCode::CREATED);
    let third = owner.post("/api/endpoints", "").await;
    assert_eq!(
        (third.status, third.problem().as_str()),
        (StatusCode::CONFLICT, "too-many-endpoints")
    );
    owner.delete(&format!("/api/endpoints/{id}")).await;
    assert_eq!(owner.post("/api/endpoints", "").await.status, StatusCode::CREATED);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_whose_name_was_reserved_later_goes_on_working() {
    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
    let server = TestServer::start().await;
    let (owner, _) = server.owner().await;
    let refused = owner.post("/api/endpoints", r#"{"slug":"problems"}"#).await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (StatusCode::BAD_REQUEST, "invalid-request")
    );
    owner.post("/api/endpoints", r#"{"slug":"older"}"#).await;
    let TestServer { server, folder } = server;
    server.shutdown().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("test.db"));
    let mut database = options.connect().await.unwrap();
    let before = "update endpoints set slug = 'problems' where slug = 'older'";
    database.execute(before).await.unwrap();
    database.close().await.unwrap();

    let server = TestServer::on(folder, &[]).await;
    let owner = Client { address: server.address(), ..owner };
    assert_eq!(server.stranger().post("/problems/gone", "a").await.status, StatusCode::OK);
    let endpoint = owner.get("/api/endpoints/problems").await.json();
    assert_eq!((&endpoint["id"], &endpoint["requests"]), (&"problems".into(), &1.into()));
    for path in ["/inspect/problems", "/api/endpoints", "/api/endpoints/problems/requests/1"] {
        assert_eq!(owner.get(path).await.status, StatusCode::OK, "{path}");
    }
    assert_eq!(owner.delete("/api/endpoints/problems").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_url_is_what_the_operator_says() {
    let server = TestServer::with(&["--public-url", "https://hooks.test"]).await;
    let made = server.stranger().post("/api/endpoints", r#"{"slug":"abc"}"#).await.json();
    assert_eq!(made["url"], "https://hooks.test/abc");
    assert_eq!(made["inspect_url"], "https://hooks.test/inspect/abc");
}

#[tokio::test(flavor = "multi_thread")]
async fn downloads_can_never_run() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let svg = [("content-type", "image/svg+xml")];
    server.stranger().send(Method::POST, &format!("/{id}"), &svg, "<svg onload='alert(1)'/>").await;
    for (part, content_type) in [("body", "application/octet-stream"), ("raw", "message/http")] {
        let answer = owner.get(&format!("/api/endpoints/{id}/requests/1/{part}")).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("content-type"), content_type);
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(answer.header("content-security-policy").starts_with("sandbox;"));
        assert!(answer.header("content-disposition").starts_with("attachment;"));
        assert!(answer.text().ends_with("<svg onload='alert(1)'/>"));
    }
    let raw = owner.get(&format!("/api/endpoints/{id}/requests/latest/raw")).await;
    assert_eq!(raw.header("hookglass-raw"), "exact");
    assert!(raw.text().starts_with(&format!("POST /{id} HTTP/1.1\r\n")), "{}", raw.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snippet_holds_bodies_of_up_to_64_kib() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    for (seq, bytes, is_inline) in [(1, 64 * 1024, true), (2, 64 * 1024 + 1, false)] {
        let body = "x".repeat(bytes);
        server.stranger().send(Method::POST, &format!("/{id}"), &[], body.clone()).await;
        let path = format!("/api/endpoints/{id}/requests/{seq}/snippet?tool=python");
        let snippet = owner.get(&path).await;
        assert_eq!((snippet.status, snippet.text().contains(&body)), (StatusCode::OK, is_inline));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told() {
    let server = TestServer::start().await;
    assert_eq!(server.stranger().get("/healthz").await.status, StatusCode::OK);
    assert_eq!(server.stranger().get("/readyz").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn pages_that_are_loaded_at_once_all_come() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    server.stranger().post(&format!("/{id}"), "{}").await;
    let pages = (0..8).map(|_| {
        let (owner, id) = (owner.clone(), id.clone());
        tokio::spawn(async move {
            for _ in 0..15 {
                for path in [format!("/inspect/{id}"), format!("/inspect/{id}/1")] {
                    let page = owner.get(&path).await;
                    assert_eq!(page.status, StatusCode::OK);
                    assert!(page.text().contains(" · Hookglass</title>"), "{}", page.text());
                }
            }
        })
    });
    for page in pages.collect::<Vec<_>>() {
        page.await.unwrap();
    }
}
