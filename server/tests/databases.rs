//! Databases of every earlier version open in this one with their data intact.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{fs, path::Path};

use bytes::Bytes;
use common::TestServer;
use hookglass_app::wire::{OnLimit, Refused};
use hookglass_server::{
    key::Key,
    store::{
        Captured, NewEndpoint, Owner, PIECE_BYTES, Settings, Store as _,
        sqlite::{Options, SqliteStore},
    },
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// The keys of the workspaces in all of them.
const OWNER: &str = "hgk_lEIrbVcRTorS9y2JbemNlfq9JwILa7oQAVoXVdTk1mQ";
const NEIGHBOUR: &str = "hgk_3GSpb0VW09CqQvwtLnKKqiinGJuT_CPyuHEvDMDYtNA";

/// A server on a copy of a kept database.
///
/// Nothing in it expires, however long ago it was made.
async fn server(name: &str) -> TestServer {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases").join(name);
    let folder = tempfile::tempdir().unwrap();
    fs::copy(kept, folder.path().join("test.db")).unwrap();
    TestServer::on(folder, &["--endpoint-ttl", "0"]).await
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
    let sha256 = Sha256::digest(&body);
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

fn captured(target: &str, body: &[u8]) -> Captured {
    Captured {
        received_at: 1_790_000_000_000_000,
        duration_us: 42,
        method: "POST".to_owned(),
        target: target.as_bytes().to_vec(),
        http_version: 11,
        remote_addr: "192.0.2.1".to_owned(),
        peer: "192.0.2.1:99".to_owned(),
        content_type: Some(b"text/plain".to_vec()),
        label: Some("push".to_owned()),
        sender: None,
        delivery: None,
        attempt: None,
        mark: None,
        status: Some(200),
        answer: None,
        complete: true,
        exact: true,
        redacted: false,
        head: format!("POST {target} HTTP/1.1\r\nHOST: a\r\nA: 1\r\na: 2\r\n\r\n").into_bytes(),
        trailers: b"T: u\r\n".to_vec(),
        body_bytes: body.len() as u64,
        upload: None,
        body: vec![Bytes::copy_from_slice(body)],
        body_sha256: Sha256::digest(body).into(),
        refused: None,
    }
}

/// The large body in the database of issue 3.
fn large() -> Vec<u8> {
    (0..=250).cycle().take(PIECE_BYTES + 1000).collect()
}

/// Makes the database of issue 3. Run by hand, once, with the version that finished it:
/// `cargo test -p hookglass --test databases -- --ignored`.
#[tokio::test]
#[ignore = "makes a file that is kept"]
async fn make_the_database_of_issue_3() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases/issue-3.db");
    assert!(!path.exists(), "it is never changed");
    let options = Options { max_requests: 4, ..Options::new(&path) };
    let store = SqliteStore::open(options).await.unwrap();
    let mut owner = Owner::New(OWNER.parse::<Key>().unwrap().hash());
    let mut ids = Vec::new();
    for slug in ["kept", "refusing", "cleared", "deleted"] {
        let slug = Some(slug.parse().unwrap());
        let new = NewEndpoint { owner, slug, name: None, max_endpoints: 100 };
        let made = store.create_endpoint(new).await.unwrap();
        owner = Owner::Workspace(made.workspace);
        ids.push(made.id);
    }
    let [kept, refusing, cleared, deleted] = ids[..] else { panic!("four") };
    for number in 1..=5 {
        store.append(kept, captured("/kept", &[b'x'; 5][..number])).await.unwrap();
    }
    let large = large();
    let piece = Bytes::copy_from_slice(&large[..PIECE_BYTES]);
    let upload = Some(store.upload(None, kept, piece).await.unwrap());
    let tail = vec![Bytes::copy_from_slice(&large[PIECE_BYTES..])];
    let sent = Captured { upload, body: tail, ..captured("/kept/large", &large) };
    store.append(kept, sent).await.unwrap();
    let refused = Some(Refused { limit: "max-body".to_owned(), value: 1000 });
    let sent = Captured { refused, ..captured("/kept/refused", b"") };
    store.append(kept, sent).await.unwrap();
    let settings = Settings {
        name: Some(Some("Refusing".to_owned())),
        expires_in: Some(0),
        on_limit: Some(OnLimit::Refuse),
        answers: None,
    };
    store.update_endpoint(refusing, settings).await.unwrap();
    store.append(refusing, captured("/refusing", b"")).await.unwrap();
    for id in [cleared, deleted] {
        store.append(id, captured("/gone", b"gone")).await.unwrap();
    }
    store.clear(cleared).await.unwrap();
    store.delete_endpoint(deleted).await.unwrap();
    // An upload that nobody finished.
    store.upload(None, kept, Bytes::from(vec![7; PIECE_BYTES])).await.unwrap();
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_issue_3_has_all_its_data() {
    let server = server("issue-3.db").await;
    let owner = server.stranger().bearer(OWNER);
    let endpoint = |id: &str| {
        let (owner, path) = (owner.clone(), format!("/api/endpoints/{id}"));
        async move { owner.get(&path).await.json() }
    };
    let kept = endpoint("kept").await;
    let numbers = ["requests", "last_seq", "dropped_through"].map(|field| kept[field].as_i64());
    assert_eq!(numbers, [Some(4), Some(7), Some(3)]);
    let page = owner.get("/api/endpoints/kept/requests?after=0").await.json();
    let expected = [
        (4, "/kept".to_owned(), 4),
        (5, "/kept".to_owned(), 5),
        (6, "/kept/large".to_owned(), 263_144),
        (7, "/kept/refused".to_owned(), 0),
    ];
    assert_eq!(brief(&page), expected);
    assert_eq!(page["requests"][3]["refused"], json!({"limit": "max-body", "value": 1000}));
    let body = owner.get("/api/endpoints/kept/requests/6/body").await.body;
    assert!(body == large());
    let full = owner.get("/api/endpoints/kept/requests/6").await.json();
    assert_eq!(full["headers"], json!([["HOST", "a"], ["A", "1"], ["a", "2"]]));
    assert_eq!(full["trailers"], json!([["T", "u"]]));
    let refusing = endpoint("refusing").await;
    assert_eq!((&refusing["name"], &refusing["requests"]), (&json!("Refusing"), &json!(1)));
    assert_eq!((&refusing["expires_at"], &refusing["on_limit"]), (&Value::Null, &json!("refuse")));
    let cleared = endpoint("cleared").await;
    assert_eq!((&cleared["requests"], &cleared["last_seq"]), (&json!(0), &json!(1)));
    assert_eq!(server.stranger().post("/deleted", "x").await.problem(), "gone");
    let next = server.stranger().post("/kept", "next").await;
    assert_eq!(next.header("hookglass-seq"), "8");
}
