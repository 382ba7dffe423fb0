//! Measures the cost of an idle Hookglass: start-up time, memory, and the download of the browser
//! half.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result, ensure};
use tokio::time::sleep;

use super::{
    http,
    process::Setting,
    report::{Row, mebibytes, row},
    server::quantile,
};

const STARTS: usize = 21;
const START_BOUND: Duration = Duration::from_millis(50);
const IDLE_AFTER: Duration = Duration::from_secs(2);
const IDLE_BOUND_BYTES: u64 = 30 << 20;
const BROWSER_HALF_BOUND_BYTES: usize = 230_000;

pub(crate) fn start(setting: &Setting) -> Result<Row> {
    let first = setting.hookglass("start", false)?.started_after;
    let mut again = Vec::with_capacity(STARTS);
    for _ in 0..STARTS {
        again.push(setting.hookglass("start", true)?.started_after);
    }
    again.sort_unstable();
    let median = quantile(&again, 500);
    Ok(row(
        "Start to listening, median of 21",
        format!("at most {START_BOUND:?}"),
        format!("{median:.1?} ({first:.1?} the first time, with a new database)"),
        median <= START_BOUND,
    ))
}

/// Measured after it served its page once: before that, much of the program is not in memory.
pub(crate) async fn idle(setting: &Setting) -> Result<Row> {
    let server = setting.hookglass("idle", false)?;
    http::fetch(server.address, &["GET /", "Accept: text/html"], "").await?;
    sleep(IDLE_AFTER).await;
    let resident = server.resident_bytes()?;
    Ok(row(
        "Resident when idle, after a page was served",
        format!("at most {}", mebibytes(IDLE_BOUND_BYTES)),
        mebibytes(resident),
        resident <= IDLE_BOUND_BYTES,
    ))
}

/// The files that the start page loads, as a browser that accepts brotli gets them.
pub(crate) async fn browser_half(setting: &Setting) -> Result<Row> {
    let server = setting.hookglass("page", false)?;
    let page = http::fetch(server.address, &["GET /", "Accept: text/html"], "").await?;
    let page = String::from_utf8(page.body).context("the page is not UTF-8")?;
    let paths: BTreeSet<&str> = page
        .match_indices("/assets/")
        .filter_map(|(at, _)| {
            let path = page.get(at..)?;
            let end = path.find(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '.')?;
            path.get(..end)
        })
        .filter(|path| [".js", ".wasm", ".css"].iter().any(|end| path.ends_with(end)))
        .collect();
    ensure!(paths.len() == 3, "the page names {paths:?} instead of a script, wasm and a style");
    let mut total = 0;
    for path in paths {
        let target = format!("GET {path}");
        let asset = http::fetch(server.address, &[&target, "Accept-Encoding: br"], "").await?;
        ensure!(asset.field("content-encoding") == Some("br"), "{path} is not compressed");
        total += asset.body.len();
    }
    Ok(row(
        "Browser half: JavaScript, wasm and CSS, brotli",
        format!("at most {} kB", BROWSER_HALF_BOUND_BYTES / 1000),
        format!("{}.{} kB", total / 1000, total % 1000 / 100),
        total <= BROWSER_HALF_BOUND_BYTES,
    ))
}
