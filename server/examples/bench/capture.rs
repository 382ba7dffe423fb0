//! Measures the capture rate against a handler that does nothing with requests.

use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::task::LocalSet;

use super::{
    http::Connection,
    process::{Setting, Target},
    report::{Row, row},
};

const CONNECTIONS: usize = 256;
/// Alternating rounds, so that a machine whose speed drifts is equally unfair to both.
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(4);
/// Bounds the size of the database on any machine.
const ROUND_LIMIT: u32 = 400_000;
const BOUND: f64 = 0.50;
/// Eviction is measured in a row of its own.
const UNLIMITED: [&str; 4] = ["--max-requests", "100000000", "--max-storage", "1000GiB"];

pub(crate) async fn against_bare(setting: &Setting) -> Result<Row> {
    let bare = setting.bare()?;
    let hookglass = setting.hookglass_with("capture", false, &UNLIMITED)?;
    let request = Target::new(&hookglass).await?.request();
    // The first round warms up processors and caches, and is not counted.
    let mut rates = Vec::new();
    for round in 0..=ROUNDS {
        let rate = (
            drive(bare.address, &request).await.context("the bare handler")?,
            drive(hookglass.address, &request).await.context("Hookglass")?,
        );
        if round > 0 {
            rates.push(rate);
        }
    }
    let bare = median(rates.iter().map(|(bare, _)| *bare));
    let hookglass = median(rates.iter().map(|(_, hookglass)| *hookglass));
    let ratio = median(rates.iter().map(|(bare, hookglass)| hookglass / bare));
    Ok(row(
        "Durable capture (1 KB body, 256 keep-alive connections) against a bare axum handler",
        format!("at least {BOUND:.2}"),
        format!("{ratio:.2} ({hookglass:.0}/s against {bare:.0}/s)"),
        ratio >= BOUND,
    ))
}

/// Requests per second in one round.
pub(crate) async fn drive(address: SocketAddr, request: &[u8]) -> Result<f64> {
    let request: Rc<[u8]> = request.into();
    let sent = Rc::new(Cell::new(0));
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(Connection::open(address).await?);
    }
    let started = Instant::now();
    let senders = connections.into_iter().map(|mut connection| {
        let (request, sent) = (request.clone(), sent.clone());
        async move {
            while started.elapsed() < ROUND && sent.get() < ROUND_LIMIT {
                connection.exchange(&request).await?;
                sent.set(sent.get() + 1);
            }
            anyhow::Ok(())
        }
    });
    let local = LocalSet::new();
    let tasks: Vec<_> = senders.map(|sender| local.spawn_local(sender)).collect();
    local.await;
    let elapsed = started.elapsed();
    for task in tasks {
        task.await??;
    }
    Ok(f64::from(sent.get()) / elapsed.as_secs_f64())
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
