//! The server without a working disk: a full disk, also at startup, and a database that is removed.
//! Senders get errors, reading continues, and storing resumes as soon as possible.

use std::{
    fs,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use hyper::StatusCode;
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, prlimit};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

use crate::common::{Client, PATIENCE};

/// The standard error of a program so far.
type Log = Arc<Mutex<Vec<String>>>;

/// Starts the program; its files may grow to `blocks` of 512 bytes each: writing beyond that fails
/// as on a broken disk (EFBIG; the signal is ignored). With no blocks every write fails.
async fn serve(database: &Path, blocks: &str) -> (Child, Client, Log) {
    let script = format!("trap '' XFSZ; ulimit -S -f {blocks}; exec \"$@\"");
    let mut child = Command::new("sh")
        .args(["-c", &script, "sh", env!("CARGO_BIN_EXE_hookglass"), "--listen", "127.0.0.1:0"])
        .args(["--database", database.to_str().unwrap()])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let log = Log::default();
    let said = log.clone();
    let started = async {
        loop {
            let Some(line) = lines.next_line().await.unwrap() else {
                panic!("it does not start: {:#?}", said.lock().unwrap());
            };
            if let Some(rest) = line.strip_prefix("Hookglass is listening on ") {
                return rest.split_once(". Open ").unwrap().0.parse().unwrap();
            }
            said.lock().unwrap().push(line);
        }
    };
    let address = tokio::time::timeout(PATIENCE, started).await.unwrap();
    // Keep reading, so that logging never blocks.
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            said.lock().unwrap().push(line);
        }
    });
    (child, Client::at(address), log)
}

