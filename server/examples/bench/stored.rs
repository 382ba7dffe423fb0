//! Measures whether a million stored requests, or a full endpoint, slow anything down.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use futures_util::future::try_join_all;
use hookglass_store::{
    CapturedRequest, NewEndpoint, Owner, Store as _,
    key::Key,
    sqlite::{Options, SqliteStore},
};

use super::{
    capture::{drive, median},
    http,
    process::{Setting, Target},
    report::{Row, row},
    server::{Server, quantile},
};

const ENDPOINTS: usize = 100;
const REQUESTS_EACH: usize = 10_000;
/// Requests that are stored at a time while the database is filled.
const AT_ONCE: usize = 500;
const ROUNDS: usize = 5;
const RATE_BOUND: f64 = 0.9;
const READS: usize = 400;
const READ_BOUND: Duration = Duration::from_millis(20);
const SEARCHES: usize = 200;
const SEARCH_BOUND: Duration = Duration::from_millis(100);
/// Searches of each kind: found at once, found in the head, found in the body, not found in the
/// columns of lists, and found nowhere, which reads everything until the time limit.
const SEARCHED: [(&str, &str); 5] = [
    ("a word", "octocat"),
    ("a header field", "header.x-github-event:issues"),
    ("a value in bodies", "body.action:opened"),
    ("a field that finds nothing", "status:500"),
    ("a header field that finds nothing", "header.x-github-event:push"),
];
/// Far above what is stored, so that only the intended requests are evicted.
const UNLIMITED: [&str; 4] = ["--max-requests", "100000000", "--max-storage", "1000GiB"];

pub(crate) async fn full_endpoint(setting: &Setting) -> Result<Row> {
    let empty = setting.hookglass_with("not-full", false, &UNLIMITED)?;
    let full = setting.hookglass("full", false)?;
    let requests = (Target::new(&empty).await?.request(), Target::new(&full).await?.request());
    // The first round fills the endpoint to its limit.
    let (ratio, of_full, of_empty) =
        compare(&full, &requests.1, &empty, &requests.0).await.context("a full endpoint")?;
    Ok(row(
        "Capture at an endpoint that is full (each arrival drops one), against one that is not",
        format!("at least {RATE_BOUND:.1}"),
        format!("{ratio:.2} ({of_full:.0}/s against {of_empty:.0}/s)"),
        ratio >= RATE_BOUND,
    ))
}

pub(crate) async fn million(setting: &Setting) -> Result<Vec<Row>> {
    let targets = fill(setting).await.context("cannot store a million requests")?;
    let empty = setting.hookglass_with("empty", false, &UNLIMITED)?;
    let stored = setting.hookglass_with("million", true, &UNLIMITED)?;
    // A separate endpoint takes the captures, so that those that are read keep their 10,000.
    let (first, targets) = targets.split_first().context("no endpoints")?;
    let (ratio, of_stored, of_empty) =
        compare(&stored, &first.request(), &empty, &Target::new(&empty).await?.request()).await?;
    let mut rows = vec![row(
        "Capture at 1 M stored requests, against an empty store",
        format!("at least {RATE_BOUND:.1}"),
        format!("{ratio:.2} ({of_stored:.0}/s against {of_empty:.0}/s)"),
        ratio >= RATE_BOUND,
    )];
    let reads = [
        ("List of 50", "/api/endpoints/{id}/requests"),
        ("Detail", "/api/endpoints/{id}/requests/5000"),
        ("Counts by time", "/api/endpoints/{id}/requests/counts"),
        ("Server HTML of an endpoint with 10,000 requests,", "/inspect/{id}"),
    ];
    for (what, path) in reads {
        let times = read(&stored, targets, path, READS).await?;
        rows.push(p99(&format!("{what} at 1 M stored requests, p99"), &times, READ_BOUND));
    }
    let mut all = Vec::new();
    for (what, query) in SEARCHED {
        let path = format!("/api/endpoints/{{id}}/requests?q={query}");
        let times = read(&stored, targets, &path, SEARCHES).await?;
        note_times(what, &times);
        all.extend(times);
    }
    all.sort_unstable();
    rows.push(p99("Search, first page, at 1 M stored requests, p99", &all, SEARCH_BOUND));
    Ok(rows)
}

