//! What a start creates and what it refuses, and how the real program stops.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use hyper::{Method, StatusCode};
use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStderr, Command},
};

use crate::common::{Client, PATIENCE, TestServer};

/// Runs the program until it exits.
async fn run(arguments: &[&str]) -> Output {
    let run = Command::new(env!("CARGO_BIN_EXE_hookglass")).args(arguments).output();
    tokio::time::timeout(PATIENCE, run).await.expect("it ends").unwrap()
}

/// Returns the only line that a refused start prints.
async fn refusal(database: &Path) -> String {
    let output = run(&["--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()]).await;
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.trim_end().lines().count(), 1, "one line: {text}");
    text
}

/// Starts the program; returns it, a client of it, and the lines that it logs from then on.
async fn started(database: &Path) -> (Child, Client, Lines<BufReader<ChildStderr>>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hookglass"))
        .args(["--listen", "127.0.0.1:0", "--database", database.to_str().unwrap()])
        .env("RUST_LOG", "hookglass_server=debug,hookglass=debug")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let started = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it starts");
            if let Some(rest) = line.strip_prefix("Hookglass is listening on ") {
                let (address, rest) = rest.split_once(". Open ").unwrap();
                assert_eq!(rest, format!("http://{address}/"));
                return address.parse().unwrap();
            }
        }
    };
    let address = tokio::time::timeout(PATIENCE, started).await.unwrap();
    (child, Client::at(address), lines)
}

/// Starts the program; returns it and a client of it.
async fn serve(database: &Path) -> (Child, Client) {
    let (child, client, mut lines) = started(database).await;
    // Keep reading, so that logging never blocks.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, client)
}

