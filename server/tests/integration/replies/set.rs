//! What may be set, and which values are refused, with their names.

use super::*;

async fn refused(owner: &Client, id: &str, settings: Value) -> Value {
    let refused = owner.patch(&format!("/api/endpoints/{id}"), &settings.to_string()).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{settings} {}", refused.text());
    refused.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_with_its_place_and_changes_nothing() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let header = |name: &str| json!({ "reply": { "headers": [["x-fine", "1"], [name, "1"]] } });
    for name in [
        "Set-Cookie",
        "Clear-Site-Data",
        "Strict-Transport-Security",
        "Service-Worker-Allowed",
        "NEL",
        "Report-To",
        "Reporting-Endpoints",
        "Alt-Svc",
        "Set-Login",
        "Accept-CH",
        "Critical-CH",
        "Speculation-Rules",
        "Refresh",
        "X-Accel-Redirect",
        "X-Sendfile",
        "Transfer-Encoding",
        "Content-Length",
        "Connection",
        "Content-Security-Policy",
        "Access-Control-Allow-Credentials",
        "not a name",
    ] {
        let problem = refused(&owner, &id, header(name)).await;
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("`reply.headers[1]`"), "{detail}");
        assert!(detail.contains(&format!("`{name}`")), "{detail}");
    }
    let rule = json!({ "when": "", "reply": {} });
    let steps = |step: Value| json!({ "programme": { "steps": [step] } });
    for (settings, field) in [
        (json!({ "reply": { "status": 199 } }), "reply.status"),
        (json!({ "reply": { "status": 600 } }), "reply.status"),
        (json!({ "reply": { "delay_ms": 30_001 } }), "reply.delay_ms"),
        (json!({ "reply": { "body_base64": "?" } }), "reply.body_base64"),
        (json!({ "reply": { "body": "a", "body_base64": "YQ==" } }), "reply.body_base64"),
        (json!({ "reply": { "status": 204, "body": "a" } }), "reply.body"),
        (json!({ "reply": { "status": 304, "body": "a" } }), "reply.body"),
        (json!({ "reply": { "body": "a".repeat(1_048_577) } }), "reply.body"),
        (json!({ "reply": { "headers": [["x-a", "b\r\nc: d"]] } }), "reply.headers[0]"),
        (json!({ "reply": { "headers": vec![["x-a", "b"]; 51] } }), "reply.headers"),
        (json!({ "rules": vec![rule.clone(); 51] }), "rules"),
        (json!({ "rules": [rule.clone(), { "reply": { "status": 1 } }] }), "rules[1].reply.status"),
        (steps(json!({ "times": 0 })), "programme.steps[0].times"),
        (steps(json!({ "act": "stall", "seconds": 121 })), "programme.steps[0].seconds"),
        (json!({ "programme": { "steps": [] } }), "programme.steps"),
        (json!({ "programme": { "percent": 0, "steps": [{}] } }), "programme.percent"),
        (json!({ "verify_token": "a".repeat(1025) }), "verify_token"),
    ] {
        let problem = refused(&owner, &id, settings).await;
        assert_eq!(problem["type"], "/problems/invalid-request");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("`{field}`: ")), "{field}: {detail}");
    }
    let when = json!({ "rules": [{ "when": "method:GET colour:red" }] });
    let problem = refused(&owner, &id, when).await;
    assert_eq!(problem["type"], "/problems/invalid-query");
    assert_eq!((&problem["start"], &problem["end"]), (&json!(11), &json!(17)));
    let problem = refused(&owner, &id, json!({ "reply": { "body": "abc {{ nothing }}" } })).await;
    assert!(problem["start"].as_u64().is_some_and(|start| start >= 4), "{problem}");
    refused(&owner, &id, json!({ "colour": "red" })).await;
    refused(&owner, &id, json!({ "reply": { "colour": "red" } })).await;

    let endpoint = owner.get(&format!("/api/endpoints/{id}")).await.json();
    assert_eq!(endpoint["reply"]["status"], 200);
    assert_eq!(endpoint.get("answers"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_just_within_the_bounds_may_be_set() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let fields = vec![json!(["x-a", "b"]); 50];
    let reply = json!({ "status": 599, "delay_ms": 30_000, "headers": fields });
    let rules = vec![json!({ "when": "method:GET" }); 50];
    let step = json!({
        "act": "slow", "seconds": 120, "times": 1000, "reply": { "body": "abc" },
    });
    let programme = json!({ "steps": vec![step; 50], "percent": 100 });
    let token = "t".repeat(1024);
    let all =
        json!({ "reply": reply, "rules": rules, "programme": programme, "verify_token": token });
    set(&owner, &id, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_are_given_back_and_survive_a_restart() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}");
    let plain = owner.get(&path).await.json();
    assert_eq!(
        plain["reply"],
        json!({ "status": 200, "headers": [], "body": "ok", "delay_ms": 0 })
    );
    assert_eq!((&plain["rules"], &plain["programme"]), (&json!([]), &Value::Null));
    assert_eq!(
        (&plain["handshakes"], &plain["reject_bad_signatures"]),
        (&json!(true), &json!(false))
    );

    let mut feed = owner.feed(&format!("{path}/live"), None).await;
    let settings = json!({
        "name": "Shop",
        "reply": {
            "status": 202,
            "headers": [["X-A", "b"]],
            "body_base64": "AP8=",
            "delay_ms": 1,
        },
        "rules": [{ "when": "method:GET", "reply": { "status": 204, "headers": [], "delay_ms": 0 } }],
        "handshakes": false,
        "verify_token": "mine",
        "reject_bad_signatures": true,
    });
    let set = super::set(&owner, &id, &settings).await;
    let event = feed.next().await.unwrap();
    assert_eq!((event.name.as_str(), &event.data["answers"]), ("endpoint", &set["answers"]));
    assert!(event.data.get("reply").is_none(), "feeds carry no settings");
    let server = server.restart().await;
    let owner = Client { address: server.address(), ..owner };
    let kept = owner.get(&path).await.json();
    for (name, value) in settings.as_object().unwrap() {
        assert_eq!(&kept[name], value, "{name}");
    }
    let answer = super::send(&server, &format!("/{id}"), "").await;
    assert_eq!((answer.status.as_u16(), answer.body.as_ref()), (202, &[0, 255][..]));
    let listed = owner.get("/api/endpoints").await.json();
    assert_eq!(listed["endpoints"][0]["answers"], set["answers"]);
    assert!(listed["endpoints"][0].get("rules").is_none());

    // A change leaves the other settings alone; an endpoint that is created again starts with
    // defaults.
    super::set(&owner, &id, &json!({ "handshakes": true })).await;
    assert_eq!(owner.get(&path).await.json()["reply"]["status"], 202);
    assert_eq!(owner.delete(&path).await.status, StatusCode::NO_CONTENT);
    let made = owner.post("/api/endpoints", &json!({ "slug": id }).to_string()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(owner.get(&path).await.json()["reply"]["status"], 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_together_takes_at_most_four_megabytes() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let rules = |count: usize| {
        let rule = json!({ "when": "", "reply": { "body": "a".repeat(1_000_000) } });
        json!({ "rules": vec![rule; count] })
    };
    super::set(&owner, &id, &rules(4)).await;
    let problem = refused(&owner, &id, rules(5)).await;
    assert!(problem["detail"].as_str().unwrap().contains("4194304"), "{problem}");
    assert_eq!(owner.get(&format!("/api/endpoints/{id}")).await.json()["rules"][3]["when"], "");
    // A client without a key of this server may not send that much.
    let path = format!("/api/endpoints/{id}");
    let stranger = server.stranger().patch(&path, &rules(1).to_string()).await;
    assert_eq!(stranger.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_that_are_kept_and_set_count_as_storage() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    super::set(&owner, &id, &json!({ "reply": { "body": "a".repeat(200_000) } })).await;
    assert_eq!(super::send(&server, &format!("/{id}"), "").await.body.len(), 200_000);
    let reply = record(&owner, &id, 1).await["reply"].clone();
    assert_eq!(reply["body_bytes"], 200_000);
    assert_eq!(reply["body"].as_str().unwrap().len(), 65_536, "only its start is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_that_an_older_version_allowed_are_left_out_and_the_rest_goes_on() {
    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let reply = json!({ "status": 202, "headers": [["x-one", "1"], ["x-two", "2"]] });
    set(&owner, &id, &json!({ "reply": reply })).await;
    let TestServer { server, folder } = server;
    server.shutdown().await;
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(folder.path().join("test.db"));
    let mut database = options.connect().await.unwrap();
    let older = "update answers set settings = replace(settings, 'x-two', 'Cache-Tag')";
    database.execute(older).await.unwrap();
    database.close().await.unwrap();

    let server = TestServer::on(folder, &[]).await;
    let owner = Client { address: server.address(), ..owner };
    let answer = send(&server, &format!("/{id}"), "{}").await;
    assert_eq!((answer.status, answer.header("x-one")), (StatusCode::ACCEPTED, "1"));
    assert!(!answer.headers.contains_key("cache-tag"), "{answer:?}");
    // The other settings can still be changed.
    let endpoint = set(&owner, &id, &json!({ "handshakes": false })).await;
    assert_eq!(endpoint["reply"]["headers"], json!([["x-one", "1"]]));
}
