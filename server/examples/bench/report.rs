//! The output of a run.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
};

use anyhow::{Context as _, Result};
use serde::Deserialize;

use super::machine;

/// Above the table.
const INTRODUCTION: &str = "\
# Benchmarks

Written by `script/bench`; do not edit. All rows come from one run on one machine, with the load in
a separate process on the same processors. A bound is a ratio to something measured in the same run,
or loose enough for any machine of this kind: between machines, compare whether it holds, not the
figure.
";

/// Below the table: how each figure was measured.
const METHODS: &str = "\
## How

- **Durable capture.** The bare handler reads the body, stores nothing, and runs under
  `axum::serve` in a separate process, on as many threads. Rounds of 4 s alternate between the two,
  after one that is not counted; the ratio is the median of five. Hookglass commits and fsyncs
  (SQLite `synchronous=FULL`) before it responds.
- **Request to 2xx.** 128 connections send by the clock, so that slow responses do not slow down the
  measurement; a request whose turn came before the last response counts from its turn. The disk's
  fsync is an append of 8 KiB and fdatasync in the folder of the database, 200 times before and
  after.
- **Commit to event.** From before the request is sent until its event has been read: the figure
  includes receiving the request and the commit, and is therefore an upper bound.
- **Resident.** `VmRSS`, including shared pages of the program and its libraries.
- **1 M requests.** 100 endpoints of 10,000 webhooks of a kilobyte, each endpoint in its own workspace,
  stored directly through the store; then alternating rounds as above, to one of them. Each read uses
  a new connection, to the other 99 in turn.
- **Pages.** The released browser half in Chromium, on the same machine as the server: from the start
  of the navigation until the page is hydrated and its feed open. Frames are counted with
  `requestAnimationFrame`.
- **Uploads.** From the same process, over 100 connections; the peak of `VmRSS`, sampled every 20 ms
  until the last response.

## The cost of capturing

A profile under the load of the first capture row: of the server's processor time 56 % goes into
connections and requests (the kernel's TCP, hyper, the gate and its comparison, SHA-256, copies),
34 % into SQLite's thread (rows in four trees, the log's checksums and writes, checkpoints), 10 % into
the writer that feeds it; no single function takes 4 %. The bare handler needs less than the first
part alone, because it stores no head, hashes nothing and wakes no other thread, and the load shares
the two processors with both. At 256 connections a transaction has 100 requests and takes 1.8 ms,
mostly waiting for a processor. Two or four times the page size gave 5 % more, but slower small
commits, and was not adopted.

At 2,000 requests per second nothing is saturated: a request waits for its turn. A commit of one or
two requests writes about ten pages to the log and syncs them, which in the store alone takes 2.5 to 3
times the fsync of a bare append (measured separately, on a busier machine); the rest is hand-overs
between the connection's task, the writer and SQLite's thread, each of which wakes a sleeping thread,
and the senders' own overhead.

At a full endpoint each new request deletes an old one, in the same transaction. A deletion touches
the same four trees as an insertion, reads what it deletes, and frees pages: in the same profile
SQLite's thread has 1.5 times the work per request (40 % of the processor instead of 29 %), and
everything else is the same. Deleting later, when idle, would make this row hold, but the file would
grow past its limit under a continuous flood.

A search reads every request that the database cannot exclude. Five kinds are measured together, 200
each at 99 endpoints in turn: common matches take 1 ms, a field with no match in list columns or heads
52 ms, and a word without any match 87 ms (p99 127 ms), because it reads the head and the body of all
10,000 requests, about 9 µs each, mostly to hand rows from SQLite's thread to the searching one. That
kind alone determines the p99 of the row.

## The size of the browser half

Pages use Leptos, which makes a type of each element, attribute, closure, signal and memo, and compiles
its code separately for each: the page of an endpoint with all its features had 363 kB and 14,912
functions. These changes reduced it, in order: views as values of one type 70 kB (from 14,761 to 11,000
functions), boxed signals, memos and stored values 15 kB, loading without Leptos' resources 17 kB,
routes and links of two pages without its router 24 kB, JSON read by our own trait instead of serde's
derive 8 kB, titles and element references 5 kB. The server still uses unmodified Leptos, and so does a
browser half built with `HOOKGLASS_UI_RENDERER=stock-leptos`.

Of the rest, 52 % is our own code, 12 % the standard library's collections and text, 4 % views,
4 % calls of the browser, 3 % signals, 18 % data: texts, static HTML, tables of functions. Parsing for
lists, search, views and comparisons happens on the server, and adds nothing here. Equal functions are
merged, and similar ones are next to each other (`server/build/wasm/reorder_functions.rs`); imports
between wasm and JavaScript have short names. `wasm-opt` would make the file 15 % smaller, but its
compressed form larger.
";

/// A measured promise.
#[derive(Deserialize)]
pub(crate) struct Row {
    what: String,
    bound: String,
    figure: String,
    holds: bool,
}

/// Creates a row.
pub(crate) fn row(what: &str, bound: String, figure: String, holds: bool) -> Row {
    Row { what: what.to_owned(), bound, figure, holds }
}

/// Reads rows that another program measured.
pub(crate) fn rows(file: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(file).context("cannot read the rows")?;
    serde_json::from_str(&text).context("cannot understand the rows")
}

/// Formats a size: MB of 1024 × 1024 bytes, one decimal.
pub(crate) fn mebibytes(bytes: u64) -> String {
    let tenths = bytes * 10 / (1 << 20);
    format!("{}.{} MiB", tenths / 10, tenths % 10)
}

/// All rows so far.
#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    /// Prints rows immediately: a whole run takes minutes. A failed measurement becomes a row that
    /// does not hold.
    pub(crate) fn add(&mut self, what: &str, measured: Result<Vec<Row>>) -> Result<()> {
        let rows = measured.unwrap_or_else(|error| {
            vec![row(what, "-".into(), format!("failed: {error:#}"), false)]
        });
        for row in rows {
            let Row { what, bound, figure, .. } = &row;
            writeln!(
                io::stdout(),
                "{:<7} {what}\n        {figure}; bound: {bound}",
                row.verdict()
            )?;
            self.0.push(row);
        }
        Ok(())
    }

    /// Whether every bound holds.
    pub(crate) fn holds(&self) -> bool {
        self.0.iter().all(|row| row.holds)
    }

    /// The whole report.
    pub(crate) fn markdown(&self) -> Result<String> {
        let mut text = format!("{INTRODUCTION}\nMachine: {}.\n\n", machine::description()?);
        text.push_str("| what | bound | measured | |\n|---|---|---|---|\n");
        for row in &self.0 {
            let Row { what, bound, figure, .. } = row;
            writeln!(text, "| {what} | {bound} | {figure} | {} |", row.verdict())?;
        }
        write!(text, "\n{METHODS}")?;
        Ok(text)
    }
}

impl Row {
    const fn verdict(&self) -> &'static str {
        if self.holds { "holds" } else { "MISSED" }
    }
}