fn terminate(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn it_serves_though_nobody_reads_what_it_logs() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, client, lines) = started(&folder.path().join("test.db")).await;
    drop(lines);
    let made = client.post("/api/endpoints", "{}").await;
    assert_eq!(made.status, StatusCode::CREATED);
    let path = format!("/{}", made.json()["id"].as_str().unwrap());
    for _ in 0..3 {
        assert_eq!(client.post(&path, "x").await.status, StatusCode::OK);
        assert_eq!(client.get("/").await.status, StatusCode::OK);
    }
    terminate(&child);
    assert!(child.wait().await.unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_for_their_owner_only() {
    let server = TestServer::start().await;
    server.owner().await;
    let mut names = Vec::new();
    for file in fs::read_dir(server.folder.path()).unwrap() {
        let file = file.unwrap();
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.path().display());
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(names, ["test.db", "test.db-shm", "test.db-wal"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_in_use_is_refused() {
    let server = TestServer::start().await;
    let line = refusal(&server.folder.path().join("test.db")).await;
    assert!(line.contains("is open in another process"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let server = TestServer::start().await;
    let database = server.folder.path().join("test.db");
    server.server.shutdown().await;
    sqlite(
        &database,
        "insert into _sqlx_migrations
        (version, description, success, checksum, execution_time)
        values (9999, 'from the future', true, x'00', 0)",
    )
    .await;
    let before = fs::read(&database).unwrap();
    let line = refusal(&database).await;
    assert!(line.contains("written by a newer version"), "{line}");
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_something_else_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(&text, "These are my notes. ".repeat(100)).unwrap();
    let line = refusal(&text).await;
    assert!(line.contains("not a Hookglass database"), "{line}");
    assert_eq!(fs::read_to_string(&text).unwrap(), "These are my notes. ".repeat(100));

    let other = folder.path().join("other.db");
    sqlite(&other, "create table somebodys (x)").await;
    let before = fs::read(&other).unwrap();
    let line = refusal(&other).await;
    assert!(line.contains("not a Hookglass database"), "{line}");
    assert_eq!(fs::read(&other).unwrap(), before);

    let line = refusal(&folder.path().join("no/such/folder.db")).await;
    assert!(line.contains("cannot open the database"), "{line}");
}

/// Runs a statement on a database that no server has open.
async fn sqlite(database: &Path, statement: &'static str) {
    use sqlx::{ConnectOptions as _, Connection as _, Executor as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(database);
    let mut connection = options.create_if_missing(true).connect().await.unwrap();
    connection.execute(statement).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_refused() {
    let server = TestServer::start().await;
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("other.db");
    let address = server.address().to_string();
    let output = run(&["--listen", &address, "--database", database.to_str().unwrap()]).await;
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains(&format!("cannot listen on {address}")), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no database is left behind");

    let flags = ["--listen", "127.0.0.1:0", "--metrics-listen", &address, "--database"];
    let output = run(&[flags.as_slice(), &[database.to_str().unwrap()]].concat()).await;
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.contains("choose another with --metrics-listen"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "no database is left behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_file_that_holds_no_key_is_refused_before_anything_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("new.db.key");
    fs::write(&key, "no key").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let line = refusal(&folder.path().join("new.db")).await;
    assert!(line.contains("holds no key"), "{line}");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["new.db.key"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_flag_is_named_with_what_it_takes() {
    for (flag, value, takes) in [
        ("--listen", "nowhere", "socket address"),
        ("--max-body", "much", "25MiB"),
        ("--public-url", "hooks.test/path", "an origin"),
        ("--trusted-proxy", "everyone", "a network"),
        ("--database", "postgres://x/y", "a path"),
        ("--max-endpoints", "0", "1.."),
        ("--max-endpoints-total", "0", "1.."),
        ("--max-requests", "0", "1.."),
        ("--endpoint-ttl", "soon", "90s, 15m, 12h or 7d"),
        ("--max-storage", "1MiB", "at least 16MiB"),
        ("--durability", "some", "full, normal"),
        ("--create", "nobody", "open, key"),
        ("--log-format", "xml", "text, json"),
    ] {
        let output = run(&[flag, value]).await;
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert!(text.contains(flag) && text.contains(takes), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn create_workspace_prints_a_key_that_opens_a_closed_server() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("closed.db");
    let database = database.to_str().unwrap();
    let output = run(&["--database", database, "create-workspace"]).await;
    assert!(output.status.success(), "{output:?}");
    let key = String::from_utf8(output.stdout).unwrap();
    let (_child, stranger) = serve(Path::new(database)).await;
    let made = stranger.bearer(key.trim()).post("/api/endpoints", "{}").await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert_eq!(made.json().get("key"), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_a_thousand_feeds_and_keeps_what_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let (mut child, stranger) = serve(&database).await;
    let made = stranger.post("/api/endpoints", "{}").await.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let owner = stranger.clone().bearer(key);
    let mut feeds = Vec::new();
    for _ in 0..1000 {
        feeds.push(owner.feed(&format!("/api/endpoints/{id}/live"), None).await);
    }
    // A sender in the middle of its body, an idle connection, a half-sent head.
    let mut cut = TcpStream::connect(stranger.address).await.unwrap();
    let head =
        format!("POST /{id}/cut HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nhalf of it");
    cut.write_all(head.as_bytes()).await.unwrap();
    let _idle = TcpStream::connect(stranger.address).await.unwrap();
    let mut half = TcpStream::connect(stranger.address).await.unwrap();
    half.write_all(b"POST /half HTTP/1.1\r\nhos").await.unwrap();
    // After one round trip all of these are accepted.
    let whole = stranger.send(Method::POST, &format!("/{id}/whole"), &[], "all").await;
    assert_eq!(whole.status, StatusCode::OK);

    let stopping = Instant::now();
    terminate(&child);
    let status = tokio::time::timeout(PATIENCE, child.wait()).await.unwrap().unwrap();
    let took = stopping.elapsed();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(2), "{took:?}");
    for feed in &mut feeds {
        while feed.next().await.is_some() {}
    }
    let mut answer = String::new();
    cut.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "not promised: {answer}");
    let left: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["test.db"], "the database is at rest");

    let (_child, stranger) = serve(&database).await;
    let owner = stranger.bearer(key);
    let list = owner.get(&format!("/api/endpoints/{id}/requests")).await.json();
    let mut kept: Vec<_> = list["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| {
            let target = r["target"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
            (target, r["complete"].as_bool().unwrap(), r["body_bytes"].as_u64().unwrap())
        })
        .collect();
    kept.sort();
    assert_eq!(kept, [("cut".to_owned(), false, 10), ("whole".to_owned(), true, 3)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_has_kept_what_it_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let (mut child, stranger) = serve(&database).await;
    let made = stranger.post("/api/endpoints", "{}").await.json();
    let (id, key) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    for _ in 0..20 {
        assert_eq!(stranger.post(&format!("/{id}"), "x").await.status, StatusCode::OK);
    }
    child.kill().await.unwrap();
    let (_child, stranger) = serve(&database).await;
    let list = stranger.bearer(key).get(&format!("/api/endpoints/{id}/requests")).await.json();
    assert_eq!(list["requests"].as_array().unwrap().len(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_show_no_target_key_or_body() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hookglass"))
        .args(["--listen", "127.0.0.1:0", "--log-format", "json", "--database"])
        .arg(folder.path().join("test.db"))
        .env("RUST_LOG", "debug")
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut log = Vec::new();
    let address = loop {
        let line = lines.next_line().await.unwrap().unwrap();
        if let Some(rest) = line.strip_prefix("Hookglass is listening on ") {
            break rest.split_once(". Open ").unwrap().0.parse().unwrap();
        }
        log.push(line);
    };
    let collect = tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            log.push(line);
        }
        log
    });
    let stranger = Client::at(address);
    let made = stranger.post("/api/endpoints", r#"{"slug":"secretslug"}"#).await.json();
    let key = made["key"].as_str().unwrap();
    let owner = stranger.clone().bearer(key).with("x-secret", "secretvalue");
    stranger.post("/secretslug/secretpath?secretquery=1", "secretbody").await;
    owner.get("/api/endpoints/secretslug/requests?limit=1").await;
    // Often enough that some end on a different thread than they began on.
    for _ in 0..50 {
        assert_eq!(owner.get("/inspect/secretslug/1?tab=secrettab").await.status, StatusCode::OK);
    }
    terminate(&child);
    child.wait().await.unwrap();
    let log = collect.await.unwrap();
    assert!(
        log.iter().any(|line| line.contains(r#""route":"/inspect/{endpoint}/{seq}""#)),
        "{log:?}"
    );
    for line in &log {
        assert!(line.starts_with('{'), "{line}");
        for secret in ["secret", &key[4..]] {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
