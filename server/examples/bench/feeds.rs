//! Measures how soon an event arrives in every open feed, and what open feeds cost.

use std::{io, time::Duration};

use anyhow::{Context as _, Result, ensure};
use tokio::{
    net::TcpStream,
    sync::mpsc,
    task::LocalSet,
    time::{Instant, sleep, timeout},
};

use super::{
    http::Connection,
    process::{Setting, Target},
    report::{Row, mebibytes, row},
    server::{Server, quantile},
};

const BROWSERS: usize = 100;
const EVENTS: usize = 500;
const BETWEEN_EVENTS: Duration = Duration::from_millis(20);
const EVENT_P99_BOUND: Duration = Duration::from_millis(20);

const FEEDS: usize = 10_000;
const FEEDS_RESIDENT_BOUND_BYTES: u64 = 200 << 20;
const ALL_TOLD_BOUND: Duration = Duration::from_millis(500);
/// How often one event is sent to all feeds: the slowest counts.
const TELLINGS: usize = 5;
const BETWEEN_TELLINGS: Duration = Duration::from_secs(2);

/// After this, an event counts as lost.
const LOST_AFTER: Duration = Duration::from_secs(20);

pub(crate) async fn to_many_browsers(setting: &Setting) -> Result<Row> {
    let server = setting.hookglass("browsers", false)?;
    let delays = delays(&server, BROWSERS, EVENTS, BETWEEN_EVENTS);
    let mut delays = LocalSet::new().run_until(delays).await?.concat();
    delays.sort_unstable();
    let p99 = quantile(&delays, 990);
    Ok(row(
        "Commit to event at 100 browsers, p99, measured from before the request is sent",
        format!("at most {EVENT_P99_BOUND:?}"),
        format!("{p99:.1?} (p50 {:.1?})", quantile(&delays, 500)),
        p99 <= EVENT_P99_BOUND,
    ))
}

pub(crate) async fn ten_thousand(setting: &Setting) -> Result<[Row; 2]> {
    let server = setting.hookglass("feeds", false)?;
    let feeds = LocalSet::new();
    let delays = feeds.run_until(delays(&server, FEEDS, TELLINGS, BETWEEN_TELLINGS)).await?;
    // The feeds are still open: the set holds them.
    let resident = server.resident_bytes()?;
    drop(feeds);
    let slowest = delays.iter().flatten().max().copied().context("no event came")?;
    Ok([
        row(
            "10,000 open feeds, resident",
            format!("at most {}", mebibytes(FEEDS_RESIDENT_BOUND_BYTES)),
            mebibytes(resident),
            resident <= FEEDS_RESIDENT_BOUND_BYTES,
        ),
        row(
            "One event to 10,000 open feeds, request sent to last feed told, worst of 5",
            format!("at most {ALL_TOLD_BOUND:?}"),
            format!("{slowest:.0?}"),
            slowest <= ALL_TOLD_BOUND,
        ),
    ])
}

/// Opens feeds of one endpoint, sends requests to it, and returns for each event how long each feed
/// took to receive it. Needs a `LocalSet`, which keeps the feeds open.
async fn delays(
    server: &Server,
    feeds: usize,
    events: usize,
    between: Duration,
) -> Result<Vec<Vec<Duration>>> {
    let target = Target::new(server).await?;
    let (told, mut hears) = mpsc::channel(feeds);
    let open = open(server, &target, feeds).await?;
    for feed in open {
        let told = told.clone();
        tokio::task::spawn_local(async move {
            if let Err(error) = listen(feed, &told).await {
                let _ = told.send(Err(error)).await;
            }
        });
    }

    let mut sender = Connection::open(server.address).await?;
    let request = target.request();
    let mut delays = Vec::with_capacity(events);
    for seq in 1..=events {
        let sent = Instant::now();
        sender.exchange(&request).await?;
        let mut of_event = Vec::with_capacity(feeds);
        while of_event.len() < feeds {
            let (heard, at) = timeout(LOST_AFTER, hears.recv())
                .await
                .with_context(|| {
                    format!("event {seq} reached {} of {feeds} feeds", of_event.len())
                })?
                .context("every feed ended")??;
            ensure!(heard == seq, "a feed told {heard} where {seq} was next");
            of_event.push(at - sent);
        }
        delays.push(of_event);
        sleep(between).await;
    }
    Ok(delays)
}

async fn open(server: &Server, target: &Target, feeds: usize) -> Result<Vec<TcpStream>> {
    let request = target.feed();
    let mut open = Vec::with_capacity(feeds);
    for _ in 0..feeds {
        open.push(Connection::open(server.address).await?.subscribe(&request).await?);
    }
    Ok(open)
}

/// Reports the `seq` of each captured request and when the feed received it.
async fn listen(feed: TcpStream, told: &mpsc::Sender<Result<(usize, Instant)>>) -> Result<()> {
    let mut lines = Vec::new();
    loop {
        feed.readable().await?;
        let mut chunk = [0; 4096];
        let read = match feed.try_read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        };
        let at = Instant::now();
        lines.extend_from_slice(&chunk[..read]);
        while let Some(end) = lines.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = lines.drain(..=end).collect();
            if let Some(seq) = seq(&line)? {
                let _ = told.send(Ok((seq, at))).await;
            }
        }
    }
}

/// Returns the `seq` of a summary in a line of a feed, if it has one.
fn seq(line: &[u8]) -> Result<Option<usize>> {
    let Some(data) = line.strip_prefix(b"data:") else { return Ok(None) };
    let data: serde_json::Value = serde_json::from_slice(data)?;
    let seq = data.get("seq").and_then(serde_json::Value::as_u64);
    Ok(seq.map(usize::try_from).transpose()?)
}
