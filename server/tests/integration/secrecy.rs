//! Secrets are stored so that nobody can read them from the database, a log or a response.

use std::{fs, path::Path, process::Stdio};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
    sync::watch,
};

use crate::common::{Client, PATIENCE, TestServer};

/// A secret as pasted, and the bytes that its scheme decodes it to.
const SECRET: &str = "whsec_c3VwZXItc2VjcmV0LXNpZ25pbmcta2V5";
const DECODED: &str = "super-secret-signing-key";

/// The program and everything that it logs.
struct Logged {
    child: Child,
    log: watch::Receiver<String>,
}

impl Logged {
    async fn start(database: &Path, key: Option<&str>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hookglass"));
        command
            .args(["--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()])
            .env("RUST_LOG", "trace")
            .env_remove("HOOKGLASS_SECRET_KEY")
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(key) = key {
            command.env("HOOKGLASS_SECRET_KEY", key);
        }
        let mut child = command.spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (kept, log) = watch::channel(String::new());
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                kept.send_modify(|log| log.extend([line.as_str(), "\n"]));
            }
        });
        Self { child, log }
    }

    async fn client(&mut self) -> Client {
        let said = |log: &String| log.contains("Hookglass is listening on ");
        let waiting = tokio::time::timeout(PATIENCE, self.log.wait_for(said)).await;
        let log = waiting.expect("it starts").expect("it starts").clone();
        let (_, rest) = log.split_once("Hookglass is listening on ").unwrap();
        Client::at(rest.split(". Open").next().unwrap().parse().unwrap())
    }

    /// Returns its error message if it fails to start.
    async fn refusal(mut self) -> String {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.unwrap().unwrap();
        assert!(!status.success());
        while self.log.changed().await.is_ok() {}
        let log = self.log.borrow().clone();
        log.lines().filter(|line| line.starts_with("hookglass:")).collect()
    }
}