/// Creates an endpoint and returns its owner.
async fn endpoint(stranger: &Client, slug: &str) -> Client {
    let made = stranger.post("/api/endpoints", &format!(r#"{{"slug":"{slug}"}}"#)).await.json();
    stranger.clone().bearer(made["key"].as_str().unwrap())
}

/// Returns the numbers of all requests.
async fn numbers(owner: &Client, slug: &str) -> Vec<i64> {
    let list = owner.get(&format!("/api/endpoints/{slug}/requests?after=0&limit=200")).await.json();
    list["requests"].as_array().unwrap().iter().map(|r| r["seq"].as_i64().unwrap()).collect()
}

/// Waits until `/readyz` returns a status.
async fn readiness(stranger: &Client, status: StatusCode) {
    let reached = async { while stranger.get("/readyz").await.status != status {} };
    tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| panic!("never {status}"));
}

fn terminate(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
}

fn enlarge(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_nothing_that_was_promised_and_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let (child, stranger, _log) = serve(&database, "2048").await;
    let made = stranger.post("/api/endpoints", r#"{"slug":"small"}"#).await.json();
    let owner = stranger.clone().bearer(made["key"].as_str().unwrap());
    let mut feed = owner.feed("/api/endpoints/small/live", None).await;
    assert_eq!(feed.next_of_all().await.unwrap().data, json!({"change": 1}));
    let body = "x".repeat(30_000);
    let mut promised = Vec::new();
    let refused = loop {
        let answer = stranger.post("/small", &body).await;
        if answer.status != StatusCode::OK {
            break answer;
        }
        promised.push(answer.header("hookglass-seq").parse::<i64>().unwrap());
        assert!(promised.len() < 1000, "the disk is not full");
    };
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!((refused.header("retry-after"), refused.problem().as_str()), ("5", "not-stored"));
    assert!(promised.len() > 5, "{promised:?}");

    // An open page is told at once, long before the next beat, and reading continues.
    let asked = std::time::Instant::now();
    let beat = loop {
        let event = feed.next_of_all().await.unwrap();
        if event.name == "alive" {
            break event;
        }
    };
    assert_eq!(beat.data["storing"], json!(false));
    assert!(asked.elapsed().as_secs() < 5, "{:?}", asked.elapsed());
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(stranger.get("/healthz").await.status, StatusCode::OK);
    let list = owner.get("/api/endpoints/small/requests?limit=200").await.json();
    assert_eq!(list["requests"].as_array().unwrap().len(), promised.len());
    for _ in 0..3 {
        let answer = stranger.post("/small", &body).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    }

    // Nothing is sent: the server notices on its own.
    enlarge(&child);
    let beat = loop {
        let event = feed.next_of_all().await.unwrap();
        if event.name == "alive" && event.data.get("storing").is_none() {
            break event;
        }
    };
    assert_eq!(beat.data, json!({"change": 1 + promised.len()}));
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::OK);
    for _ in 0..20 {
        let answer = stranger.post("/small", &body).await;
        assert_eq!(answer.status, StatusCode::OK);
        promised.push(answer.header("hookglass-seq").parse().unwrap());
    }
    let numbers: Vec<i64> = (1..=i64::try_from(promised.len()).unwrap()).collect();
    assert_eq!(promised, numbers, "each number once");
    let list = owner.get("/api/endpoints/small/requests?after=0&limit=200").await.json();
    let kept: Vec<i64> = list["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["seq"].as_i64().unwrap())
        .collect();
    assert_eq!(kept, promised);
}

/// Starts on a full disk after a signal ended the previous run.
async fn start_on_a_full_disk_after(ending: Signal) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let (mut child, stranger, _log) = serve(&database, "unlimited").await;
    let owner = endpoint(&stranger, "full").await;
    for _ in 0..20 {
        let answer = stranger.post("/full", &"x".repeat(30_000)).await;
        assert_eq!(answer.status, StatusCode::OK);
    }
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, ending).unwrap();
    child.wait().await.unwrap();

    let (child, stranger, log) = serve(&database, "0").await;
    let owner = Client { address: stranger.address, ..owner };
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let refused = stranger.post("/full", "x").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(numbers(&owner, "full").await, (1..=20).collect::<Vec<i64>>());
    let body = owner.get("/api/endpoints/full/requests/20/body").await.body;
    assert_eq!(body.len(), 30_000);
    assert_eq!(owner.get("/inspect/full").await.status, StatusCode::OK);
    let mut feed = owner.feed("/api/endpoints/full/live", None).await;
    assert_eq!(feed.next_of_all().await.unwrap().data["storing"], json!(false));
    let said = log.lock().unwrap().join("\n");
    assert!(said.contains("cannot store yet"), "{said}");

    // Nothing is sent: the server notices on its own.
    enlarge(&child);
    let beat = loop {
        let event = feed.next_of_all().await.unwrap();
        if event.data.get("storing").is_none() {
            break event;
        }
    };
    assert_eq!(beat.name, "alive");
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::OK);
    assert_eq!(stranger.post("/full", "x").await.header("hookglass-seq"), "21");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_after_a_crash_reads_and_stores_as_soon_as_it_can() {
    start_on_a_full_disk_after(Signal::KILL).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_on_a_full_disk_after_a_stop_reads_and_stores_as_soon_as_it_can() {
    start_on_a_full_disk_after(Signal::TERM).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_start_on_a_full_disk_says_why_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let script = "trap '' XFSZ; ulimit -S -f 0; exec \"$@\"";
    let run = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_hookglass"), "--listen", "127.0.0.1:0"])
        .args(["--database", database.to_str().unwrap()])
        .output();
    let output = tokio::time::timeout(PATIENCE, run).await.unwrap().unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot open the database"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_taken_away_stops_storing_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let [database, away] = ["test.db", "away.db"].map(|name| folder.path().join(name));
    let (_child, stranger, log) = serve(&database, "unlimited").await;
    let owner = endpoint(&stranger, "here").await;
    assert_eq!(stranger.post("/here", "x").await.status, StatusCode::OK);
    fs::rename(&database, &away).unwrap();
    readiness(&stranger, StatusCode::SERVICE_UNAVAILABLE).await;
    let refused = stranger.post("/here", "x").await;
    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.problem(), "not-stored");
    assert_eq!(numbers(&owner, "here").await, [1]);
    fs::rename(&away, &database).unwrap();
    readiness(&stranger, StatusCode::OK).await;
    assert_eq!(stranger.post("/here", "x").await.header("hookglass-seq"), "2");

    // Replaced at once. Senders get errors even before the next of the checks that run every
    // second.
    fs::copy(&database, &away).unwrap();
    fs::rename(&away, &database).unwrap();
    let told = async { while stranger.post("/here", "x").await.status == StatusCode::OK {} };
    tokio::time::timeout(PATIENCE, told).await.expect("it is noticed");
    let still = async {
        loop {
            let refused = stranger.post("/here", "x").await;
            assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
        }
    };
    tokio::time::timeout(Duration::from_millis(600), still).await.unwrap_err();
    assert_eq!(stranger.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let count = |text: &str| log.lock().unwrap().iter().filter(|line| line.contains(text)).count();
    assert_eq!(count("the database file was removed or replaced"), 2, "once each time");
    assert_eq!(count("the files of the database are back"), 1);
}

/// Removes a file beside the database, then shuts down cleanly.
async fn take_away(file: &str) {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let (mut child, stranger, log) = serve(&database, "unlimited").await;
    let owner = endpoint(&stranger, "here").await;
    for _ in 0..3 {
        assert_eq!(stranger.post("/here", "x").await.status, StatusCode::OK);
    }
    fs::remove_file(folder.path().join(file)).unwrap();
    readiness(&stranger, StatusCode::SERVICE_UNAVAILABLE).await;
    assert_eq!(stranger.post("/here", "x").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let said = log.lock().unwrap().join("\n");
    assert!(said.contains("the -wal or -shm file of the database was removed"), "{said}");
    terminate(&child);
    child.wait().await.unwrap();
    let (_child, stranger, _log) = serve(&database, "unlimited").await;
    let owner = Client { address: stranger.address, ..owner };
    assert_eq!(numbers(&owner, "here").await, [1, 2, 3]);
    assert_eq!(stranger.post("/here", "x").await.header("hookglass-seq"), "4");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_is_taken_away_costs_nothing_after_a_stop_in_order() {
    take_away("test.db-wal").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shared_memory_that_is_taken_away_costs_nothing_after_a_stop_in_order() {
    take_away("test.db-shm").await;
}