fn note_times(what: &str, times: &[Duration]) {
    eprintln!(
        "  search for {what}: p50 {:.1?}, p99 {:.1?}",
        quantile(times, 500),
        quantile(times, 990)
    );
}

/// Times a path at each endpoint; sorted by duration.
async fn read(
    stored: &Server,
    targets: &[Target],
    path: &str,
    reads: usize,
) -> Result<Vec<Duration>> {
    let mut times = Vec::with_capacity(reads);
    for read in 0..reads {
        let target = &targets[read * 37 % targets.len()];
        let line = format!("GET {}", path.replace("{id}", &target.id));
        let key = format!("Authorization: Bearer {}", target.key);
        let started = Instant::now();
        http::fetch(stored.address, &[&line, &key], "").await?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(times)
}

fn p99(what: &str, times: &[Duration], bound: Duration) -> Row {
    let p99 = quantile(times, 990);
    row(
        what,
        format!("at most {bound:?}"),
        format!("{p99:.1?} (p50 {:.1?})", quantile(times, 500)),
        p99 <= bound,
    )
}

/// The median ratio of capture rates over alternating rounds, and the median rates.
async fn compare(
    one: &Server,
    request: &[u8],
    other: &Server,
    other_request: &[u8],
) -> Result<(f64, f64, f64)> {
    let mut rates = Vec::new();
    for round in 0..=ROUNDS {
        let rate = (drive(other.address, other_request).await?, drive(one.address, request).await?);
        if round > 0 {
            rates.push(rate);
        }
    }
    Ok((
        median(rates.iter().map(|(other, one)| one / other)),
        median(rates.iter().map(|(_, one)| *one)),
        median(rates.iter().map(|(other, _)| *other)),
    ))
}

/// Stores a million requests directly through the store, each like a webhook of a kilobyte.
async fn fill(setting: &Setting) -> Result<Vec<Target>> {
    let path = setting.fresh("million");
    let options =
        Options { max_requests: u32::MAX, max_storage_bytes: 1 << 40, ..Options::new(&path) };
    let store = SqliteStore::open(options).await?;
    let mut targets = Vec::with_capacity(ENDPOINTS);
    for _ in 0..ENDPOINTS {
        let key = Key::random().context("no random numbers")?;
        let new =
            NewEndpoint { owner: Owner::New(key.hash()), slug: None, name: None, max_endpoints: 1 };
        let endpoint = store.create_endpoint(new).await?;
        let target = Target { id: endpoint.slug.to_string(), key: key.reveal().to_owned() };
        let captured = webhook(&target);
        for _ in 0..REQUESTS_EACH / AT_ONCE {
            let appends = (0..AT_ONCE).map(|_| store.append(endpoint.id, captured.clone()));
            try_join_all(appends).await?;
        }
        targets.push(target);
    }
    store.close().await;
    Ok(targets)
}

/// The request of [`Target::request`] as it is stored.
fn webhook(target: &Target) -> CapturedRequest {
    let request = target.request();
    let end = request.windows(4).position(|window| window == b"\r\n\r\n").map_or(0, |at| at + 4);
    let (head, body) = request.split_at(end);
    CapturedRequest {
        received_at: 1_795_262_587_000_000,
        duration_us: 100,
        method: "POST".to_owned(),
        target: format!("/{}/hooks?source=bench", target.id).into_bytes(),
        http_version: 11,
        remote_addr: "192.0.2.1".to_owned(),
        peer: "192.0.2.1:4711".to_owned(),
        content_type: Some(b"application/json".to_vec()),
        label: Some("issues".to_owned()),
        sender: Some("GitHub"),
        delivery: None,
        attempt: None,
        mark: None,
        status: Some(200),
        answer: None,
        complete: true,
        exact: true,
        redacted: false,
        head: head.to_vec(),
        trailers: Vec::new(),
        body_bytes: body.len() as u64,
        upload: None,
        body: vec![Bytes::copy_from_slice(body)],
        body_sha256: [0; 32],
        refused: None,
    }
}