/// Fails if a secret occurs in any of its forms.
#[track_caller]
fn assert_no_secret(bytes: &[u8], what: &str) {
    let bare = SECRET.strip_prefix("whsec_").unwrap();
    let hex: String = DECODED.bytes().map(|byte| format!("{byte:02x}")).collect();
    for form in [bare, DECODED, hex.as_str(), STANDARD.encode(SECRET).trim_end_matches('=')] {
        let found = bytes.windows(form.len()).any(|window| window == form.as_bytes());
        assert!(!found, "{form} in {what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_found_in_plain_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let mut server = Logged::start(&database, None).await;
    let stranger = server.client().await;
    let made = stranger.post("/api/endpoints", r#"{"slug":"abc"}"#).await.json();
    let owner = stranger.clone().bearer(made["key"].as_str().unwrap());
    let mut feed = owner.feed("/api/endpoints/abc/live", None).await;

    let mut answers = Vec::new();
    let path = "/api/endpoints/abc/secrets";
    for provider in
        ["svix", "stripe", "standard-webhooks", "hubspot", "gitlab", "nobody", "discord"]
    {
        let secret = json!({ "provider": provider, "secret": SECRET, "name": "Live" });
        answers.push(owner.post(path, &secret.to_string()).await);
        answers.push(owner.form(path, &format!("provider={provider}&secret={SECRET}")).await);
        let padded = json!({ "provider": provider, "secret": format!("{SECRET}\n") });
        answers.push(owner.post(path, &padded.to_string()).await);
    }
    let odd = json!({ "provider": "stripe", "secret": { SECRET: SECRET }, "name": [SECRET] });
    answers.push(owner.post(path, &odd.to_string()).await);
    for fields in [
        vec![("webhook-id", "a"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,AAAA")],
        vec![("svix-id", "a"), ("svix-timestamp", "1"), ("svix-signature", "v1,AAAA")],
        vec![("stripe-signature", "t=1,v1=00")],
        vec![("x-hubspot-signature-version", "v1"), ("x-hubspot-signature", "00")],
        vec![("x-gitlab-token", "wrong"), ("x-gitlab-event", "push")],
    ] {
        assert_eq!(stranger.send(Method::POST, "/abc", &fields, "{}").await.status, StatusCode::OK);
    }
    for path in [
        path,
        "/api/endpoints",
        "/api/endpoints/abc",
        "/api/endpoints/abc/requests",
        "/api/providers",
    ] {
        answers.push(owner.get(path).await);
    }
    for seq in 1..=5 {
        let detail = owner.get(&format!("/api/endpoints/abc/requests/{seq}")).await;
        let verdict = detail.json()["signature"]["verdict"].clone();
        assert_eq!(verdict, "invalid", "{}", detail.text());
        answers.push(detail);
        let cookie = format!("hookglass={}", made["key"].as_str().unwrap());
        let page = stranger.clone().with("cookie", &cookie);
        answers.push(page.get(&format!("/inspect/abc/{seq}")).await);
    }
    // Every change so far, and the change for the last arrival's verdict.
    let last = loop {
        let event = feed.next().await.unwrap();
        assert_no_secret(event.data.to_string().as_bytes(), "the feed");
        if event.name == "updated" && event.data["seq"] == 5 {
            break event;
        }
    };
    assert_eq!(last.data["verdict"], "invalid");
    let secrets = owner.get(path).await.json();
    for secret in secrets["secrets"].as_array().unwrap() {
        let one = format!("{path}/{}", secret["id"].as_str().unwrap());
        answers.push(owner.delete(&one).await);
    }
    assert!(answers.iter().filter(|answer| answer.status == StatusCode::CREATED).count() >= 10);

    for answer in &answers {
        assert_no_secret(format!("{:?}", answer.headers).as_bytes(), "a head");
        assert_no_secret(&answer.body, "an answer");
    }
    let mut names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|file| {
            let file = file.unwrap().path();
            assert_no_secret(&fs::read(&file).unwrap(), &file.display().to_string());
            file.file_name().unwrap().to_owned()
        })
        .collect();
    names.sort();
    assert_eq!(names, ["test.db", "test.db-shm", "test.db-wal", "test.db.key"]);
    let log = server.log.borrow().clone();
    assert!(log.contains("/api/endpoints/{endpoint}/secrets"), "it logs what it answers");
    assert_no_secret(log.as_bytes(), "the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_without_the_key_is_refused_and_makes_no_new_one() {
    let server = TestServer::start().await;
    let (owner, id) = server.owner().await;
    let secret = json!({ "provider": "svix", "secret": SECRET }).to_string();
    owner.post(&format!("/api/endpoints/{id}/secrets"), &secret).await;
    let TestServer { server, folder } = server;
    server.shutdown().await;
    let (database, file) = (folder.path().join("test.db"), folder.path().join("test.db.key"));
    let key = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();

    let told = Logged::start(&database, None).await.refusal().await;
    assert!(told.contains(file.to_str().unwrap()) && told.contains("is gone"), "{told}");
    assert!(!file.exists());
    let other = STANDARD.encode([9; 32]);
    let told = Logged::start(&database, Some(&other)).await.refusal().await;
    assert!(told.contains("HOOKGLASS_SECRET_KEY does not open"), "{told}");
    assert!(!told.contains(&other), "{told}");
    let told = Logged::start(&database, Some("nonsense")).await.refusal().await;
    assert!(told.contains("takes 32 bytes in base64") && !told.contains("nonsense"), "{told}");
    fs::write(&file, "nonsense").unwrap();
    let told = Logged::start(&database, None).await.refusal().await;
    assert!(told.contains("holds no key") && !told.contains("nonsense"), "{told}");
    fs::remove_file(&file).unwrap();

    // From the environment or back in its place, the key opens what it sealed.
    let mut given = Logged::start(&database, Some(&key)).await;
    given.client().await;
    given.child.kill().await.unwrap();
    assert!(!file.exists(), "a key that is given is written nowhere");
    fs::write(&file, &key).unwrap();
    let server = TestServer::on(folder, &[]).await;
    let owner = Client { address: server.address(), ..owner };
    let listed = owner.get(&format!("/api/endpoints/{id}/secrets")).await.json();
    assert_eq!(listed["secrets"].as_array().unwrap().len(), 1);
}
