//! Databases of every earlier version open in this one with their data intact.

use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use hookglass_store::{
    CapturedRequest, EndpointSettings, NewEndpoint, Owner, PIECE_BYTES, Store as _,
    key::Key,
    sqlite::{Options, SqliteStore},
};
use hookglass_wire::{OnLimit, Refused};
use hyper::Method;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::common::{Client, TestServer};

/// The key of the workspaces in all of them.
const OWNER: &str = "hgk_lEIrbVcRTorS9y2JbemNlfq9JwILa7oQAVoXVdTk1mQ";
const NEIGHBOUR: &str = "hgk_3GSpb0VW09CqQvwtLnKKqiinGJuT_CPyuHEvDMDYtNA";

/// Returns the path of a stored database.
fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/databases").join(name)
}

/// Starts a server on a copy of a stored database, with the key of its secrets if it has some.
///
/// Nothing in it expires, however old it is.
async fn server(name: &str) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(kept(name), folder.path().join("test.db")).unwrap();
    let key = kept(&format!("{name}.key"));
    if key.exists() {
        let copy = folder.path().join("test.db.key");
        fs::copy(key, &copy).unwrap();
        // The server refuses a key that others may read, and a clone of the repository does not
        // keep such modes.
        fs::set_permissions(copy, Permissions::from_mode(0o600)).unwrap();
    }
    TestServer::on(folder, &["--endpoint-ttl", "0"]).await
}

/// Returns an endpoint's requests as lists show them, oldest first.
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

    // The numbers continue.
    let next = server.stranger().post("/kept", "next").await;
    assert_eq!(next.header("hookglass-seq"), "7");
    let feed = owner.feed("/api/endpoints/kept/live?after=0", None).await.next().await.unwrap();
    assert_eq!((feed.name.as_str(), &feed.data["id"]), ("endpoint", &json!("kept")));
}

