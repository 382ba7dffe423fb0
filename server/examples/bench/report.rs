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
a process of its own on the same processors. A bound is a ratio to something measured in the same
run, or loose enough for any machine of this kind: what to compare between machines is whether it
holds, not the figure.
";

/// Below the table: how each figure was measured.
const METHODS: &str = "\
## How

- **Durable capture.** The bare handler reads the body, stores nothing, and runs under
  `axum::serve` in a process of its own, on as many threads. Rounds of 4 s alternate between the
  two, after one that is not counted; the ratio is the median of five. Hookglass commits and
  fsyncs (SQLite `synchronous=FULL`) before it answers.
- **Request to 2xx.** 128 connections send by the clock, so that a slow answer does not hold back
  what measures it; a request whose turn came before the last answer counts from its turn. The
  disk's fsync is an append of 8 KiB and fdatasync in the folder of the database, 200 times before
  and after.
- **Commit to event.** From before the request is sent until its event has been read: the request's
  way in and the commit are part of the figure, which is therefore an upper bound.
- **Resident.** `VmRSS`, shared pages of the program and its libraries included.

- **1 M requests.** 100 endpoints of 10,000 webhooks of a kilobyte, each endpoint in a workspace of
  its own, stored by the store itself; then as above, rounds in turn, to one of them. Reads go over a
  connection of their own each, to the other 99 in turn.
- **Pages.** The released browser half in Chromium, on the same machine as the server: from the start
  of the navigation until the page is hydrated and its feed open. Frames are counted by
  `requestAnimationFrame`.
- **Uploads.** From the same process, over 100 connections; the most of `VmRSS`, looked at every
  20 ms until the last was answered.

## What capturing is spent on

A profile under the load of the first capture row: of the server's processor time 56 % goes into
connections and requests (the kernel's TCP, hyper, the gate and its comparison, SHA-256, copies),
34 % into SQLite's thread (rows into four trees, the log's checksums and writes, checkpoints), 10 %
into the writer that feeds it; no single function takes 4 %. The bare handler needs less than the
first part alone, as it keeps no head, hashes nothing and wakes no other thread, and the load shares
the two processors with both. At 256 connections a transaction holds 100 requests and takes 1.8 ms,
most of it waiting for a processor. Twice or four times the page size gave a twentieth more, at the
price of slower small commits, and was not taken.

At 2,000 requests a second nothing is saturated: a request waits for its turn. A commit of one or two
requests writes about ten pages to the log and syncs them, which by the store alone takes 2.5 to 3
times the fsync of a bare append (measured apart, on a busier machine); the rest is hand-overs
between the connection's task, the writer and SQLite's thread, each of which wakes a sleeping thread,
and the senders' own.

At a full endpoint each arrival deletes a request, in the transactions of the arrivals. A deletion
touches the same four trees as an insertion, reads what it deletes, and frees pages: by the same
profile SQLite's thread has 1.5 times the work for each request (40 % of the processor instead of
29 %), everything else the same. Deleting later, while nothing is to do, would make this row hold and
let the file grow past its limit under a flood that does not pause.

A search looks at every request that the database cannot leave out. Five kinds are measured together,
200 each at 99 endpoints in turn: what is found at once takes 1 ms, a field that no list column has and
no head either 52 ms, and a word that stands nowhere 87 ms (p99 127 ms), as it reads the head and the
body of all 10,000 requests, about 9 µs each, much of it handing rows from SQLite's thread to the one
that looks at them. That kind alone decides the p99 of the row.

## What the browser half weighs

Pages are Leptos', which makes a type of each element, attribute, closure, signal and memo, and
compiles what it does with it anew for each: the page of an endpoint with all that it can do weighed
363 kB, 14,912 functions. What brought it down, in turn: views as values of one type 70 kB (functions
went from 14,761 to 11,000), signals, memos and stored values that hold a box 15 kB, loading and
waiting without Leptos' resources 17 kB, routes and links of two pages without its router 24 kB, JSON
read by a trait of our own instead of what serde derives 8 kB, titles and references to elements 5 kB,
panics that only trap, and nothing kept of where they were, 7 kB. The server still has Leptos as it is.

Of what is left 52 % is our own code, 12 % the standard library's collections and text, 4 % views,
4 % calls of the browser, 3 % signals, 18 % data: texts, static HTML, tables of functions. What lists,
search, reader and comparison know of what senders sent stays on the server, and weighs nothing here.
Each function is kept once and stands beside one that it is like (`server/build/wasm/functions.rs`);
names of what goes between wasm and JavaScript are short. `wasm-opt` takes 15 % off the file and makes
what is sent larger.
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
