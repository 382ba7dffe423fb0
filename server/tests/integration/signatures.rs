//! Secrets, and the verdicts on signatures with them.

use std::{
    collections::BTreeSet,
    ops::RangeInclusive,
    time::{SystemTime, UNIX_EPOCH},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::time::timeout;

use crate::common::{Client, PATIENCE, TestServer, sse::Events};

const BODY: &str = r#"{"id":"evt_1","type":"invoice.paid"}"#;

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn mac(secret: &str, content: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap().chain_update(content);
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn stripe(secret: &str, body: &[u8]) -> String {
    let time = seconds();
    let content = [format!("{time}.").as_bytes(), body].concat();
    format!("t={time},v1={}", mac(secret, &content))
}

/// Sends a body as Stripe does.
async fn send(server: &TestServer, id: &str, secret: &str, body: &[u8]) {
    let fields = [("stripe-signature", stripe(secret, body)), ("content-type", "x/y".to_owned())];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let path = format!("/{id}/in");
    let sent = server.stranger().send(Method::POST, &path, &fields, body.to_vec()).await;
    assert_eq!(sent.status, StatusCode::OK);
}

async fn add(owner: &Client, id: &str, secret: &Value) -> String {
    let path = format!("/api/endpoints/{id}/secrets");
    let added = owner.post(&path, &secret.to_string()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{added:?}");
    let id = added.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(added.header("location"), format!("{path}/{id}"));
    id
}

async fn detail(owner: &Client, id: &str, seq: i64) -> Value {
    owner.get(&format!("/api/endpoints/{id}/requests/{seq}")).await.json()
}

/// Waits for the feed to report this verdict on a request.
async fn verdict(feed: &mut Events, seq: i64, expected: Option<&str>) {
    loop {
        let event = feed.next().await.unwrap();
        if event.name == "updated" && event.data["seq"] == seq {
            assert_eq!(event.data["verdict"].as_str(), expected, "{event:?}");
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_comes_in_is_listed_without_itself_and_goes() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}/secrets");
    assert_eq!(owner.get(&path).await.json(), json!({ "secrets": [] }));
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;

    let secret = json!({ "provider": "stripe", "secret": "whsec_abc", "name": " Live " });
    let first = add(&owner, &id, &secret).await;
    let event = feed.next().await.unwrap();
    assert_eq!(event.name, "endpoint", "open pages learn of it");
    assert!(!event.data.to_string().contains("whsec_abc"));
    add(&owner, &id, &json!({ "provider": "github", "secret": "x" })).await;
    let listed = owner.get(&path).await.json();
    let brief: Vec<_> = listed["secrets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|secret| {
            assert_eq!(secret.as_object().unwrap().len(), 4, "{secret}");
            assert!(secret["created_at"].as_str().unwrap().ends_with('Z'));
            (secret["provider"].clone(), secret["name"].clone())
        })
        .collect();
    assert_eq!(brief, [(json!("stripe"), json!("Live")), (json!("github"), Value::Null)]);

    let (neighbour, _) = server.owner().await;
    for stranger in [&neighbour, &server.stranger()] {
        assert_eq!(stranger.get(&path).await.status, StatusCode::NOT_FOUND);
        let added = stranger.post(&path, &secret.to_string()).await;
        assert_eq!(added.status, StatusCode::NOT_FOUND);
        let deleted = stranger.delete(&format!("{path}/{first}")).await;
        assert_eq!(deleted.status, StatusCode::NOT_FOUND);
    }
    let one = format!("{path}/{first}");
    assert_eq!(owner.delete(&one).await.status, StatusCode::NO_CONTENT);
    assert_eq!(owner.delete(&one).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.delete(&format!("{path}/nonsense")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.get(&path).await.json()["secrets"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_add_and_delete_secrets_too() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}/secrets");
    let added = owner.form(&path, "provider=slack&secret=a%20b&name=").await;
    assert_eq!(
        (added.status, added.header("location")),
        (StatusCode::SEE_OTHER, format!("/inspect/{id}").as_str())
    );
    let listed = owner.get(&path).await.json();
    assert_eq!(listed["secrets"][0]["provider"], "slack");
    let one = format!("{path}/{}", listed["secrets"][0]["id"].as_str().unwrap());
    assert_eq!(owner.form(&one, "_method=DELETE").await.status, StatusCode::SEE_OTHER);
    assert_eq!(owner.get(&path).await.json(), json!({ "secrets": [] }));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_secret_is_refused_with_what_it_takes() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let path = format!("/api/endpoints/{id}/secrets");
    for (body, told) in [
        (json!({ "provider": "nobody", "secret": "s3cr3t" }), "/api/providers"),
        (json!({ "provider": "discord", "secret": "s3cr3t" }), "64 hex digits"),
        (json!({ "provider": "stripe", "secret": "" }), "is empty"),
        (json!({ "provider": "stripe", "secret": " \n" }), "more than white space"),
        (json!({ "provider": "discord", "secret": format!("01{}", "0".repeat(62)) }), "weak"),
        (json!({ "provider": "svix", "secret": "whsec_AAAA" }), "zeros"),
        (json!({ "provider": "stripe", "secret": "s3cr3t".repeat(4000) }), "at most 16384"),
        (json!({ "provider": "stripe", "secret": ["s3cr3t"] }), "takes a text"),
        (json!({ "provider": "stripe" }), "secret"),
        (json!({ "provider": "stripe", "secret": "s3cr3t", "name": "x".repeat(101) }), "`name`"),
        (json!({ "provider": "stripe", "secret": "s3cr3t", "more": 1 }), "more"),
    ] {
        let refused = owner.post(&path, &body.to_string()).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(refused.problem(), "invalid-request");
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(told), "{detail}");
        assert!(!detail.contains("s3cr3t"), "{detail}");
    }
    for _ in 0..20 {
        add(&owner, &id, &json!({ "provider": "stripe", "secret": "x" })).await;
    }
    let more = owner.post(&path, &json!({ "provider": "stripe", "secret": "x" }).to_string()).await;
    assert_eq!((more.status, more.problem()), (StatusCode::CONFLICT, "too-many-secrets".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn providers_are_listed_for_everyone() {
    let server = TestServer::start().await;
    let listed = server.stranger().get("/api/providers").await.json();
    let providers = listed["providers"].as_array().unwrap();
    assert!(providers.len() >= 24, "{}", providers.len());
    let stripe = providers.iter().find(|provider| provider["id"] == "stripe").unwrap();
    assert_eq!(stripe["name"], "Stripe");
    assert_eq!(stripe["fields"], json!(["Stripe-Signature"]));
    let documented = include_str!("../../../docs/signatures.md");
    for provider in providers {
        let id = provider["id"].as_str().unwrap();
        assert!(documented.contains(&format!("| `{id}` |")), "{id} is in docs/signatures.md");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_verdict_follows_the_secrets_that_are_set() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    send(&server, &id, "whsec_right", BODY.as_bytes()).await;
    let first = detail(&owner, &id, 1).await;
    assert_eq!((&first["provider"], first.get("verdict")), (&json!("stripe"), None));
    assert_eq!(
        first["signature"],
        json!({
            "provider": "stripe",
            "verdict": "unknown",
            "reason": "No secret of Stripe is set here to judge it by.",
        })
    );

    // Requests from before the secret are judged as soon as the secret is added.
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    let wrong = add(&owner, &id, &json!({ "provider": "stripe", "secret": "whsec_wrong" })).await;
    verdict(&mut feed, 1, Some("invalid")).await;
    let right = add(&owner, &id, &json!({ "provider": "stripe", "secret": "whsec_right" })).await;
    verdict(&mut feed, 1, Some("valid")).await;
    let first = detail(&owner, &id, 1).await;
    assert_eq!(first["verdict"], "valid");
    assert_eq!(
        first["signature"],
        json!({
            "provider": "stripe", "verdict": "valid", "secret_id": right,
        })
    );

    // Later ones are judged once they are stored; lists and feed agree.
    send(&server, &id, "whsec_right", BODY.as_bytes()).await;
    verdict(&mut feed, 2, Some("valid")).await;
    send(&server, &id, "whsec_other", BODY.as_bytes()).await;
    verdict(&mut feed, 3, Some("invalid")).await;
    server.stranger().post(&format!("/{id}"), BODY).await;
    verdict(&mut feed, 4, Some("unsigned")).await;
    let list = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    let verdicts: Vec<_> =
        list["requests"].as_array().unwrap().iter().map(|r| &r["verdict"]).collect();
    assert_eq!(verdicts, ["unsigned", "invalid", "valid", "valid"]);

    for (secret, left) in [(right, Some("invalid")), (wrong, None)] {
        owner.delete(&format!("/api/endpoints/{id}/secrets/{secret}")).await;
        verdict(&mut feed, 2, left).await;
    }
    assert_eq!(detail(&owner, &id, 2).await.get("verdict"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_come_together_or_were_there_before_all_get_their_verdicts() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    // More than are judged between two writes once there is a secret.
    let sends = (0..130).map(|_| send(&server, &id, "whsec_right", BODY.as_bytes()));
    futures_util::future::join_all(sends).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    add(&owner, &id, &json!({ "provider": "stripe", "secret": "whsec_right" })).await;
    let judged = async |feed: &mut Events, seqs: RangeInclusive<i64>| {
        let mut left: BTreeSet<i64> = seqs.collect();
        while !left.is_empty() {
            let event = feed.next().await.unwrap();
            if event.name == "updated" {
                assert_eq!(event.data["verdict"], "valid", "{event:?}");
                left.remove(&event.data["seq"].as_i64().unwrap());
            }
        }
    };
    timeout(PATIENCE, judged(&mut feed, 1..=130)).await.expect("those that were there");
    let sends = (0..40).map(|_| send(&server, &id, "whsec_right", BODY.as_bytes()));
    futures_util::future::join_all(sends).await;
    timeout(PATIENCE, judged(&mut feed, 131..=170)).await.expect("those that came together");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_that_comes_back_learns_of_verdicts() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    add(&owner, &id, &json!({ "provider": "stripe", "secret": "whsec_right" })).await;
    let live = format!("/api/endpoints/{id}/live");
    let mut feed = owner.feed(&live, None).await;
    // From here on it receives each change as it happens.
    while feed.next_of_all().await.unwrap().name != "alive" {}
    send(&server, &id, "whsec_right", BODY.as_bytes()).await;
    let captured = feed.next().await.unwrap();
    assert_eq!((captured.name.as_str(), captured.data.get("verdict")), ("captured", None));
    verdict(&mut feed, 1, Some("valid")).await;
    let mut again = owner.feed(&live, captured.id.as_deref()).await;
    verdict(&mut again, 1, Some("valid")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_and_unfinished_bodies_are_judged_by_what_came() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    add(&owner, &id, &json!({ "provider": "stripe", "secret": "whsec_right" })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    let large: Vec<u8> = (0..=250).cycle().take(3_000_000).collect();
    send(&server, &id, "whsec_right", &large).await;
    verdict(&mut feed, 1, Some("valid")).await;
    assert_eq!(detail(&owner, &id, 1).await["signature"]["verdict"], "valid");

    let head = format!(
        "POST /{id} HTTP/1.1\r\nHost: h\r\nStripe-Signature: {}\r\nContent-Length: {}\r\n\r\n",
        stripe("whsec_right", BODY.as_bytes()),
        BODY.len()
    );
    let mut socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    let cut = [head.as_bytes(), &BODY.as_bytes()[..5]].concat();
    tokio::io::AsyncWriteExt::write_all(&mut socket, &cut).await.unwrap();
    drop(socket);
    verdict(&mut feed, 2, Some("unknown")).await;
    let cut = detail(&owner, &id, 2).await;
    assert_eq!(cut["complete"], false);
    assert_eq!(cut["signature"]["reason"], "The body did not arrive in full.");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_may_stand_in_what_did_not_arrive_is_not_missing() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    add(&owner, &id, &json!({ "provider": "mailgun", "secret": "right" })).await;
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live"), None).await;
    let cut =
        format!("POST /{id} HTTP/1.1\r\nHost: h\r\nContent-Length: 99\r\n\r\n{{\"event-data\"");
    let mut socket = tokio::net::TcpStream::connect(server.address()).await.unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut socket, cut.as_bytes()).await.unwrap();
    drop(socket);
    verdict(&mut feed, 1, Some("unknown")).await;
    let cut = detail(&owner, &id, 1).await;
    assert_eq!(cut["signature"]["reason"], "The body did not arrive in full.");
}

#[tokio::test(flavor = "multi_thread")]
async fn many_large_bodies_looked_at_together_are_all_judged() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    add(&owner, &id, &json!({ "provider": "stripe", "secret": "whsec_right" })).await;
    let large = vec![b'1'; 3_000_000];
    send(&server, &id, "whsec_right", &large).await;
    send(&server, &id, "whsec_wrong", &large[..1_000_000]).await;
    // More than the memory limit allows to judge at once.
    let views = (0..24).map(|view| {
        let (owner, id) = (&owner, &id);
        async move { (view, detail(owner, id, 1 + view % 2).await) }
    });
    for (view, detail) in futures_util::future::join_all(views).await {
        let expected = if view % 2 == 0 { "valid" } else { "invalid" };
        assert_eq!(detail["signature"]["verdict"], expected, "{detail:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_is_told_with_its_mend_and_anything_else_side_by_side() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    add(&owner, &id, &json!({ "provider": "github", "secret": "right " })).await;
    let path = format!("/{id}");
    for secret in ["right", "altogether another"] {
        let signature = format!("sha256={}", mac(secret, BODY.as_bytes()));
        let fields = [("x-hub-signature-256", signature.as_str()), ("x-github-event", "push")];
        server.stranger().send(Method::POST, &path, &fields, BODY).await;
    }
    let told = &detail(&owner, &id, 1).await["signature"];
    assert_eq!(told["verdict"], "invalid");
    assert!(told["hint"].as_str().unwrap().contains("white space around it"), "{told}");
    assert_eq!(told.get("computed"), None);
    let told = &detail(&owner, &id, 2).await["signature"];
    assert_eq!(told.get("hint"), None);
    assert_eq!(told["signed"], BODY);
    assert_eq!(told["received"], mac("altogether another", BODY.as_bytes()));
    assert_eq!(told["computed"], mac("right ", BODY.as_bytes()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_made_again_has_no_secrets() {
    let server = TestServer::start().await;
    let (owner, _) = server.owner().await;
    owner.post("/api/endpoints", r#"{"slug":"again"}"#).await;
    add(&owner, "again", &json!({ "provider": "stripe", "secret": "whsec_right" })).await;
    owner.delete("/api/endpoints/again").await;
    owner.post("/api/endpoints", r#"{"slug":"again"}"#).await;
    let listed = owner.get("/api/endpoints/again/secrets").await.json();
    assert_eq!(listed, json!({ "secrets": [] }));
}

#[derive(Deserialize)]
struct Vector {
    provider: String,
    source: String,
    secret: String,
    method: String,
    url: String,
    headers: Vec<(String, String)>,
    body: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn genuine_requests_of_every_sender_are_valid_through_the_whole_server() {
    let server = TestServer::with(&["--public-url", "https://hooks.example.com"]).await;
    let (owner, _) = server.owner().await;
    owner.post("/api/endpoints", r#"{"slug":"abc"}"#).await;
    let vectors: Vec<Vector> =
        serde_json::from_str(include_str!("../../senders/src/signature/vectors.json")).unwrap();
    assert!(vectors.len() > 40);
    for vector in vectors {
        let secret = json!({ "provider": vector.provider, "secret": vector.secret });
        let secret = add(&owner, "abc", &secret).await;
        let fields: Vec<_> =
            vector.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method: Method = vector.method.parse().unwrap();
        let target = vector.url.strip_prefix("https://hooks.example.com").unwrap();
        server.stranger().send(method, target, &fields, vector.body).await;
        let detail = owner.get("/api/endpoints/abc/requests/latest").await.json();
        let signature = &detail["signature"];
        assert_eq!(signature["provider"], vector.provider, "{}", vector.source);
        assert_eq!(signature["secret_id"], secret, "{}: {signature}", vector.source);
        // They were signed long ago, and some senders' libraries reject that.
        let reason = signature["reason"].as_str().unwrap_or("The signature is right");
        assert!(reason.starts_with("The signature is right"), "{}: {reason}", vector.source);
        owner.delete(&format!("/api/endpoints/abc/secrets/{secret}")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reading_of_a_signature_says_what_to_do() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    send(&server, &id, "whsec_right", BODY.as_bytes()).await;
    let read = |seq: i64| {
        let path = format!("/api/endpoints/{id}/requests/{seq}/reading?part=signature");
        let owner = owner.clone();
        async move { owner.get(&path).await.json() }
    };
    let note = |reading: &Value, place: usize| {
        let note = &reading["notes"][place];
        (note["tone"].as_str().unwrap().to_owned(), note["text"].as_str().unwrap().to_owned())
    };
    let without = read(1).await;
    assert!(note(&without, 0).1.contains("No secret of Stripe is set here"), "{without}");
    let way = without["fields"][1]["value"][0].clone();
    let page = format!("page /inspect/{id}/answers?sender=stripe#secrets");
    assert_eq!(way, json!(["Add the secret", page]));

    let secret = json!({ "provider": "stripe", "secret": "whsec_right ", "name": "Live" });
    let wrong = add(&owner, &id, &secret).await;
    let mended = read(1).await;
    assert_eq!(note(&mended, 0).0, "bad", "{mended}");
    assert!(note(&mended, 1).1.to_lowercase().contains("space"), "{mended}");
    owner.delete(&format!("/api/endpoints/{id}/secrets/{wrong}")).await;

    let secret = json!({ "provider": "stripe", "secret": "whsec_right", "name": "Live" });
    add(&owner, &id, &secret).await;
    let valid = read(1).await;
    let expected = "Valid: Stripe signed it with the secret \"Live\".";
    assert_eq!(note(&valid, 0), ("ok".to_owned(), expected.to_owned()));
    assert!(!valid.to_string().contains("whsec_right"));

    // Lists have it too, slightly later.
    let found = format!("/api/endpoints/{id}/requests?q=verdict:valid");
    let mut feed = owner.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
    verdict_in_the_end(&mut feed, 1, "valid").await;
    assert_eq!(owner.get(&found).await.json()["requests"].as_array().unwrap().len(), 1);
}

/// Waits for the feed to report this verdict on a request, whatever it reports before.
async fn verdict_in_the_end(feed: &mut Events, seq: i64, expected: &str) {
    loop {
        let event = feed.next().await.unwrap();
        if event.name != "alive" && event.data["seq"] == seq && event.data["verdict"] == expected {
            return;
        }
    }
}