fn captured(target: &str, body: &[u8]) -> CapturedRequest {
    CapturedRequest {
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

/// Creates the database of issue 3. Was run by hand, once, with the version that finished it:
/// `cargo test -p hookglass --test integration -- --ignored`.
#[tokio::test]
#[ignore = "makes a file that is kept"]
async fn make_the_database_of_issue_3() {
    let path = kept("issue-3.db");
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
    let sent = CapturedRequest { upload, body: tail, ..captured("/kept/large", &large) };
    store.append(kept, sent).await.unwrap();
    let refused = Some(Refused { limit: "max-body".to_owned(), value: 1000 });
    let sent = CapturedRequest { refused, ..captured("/kept/refused", b"") };
    store.append(kept, sent).await.unwrap();
    let settings = EndpointSettings {
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
    // An unfinished upload.
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

/// GitHub's own example of a signature, and the content that it signs.
const SIGNING_SECRET: &str = "It's a Secret to Everybody";
const SIGNATURE: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

/// The `answering` settings in the database of issue 5.
fn answers() -> Value {
    json!({
        "reply": { "status": 202, "headers": [["x-made", "by {{ request.method }}"]], "body": "later" },
        "rules": [{
            "when": "method:PUT path:/rule",
            "reply": { "status": 418, "headers": [], "body": "{{ seq }}" },
        }],
        "programme": {
            "steps": [
                { "act": "answer", "reply": { "status": 503 }, "times": 2 },
                { "act": "answer", "reply": { "status": 200 }, "times": 5 },
            ],
            "by": "all",
        },
        "handshakes": false,
        "verify_token": "verify",
    })
}

/// Creates the database of issue 5. Was run by hand, once, with the version that finished it:
/// `cargo test -p hookglass --test integration -- --ignored issue_5`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "makes a file that is kept"]
async fn make_the_database_of_issue_5() {
    let path = kept("issue-5.db");
    assert!(!path.exists(), "it is never changed");
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(Options::new(&folder.path().join("test.db"))).await.unwrap();
    let mut owner = Owner::New(OWNER.parse::<Key>().unwrap().hash());
    for slug in ["signed", "answering"] {
        let slug = Some(slug.parse().unwrap());
        let new = NewEndpoint { owner, slug, name: None, max_endpoints: 100 };
        owner = Owner::Workspace(store.create_endpoint(new).await.unwrap().workspace);
    }
    store.close().await;
    // The store locks its file until it is dropped.
    drop(store);

    let server = TestServer::on(folder, &["--endpoint-ttl", "0"]).await;
    let owner = server.stranger().bearer(OWNER);
    let secret = json!({ "provider": "github", "secret": SIGNING_SECRET, "name": "Live" });
    let made = owner.post("/api/endpoints/signed/secrets", &secret.to_string()).await;
    assert_eq!(made.status.as_u16(), 201, "{made:?}");
    let fields = [
        ("x-github-event", "ping"),
        ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ("x-hub-signature-256", SIGNATURE),
    ];
    for body in ["Hello, World!", "Hello, World?"] {
        send(&server, Method::POST, "/signed", &fields, body).await;
    }
    let noted = json!({ "note": "Look at this", "pinned": true }).to_string();
    let noted = owner.patch("/api/endpoints/signed/requests/1", &noted).await;
    assert_eq!(noted.status.as_u16(), 200, "{noted:?}");
    let set = owner.patch("/api/endpoints/answering", &answers().to_string()).await;
    assert_eq!(set.status.as_u16(), 200, "{set:?}");
    send(&server, Method::POST, "/answering", &[], "first").await;
    send(&server, Method::PUT, "/answering/rule", &[], "second").await;

    // The verdicts come after the responses.
    while verdicts(&owner).await.contains(&Value::Null) {}
    let TestServer { server, folder } = server;
    server.shutdown().await;
    fs::copy(folder.path().join("test.db"), path).unwrap();
    fs::copy(folder.path().join("test.db.key"), kept("issue-5.db.key")).unwrap();
}

async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    fields: &[(&str, &str)],
    body: &str,
) {
    let answer = server.stranger().send(method, path, fields, body.to_owned()).await;
    assert!(answer.headers.contains_key("hookglass-seq"), "{answer:?}");
}

async fn verdicts(owner: &Client) -> Vec<Value> {
    let page = owner.get("/api/endpoints/signed/requests?after=0").await.json();
    let requests = page["requests"].as_array().unwrap();
    requests.iter().map(|request| request["verdict"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_issue_5_has_all_its_data() {
    let server = server("issue-5.db").await;
    let owner = server.stranger().bearer(OWNER);
    let page = owner.get("/api/endpoints/signed/requests?after=0").await.json();
    let [first, second] = &page["requests"].as_array().unwrap()[..] else { panic!("{page}") };
    assert_eq!((&first["note"], &first["pinned"]), (&json!("Look at this"), &json!(true)));
    assert_eq!((&first["attempt"], &second["attempt"]), (&json!(1), &json!(2)));
    assert_eq!(verdicts(&owner).await, ["valid", "invalid"]);
    let full = owner.get("/api/endpoints/signed/requests/2").await.json();
    assert_eq!(full["delivery"]["id"], "72d3162e-cc78-11e3-81ab-4c9367dc0958");
    assert_eq!(full["signature"]["provider"], "github");
    assert_eq!(full["delivery"]["attempts"].as_array().unwrap().len(), 2);
    let secrets = owner.get("/api/endpoints/signed/secrets").await.json();
    assert_eq!(secrets["secrets"][0]["name"], "Live");

    let endpoint = owner.get("/api/endpoints/answering").await.json();
    for (name, set) in answers().as_object().unwrap() {
        match name.as_str() {
            "programme" => assert_eq!(endpoint["programme"]["answered"], 1, "{endpoint}"),
            "reply" => assert_eq!(endpoint["reply"]["body"], set["body"], "{endpoint}"),
            "rules" => assert_eq!(endpoint["rules"][0]["when"], set[0]["when"], "{endpoint}"),
            _ => assert_eq!(&endpoint[name], set, "{endpoint}"),
        }
    }
    let answered = |seq: i64| {
        let (owner, path) = (owner.clone(), format!("/api/endpoints/answering/requests/{seq}"));
        async move { owner.get(&path).await.json()["reply"].clone() }
    };
    assert_eq!(answered(1).await["source"], "programme 1");
    let by_rule = answered(2).await;
    assert_eq!((&by_rule["source"], &by_rule["body"]), (&json!("rule 1"), &json!("2")));

    // The state continues: the second 503 of the programme, the third attempt, the same secret.
    let next = server.stranger().post("/answering", "third").await;
    assert_eq!((next.status.as_u16(), next.header("hookglass-seq")), (503, "3"));
    let fields = [
        ("x-github-delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        ("x-hub-signature-256", SIGNATURE),
    ];
    send(&server, Method::POST, "/signed", &fields, "Hello, World!").await;
    let third = owner.get("/api/endpoints/signed/requests/3").await.json();
    assert_eq!((&third["attempt"], &third["signature"]["verdict"]), (&json!(3), &json!("valid")));
}
