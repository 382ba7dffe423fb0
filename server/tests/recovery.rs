//! A disk that takes no more: senders are told, reading goes on, and so does storing as soon as
//! there is space again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use std::{path::Path, process::Stdio};

use common::{Client, PATIENCE};
use hyper::StatusCode;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::json;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};

/// The program, serving, whose files may grow to one MiB each: writing past that fails as it does
/// on a broken disk (EFBIG; the signal is ignored).
async fn serve_on_a_small_disk(database: &Path) -> (Child, Client) {
    let script = "trap '' XFSZ; ulimit -S -f 2048; exec \"$@\"";
    let mut child = Command::new("sh")
        .args(["-c", script, "sh", env!("CARGO_BIN_EXE_hookglass"), "--listen", "127.0.0.1:0"])
        .args(["--database", database.to_str().unwrap()])
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let started = async {
        loop {
            let line = lines.next_line().await.unwrap().expect("it starts");
            if let Some(rest) = line.strip_prefix("Hookglass is listening on ") {
                return rest.split_once(". Open ").unwrap().0.parse().unwrap();
            }
        }
    };
    let address = tokio::time::timeout(PATIENCE, started).await.unwrap();
    // Goes on reading, so that logging never waits.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    (child, Client::at(address))
}

fn enlarge(child: &Child) {
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    prlimit(Some(pid), Resource::Fsize, Rlimit { current: None, maximum: None }).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_nothing_that_was_promised_and_ends_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("test.db");
    let (child, stranger) = serve_on_a_small_disk(&database).await;
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

    // Whoever has the page open hears of it at once, long before the next beat, and goes on reading.
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

    // Nothing is sent: it notices by itself.
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
