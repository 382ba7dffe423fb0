//! How endpoints answer: what may be set, which response a request gets, and what is stored of it.

mod held;
mod large;
mod set;
mod targets;

use hyper::{Method, StatusCode};
use serde_json::{Value, json};

use crate::common::{Answer, Client, TestServer, sse::Events};

async fn set(owner: &Client, id: &str, settings: &Value) -> Value {
    let set = owner.patch(&format!("/api/endpoints/{id}"), &settings.to_string()).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text());
    set.json()
}

async fn record(owner: &Client, id: &str, seq: i64) -> Value {
    owner.get(&format!("/api/endpoints/{id}/requests/{seq}")).await.json()
}

/// Waits for the feed to report the outcome of a request's response.
async fn told(feed: &mut Events, seq: i64) -> Value {
    loop {
        let event = feed.next().await.unwrap();
        if event.name == "updated" && event.data["seq"] == seq {
            return event.data;
        }
    }
}

async fn send(server: &TestServer, path: &str, body: &str) -> Answer {
    let fields = [("content-type", "application/json")];
    server.stranger().send(Method::POST, path, &fields, body.to_owned()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_reply_is_what_its_owner_set() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let reply = json!({
        "status": 201, "headers": [["X-One", "1"], ["x-one", "2"], ["Content-Type", "text/html"]],
        "body": "<p>made</p>",
    });
    let endpoint = set(&owner, &id, &json!({ "reply": reply })).await;
    assert_eq!(endpoint["answers"], "answers 201");
    assert_eq!(endpoint["reply"]["body"], "<p>made</p>");

    let answer = send(&server, &format!("/{id}/a"), "{}").await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::CREATED, "<p>made</p>"));
    let ones: Vec<_> = answer.headers.get_all("x-one").iter().collect();
    assert_eq!(ones, ["1", "2"]);
    assert_eq!(answer.header("content-type"), "text/html");
    assert_eq!(answer.header("hookglass-seq"), "1");
    assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    assert_eq!(answer.header("cache-control"), "no-store");

    // A preflight gets it too, with the headers that a browser asks for.
    let asks = [("access-control-request-headers", "x-a"), ("origin", "https://a.example")];
    let path = format!("/{id}");
    let preflight = server.stranger().send(Method::OPTIONS, &path, &asks, "").await;
    assert_eq!(preflight.status, StatusCode::CREATED);
    assert_eq!(preflight.header("access-control-allow-headers"), "x-a");
    let head = server.stranger().send(Method::HEAD, &path, &[], "").await;
    assert_eq!((head.status, head.body.len()), (StatusCode::CREATED, 0));
    assert_eq!(head.header("content-length"), "11");

    // A browser that opens it gets our page, and the endpoint never serves a service worker.
    for visit in [("sec-fetch-mode", "navigate"), ("upgrade-insecure-requests", "1")] {
        let visited = server.stranger().send(Method::GET, &path, &[visit], "").await;
        assert_eq!(visited.status, StatusCode::OK);
        assert!(visited.text().contains("/inspect/"));
    }
    let worker = [("service-worker", "script")];
    let refused = server.stranger().send(Method::GET, &path, &worker, "").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let rows = owner.rows(&id).await;
    let statuses: Vec<_> = rows.iter().map(|row| row["status"].as_i64().unwrap()).collect();
    assert_eq!(statuses, [201, 201, 201, 200, 200, 403]);
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert_eq!((&reply["source"], &reply["status"]), (&json!("default"), &json!(201)));
    assert_eq!((&reply["body"], &reply["body_bytes"]), (&json!("<p>made</p>"), &json!(11)));
    let headers = reply["headers"].as_array().unwrap();
    for field in [json!(["x-one", "1"]), json!(["x-one", "2"]), json!(["hookglass-seq", "1"])] {
        assert!(headers.contains(&field), "{headers:?}");
    }
    assert_eq!(record(&owner, &id, 4).await["reply"]["source"], "page");
    assert_eq!(record(&owner, &id, 6).await["reply"]["source"], "worker");
    let reading = owner.get(&format!("/api/endpoints/{id}/requests/1/reading?part=reply")).await;
    let reading = reading.text();
    assert!(reading.contains("201 Created") && reading.contains("made"), "{reading}");
    assert!(reading.contains("the default reply"), "{reading}");

    // Back to the default.
    let endpoint = set(&owner, &id, &json!({ "reply": null })).await;
    assert_eq!(endpoint.get("answers"), None);
    assert_eq!(send(&server, &path, "").await.text(), "ok");
    let reply = record(&owner, &id, 7).await["reply"].clone();
    assert_eq!((&reply["source"], &reply["body"]), (&json!("default"), &json!("ok")));
    assert_eq!(reply["taken"], true);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_rule_that_finds_a_request_answers_it() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let rule = |when: &str, status: u16| json!({ "when": when, "reply": { "status": status } });
    let rules = json!([
        rule("method:DELETE", 405),
        rule("path:/orders body.type:refund", 402),
        rule("header.x-kind:odd", 418),
        rule("seq:2", 299),
        rule("path:/orders", 202),
    ]);
    set(&owner, &id, &json!({ "rules": rules, "reply": { "status": 404 } })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let orders = format!("/{id}/orders");
    let sent =
        |method, path: String, fields: Vec<(&'static str, &'static str)>, body: &'static str| {
            let stranger = server.stranger();
            async move { stranger.send(method, &path, &fields, body).await.status.as_u16() }
        };
    assert_eq!(sent(Method::POST, orders.clone(), vec![], r#"{"type":"refund"}"#).await, 402);
    assert_eq!(sent(Method::POST, orders.clone(), vec![], "{}").await, 299);
    assert_eq!(sent(Method::POST, orders.clone(), vec![], "{}").await, 202);
    assert_eq!(sent(Method::DELETE, orders.clone(), vec![], "").await, 405);
    assert_eq!(sent(Method::PUT, format!("/{id}"), vec![("x-kind", "odd")], "").await, 418);
    assert_eq!(sent(Method::PUT, format!("/{id}"), vec![], "").await, 404);
    // A decision that needs the number is recorded slightly later.
    told(&mut feed, 2).await;
    let sources: Vec<Value> = {
        let mut sources = Vec::new();
        for seq in 1..=6 {
            let record = record(&owner, &id, seq).await;
            assert_eq!(record["status"], record["reply"]["status"]);
            sources.push(record["reply"]["source"].clone());
        }
        sources
    };
    assert_eq!(sources, ["rule 2", "rule 4", "rule 5", "rule 1", "rule 3", "default"]);

    // A body that was stored before its request is searched, too.
    let mut large = String::from(r#"{"type":"refund","rest":""#);
    large.push_str(&"x".repeat(400_000));
    large.push_str("\"}");
    assert_eq!(send(&server, &orders, &large).await.status.as_u16(), 402);
}

#[tokio::test(flavor = "multi_thread")]
async fn templates_give_back_values_of_the_request() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let reply = json!({
        "status": 200,
        "headers": [["X-Back", "{{ request.header.x-sent }}"], ["X-Odd", "{{ request.body.odd }}"]],
        "body": "{{ request.method }} {{ request.query.a }} {{ request.body.n }} #{{ seq }}",
    });
    set(&owner, &id, &json!({ "reply": reply })).await;
    let fields = [("x-sent", "yes")];
    let body = r#"{"n":1.50,"odd":"a\r\nset-cookie: b=c"}"#;
    let path = format!("/{id}?a=b%20c");
    let answer = server.stranger().send(Method::POST, &path, &fields, body).await;
    assert_eq!(answer.text(), "POST b c 1.50 #1");
    assert_eq!(answer.header("x-back"), "yes");
    assert!(!answer.headers.contains_key("x-odd") && !answer.headers.contains_key("set-cookie"));
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    told(&mut feed, 1).await;
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert_eq!(reply["body"], "POST b c 1.50 #1");
    assert!(reply["notes"][0].as_str().unwrap().contains("`x-odd` was left out"), "{reply}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_in_a_head_comes_back_in_no_answer() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let body = "{{ request.header.x-key }}";
    set(&owner, &id, &json!({ "reply": { "body": body } })).await;
    let key = format!("hgk_{}", "a".repeat(43));
    let fields = [("x-key", key.as_str())];
    let answer = server.stranger().send(Method::POST, &format!("/{id}"), &fields, "").await;
    assert!(!answer.text().contains(&key), "{}", answer.text());
    assert!(!record(&owner, &id, 1).await.to_string().contains(&key));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_is_answered_by_a_new_endpoint_and_can_be_turned_off() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let slack = r#"{"type":"url_verification","token":"t","challenge":"3eZbrw1aB"}"#;
    let path = format!("/{id}");
    let answer = send(&server, &path, slack).await;
    assert_eq!((answer.status, answer.text().as_str()), (StatusCode::OK, "3eZbrw1aB"));
    assert!(answer.header("content-type").starts_with("text/plain"));
    let request = record(&owner, &id, 1).await;
    assert_eq!(request["label"], "Slack handshake, answered");
    assert_eq!(request["reply"]["source"], "handshake slack");
    assert_eq!(request["reply"]["body"], "3eZbrw1aB");

    // Rules come first.
    let rules = json!([{ "when": "body:url_verification", "reply": { "status": 410 } }]);
    set(&owner, &id, &json!({ "rules": rules })).await;
    assert_eq!(send(&server, &path, slack).await.status, StatusCode::GONE);
    assert_ne!(record(&owner, &id, 2).await["label"], "Slack handshake, answered");

    let endpoint = set(&owner, &id, &json!({ "rules": [], "handshakes": false })).await;
    assert_eq!(endpoint["answers"], "no handshakes");
    assert_eq!(send(&server, &path, slack).await.text(), "ok");

    // With a verify token set, a different one is refused without an echo.
    set(&owner, &id, &json!({ "handshakes": null, "verify_token": "mine" })).await;
    let meta = |token: &str| {
        let query = "hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=";
        let (stranger, path) = (server.stranger(), format!("/{id}?{query}{token}"));
        async move { stranger.get(&path).await }
    };
    let refused = meta("other").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(!refused.text().contains("1158201444"));
    assert_eq!(meta("mine").await.text(), "1158201444");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_goes_through_its_steps_and_ends() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let step = |status: u16, times: u32| json!({ "reply": { "status": status }, "times": times });
    let programme = json!({ "steps": [step(503, 2), step(202, 1)] });
    let endpoint = set(&owner, &id, &json!({ "programme": programme })).await;
    assert_eq!(endpoint["answers"], "503 twice, then 202 (0 of 3 done)");
    assert_eq!(endpoint["programme"]["answered"], 0);
    let path = format!("/{id}");
    for (seq, expected) in [(1, 503), (2, 503), (3, 202)] {
        assert_eq!(send(&server, &path, "{}").await.status.as_u16(), expected);
        assert_eq!(told(&mut feed, seq).await["status"], expected);
        let endpoint = owner.get(&format!("/api/endpoints/{id}")).await.json();
        assert_eq!(endpoint["programme"]["answered"], seq);
    }
    assert_eq!(send(&server, &path, "{}").await.status.as_u16(), 200);
    let endpoint = owner.get(&format!("/api/endpoints/{id}")).await.json();
    assert_eq!((endpoint.get("answers"), &endpoint["programme"]["answered"]), (None, &json!(3)));
    let reply = record(&owner, &id, 2).await["reply"].clone();
    assert_eq!((&reply["source"], &reply["taken"]), (&json!("programme 1"), &json!(true)));
    assert!(reply["sent_at"].is_string() && reply["duration_us"].is_u64(), "{reply}");

    // Setting it again restarts it; a half-finished one survives a restart of the server; `null`
    // ends it.
    set(&owner, &id, &json!({ "programme": programme })).await;
    assert_eq!(send(&server, &path, "{}").await.status.as_u16(), 503);
    told(&mut feed, 5).await;
    let server = server.restart().await;
    let owner = Client { address: server.address(), ..owner };
    let endpoint = owner.get(&format!("/api/endpoints/{id}")).await.json();
    assert_eq!(endpoint["programme"]["answered"], 1);
    assert_eq!(send(&server, &path, "{}").await.status.as_u16(), 503);
    assert_eq!(send(&server, &path, "{}").await.status.as_u16(), 202);
    set(&owner, &id, &json!({ "programme": programme })).await;
    let endpoint = set(&owner, &id, &json!({ "programme": null })).await;
    assert_eq!((endpoint.get("answers"), &endpoint["programme"]), (None, &Value::Null));
    assert_eq!(send(&server, &path, "{}").await.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn preflights_and_previews_take_no_step_of_a_programme() {
    let server = TestServer::start().await;
    let steps = json!([
        { "reply": { "status": 503 }, "times": 2 },
        { "reply": { "status": 202 }, "times": 1 },
    ]);
    for (programme, expected) in [
        (json!({ "steps": steps }), [503, 503, 202]),
        (json!({ "steps": steps, "percent": 100 }), [503, 503, 202]),
        (json!({ "steps": steps, "by": "attempt" }), [503, 503, 503]),
    ] {
        let (owner, id) = server.owner().await;
        let path = format!("/{id}");
        set(&owner, &id, &json!({ "programme": programme })).await;
        for (taken, expected) in (0..).zip(expected) {
            let asks = [
                ("origin", "https://a.example"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type"),
            ];
            let preflight = server.stranger().send(Method::OPTIONS, &path, &asks, "").await;
            assert_eq!(preflight.status, StatusCode::OK, "{programme}");
            for agent in ["Slackbot-LinkExpanding 1.0", "facebookexternalhit/1.1", "Twitterbot/1.0"]
            {
                let looks = [("user-agent", agent)];
                for method in [Method::GET, Method::HEAD] {
                    let preview = server.stranger().send(method, &path, &looks, "").await;
                    assert_eq!(preview.status, StatusCode::OK, "{agent}: {programme}");
                }
            }
            let endpoint = owner.get(&format!("/api/endpoints/{id}")).await.json();
            assert_eq!(endpoint["programme"]["answered"], taken, "{programme}");
            let sent = send(&server, &path, &format!("{taken}")).await;
            assert_eq!(sent.status.as_u16(), expected, "{programme}");
        }
        // An `OPTIONS` request that is not a preflight is an ordinary attempt.
        if programme.get("percent").is_some() {
            let other = server.stranger().send(Method::OPTIONS, &path, &[], "").await;
            assert_eq!(other.status.as_u16(), 503);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_requests_fails_without_an_end() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let always = json!({ "percent": 100, "steps": [{ "reply": { "status": 500 } }] });
    set(&owner, &id, &json!({ "programme": always })).await;
    for _ in 0..5 {
        assert_eq!(send(&server, &format!("/{id}"), "").await.status.as_u16(), 500);
    }
    let endpoint = set(&owner, &id, &json!({ "programme": null })).await;
    assert_eq!(endpoint["programme"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_by_attempt_know_the_tries_that_the_list_shows() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let rules = json!([{ "when": "attempt:1", "reply": { "status": 503 } }]);
    set(&owner, &id, &json!({ "rules": rules })).await;
    let path = format!("/{id}");
    let fields = [("webhook-id", "msg_1")];
    for expected in [503, 200, 200] {
        let answer = server.stranger().send(Method::POST, &path, &fields, "{}").await;
        assert_eq!(answer.status.as_u16(), expected);
    }
    for when in ["verdict:valid", "-status:200", "(a OR is:pinned)", "note:x", "has:note"] {
        let rules = json!({ "rules": [{ "when": when, "reply": {} }] });
        let answer = owner.patch(&format!("/api/endpoints/{id}"), &rules.to_string()).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{when}");
        assert!(answer.text().contains("after a request was answered"), "{when}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_a_body_that_is_too_long_are_left_out_and_that_is_said() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let reply = json!({ "body": "[{{ request.body | hmac(\"sha256\", \"k\", \"hex\") }}]" });
    set(&owner, &id, &json!({ "reply": reply })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    let long = "x".repeat(2 * 1024 * 1024);
    let answer = server.stranger().send(Method::POST, &format!("/{id}"), &[], long).await;
    assert_eq!(answer.status, StatusCode::OK);
    told(&mut feed, 1).await;
    let notes = record(&owner, &id, 1).await["reply"]["notes"].clone();
    assert!(notes.to_string().contains("longer than 1 MB"), "{notes}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_signature_is_answered_401_where_that_is_switched_on() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/{id}");
    set(&owner, &id, &json!({ "reject_bad_signatures": true })).await;
    assert_eq!(send(&server, &path, "{}").await.status, StatusCode::OK, "nothing to judge by");
    let secret = json!({ "provider": "gitlab", "secret": "the-token" });
    let added = owner.post(&format!("/api/endpoints/{id}/secrets"), &secret.to_string()).await;
    assert_eq!(added.status, StatusCode::CREATED);
    for (size, token, expected) in [
        (10, None, 401),
        (10, Some("wrong"), 401),
        (10, Some("the-token"), 200),
        // Too large to be held in memory.
        (300_000, Some("wrong"), 401),
        (300_000, Some("the-token"), 200),
    ] {
        let fields: Vec<_> = token.map(|token| ("x-gitlab-token", token)).into_iter().collect();
        let body = "x".repeat(size);
        let answer = server.stranger().send(Method::POST, &path, &fields, body).await;
        assert_eq!(answer.status.as_u16(), expected, "{size} {token:?}");
        if expected == 401 {
            assert_eq!(answer.problem(), "bad-signature");
        }
    }
    // Headers of a sender that has no secret here do not bypass the check.
    let github = format!("sha256={}", "0".repeat(64));
    let fields = [("x-github-event", "push"), ("x-hub-signature-256", github.as_str())];
    let answer = server.stranger().send(Method::POST, &path, &fields, "{}").await;
    assert_eq!(answer.status.as_u16(), 401);
    let rows = owner.rows_once(&id, 7).await;
    assert_eq!(rows.len(), 7, "all are kept");
    let reply = record(&owner, &id, 2).await["reply"].clone();
    assert_eq!((&reply["source"], &reply["status"]), (&json!("signature"), &json!(401)));
    // A rule still decides.
    let rules = json!([{ "when": "", "reply": { "status": 204 } }]);
    set(&owner, &id, &json!({ "rules": rules })).await;
    assert_eq!(send(&server, &path, "{}").await.status, StatusCode::NO_CONTENT);
}
