//! The output of a run.

use std::{
    fmt::Write as _,
    fs,
    io::{self, Write as _},
    path::Path,
    time::Duration,
};

use anyhow::{Context as _, Result};

use super::{
    audit::Findings,
    bed::{Bed, READY_BOUND},
    ledger::Outcome,
    machine,
    server::quantile,
};

const BEGIN: &str = "<!-- figures: begin; written by script/torture -->";
const END: &str = "<!-- figures: end -->";
/// The most problems that are shown.
const SHOWN: usize = 10;

/// A kind of disaster and its results.
#[derive(Debug, Default)]
pub(crate) struct Row {
    what: String,
    rounds: usize,
    acknowledged: usize,
    pub(crate) lost: usize,
    ready: Vec<Duration>,
    notes: Vec<String>,
    wrong: Vec<String>,
}

impl Row {
    /// Creates a row without results.
    pub(crate) fn new(what: &str) -> Self {
        Self { what: what.to_owned(), ..Self::default() }
    }

    /// Adds a round in which nothing may be lost.
    pub(crate) fn round(&mut self, bed: &Bed<'_>, findings: Findings) {
        self.last_look(bed, findings);
        self.rounds += 1;
    }

    /// Adds the findings of the final audit of everything.
    pub(crate) fn last_look(&mut self, bed: &Bed<'_>, findings: Findings) {
        let ledger = bed.ledger.borrow();
        for &(number, seq) in &findings.lost {
            let endpoint = ledger.sent.get(number).map_or(0, |sent| sent.endpoint);
            let id = bed.endpoints.get(endpoint).map_or("?", |endpoint| &endpoint.id);
            self.wrong.push(format!("request {number}, acknowledged as {seq} of {id}, is lost"));
        }
        self.lost += findings.lost.len();
        self.wrong.extend(findings.wrong);
    }

    /// Adds a round in which acknowledged requests may be lost, but nothing else may be wrong.
    pub(crate) fn round_with_losses(&mut self, findings: Findings) {
        self.rounds += 1;
        self.lost += findings.lost.len();
        self.wrong.extend(findings.wrong);
    }

    /// Adds the totals of a fixture's rounds.
    pub(crate) fn close(&mut self, bed: &Bed<'_>) {
        let acknowledged = |outcome| matches!(outcome, Outcome::Acknowledged(_));
        let ledger = bed.ledger.borrow();
        self.acknowledged += ledger.sent.iter().filter(|sent| acknowledged(sent.outcome)).count();
        self.ready.extend(&bed.ready);
        if let Some(slowest) = bed.ready.iter().max().filter(|&&ready| ready > READY_BOUND) {
            self.wrong.push(format!("a server was ready only after {slowest:.1?}"));
        }
    }

    /// Adds a round without a fixture.
    pub(crate) fn single(&mut self, acknowledged: usize) {
        self.rounds += 1;
        self.acknowledged += acknowledged;
    }

    /// Records a problem.
    pub(crate) fn wrong(&mut self, what: impl Into<String>) {
        // On a single line, even if it includes a server's last log lines.
        let lines: Vec<_> = what.into().lines().map(str::to_owned).collect();
        self.wrong.push(lines.join(" | "));
    }

    /// Adds a figure that is worth reading.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }

    /// Whether all promises hold so far.
    pub(crate) fn holds(&self) -> bool {
        self.wrong.is_empty()
    }

    const fn verdict(&self) -> &'static str {
        if self.wrong.is_empty() { "holds" } else { "FAILED" }
    }

    fn ready(&self) -> String {
        let mut ready = self.ready.clone();
        ready.sort_unstable();
        match ready.last() {
            Some(slowest) => format!("{:.0?} / {slowest:.0?}", quantile(&ready, 500)),
            None => "-".to_owned(),
        }
    }
}

/// All rows so far.
#[derive(Default)]
pub(crate) struct Report(Vec<Row>);

impl Report {
    /// Prints a row immediately: a whole run takes minutes. A part that ended in an error did not
    /// hold.
    pub(crate) fn add(&mut self, what: &str, row: Result<Row>) -> Result<()> {
        let row = row.unwrap_or_else(|error| {
            let mut row = Row::new(what);
            row.wrong(format!("{error:#}"));
            row
        });
        let mut out = io::stdout();
        writeln!(
            out,
            "{} - {}: {} rounds, {} acknowledged, {} lost; ready after {}",
            if row.holds() { "ok" } else { "not ok" },
            row.what,
            row.rounds,
            row.acknowledged,
            row.lost,
            row.ready()
        )?;
        for note in &row.notes {
            writeln!(out, "    {note}")?;
        }
        for wrong in row.wrong.iter().take(SHOWN) {
            writeln!(out, "  ! {wrong}")?;
        }
        if row.wrong.len() > SHOWN {
            writeln!(out, "  ! and {} more", row.wrong.len() - SHOWN)?;
        }
        self.0.push(row);
        Ok(())
    }

    /// Whether every row holds.
    pub(crate) fn holds(&self) -> bool {
        self.0.iter().all(Row::holds)
    }

    /// Writes the figures into a document, between their markers.
    pub(crate) fn write(&self, path: &Path) -> Result<()> {
        let text = fs::read_to_string(path).context("cannot read the report")?;
        let (before, rest) = text.split_once(BEGIN).context("the report has no first mark")?;
        let (_, after) = rest.split_once(END).context("the report has no second mark")?;
        let mut figures = format!("Machine: {}.\n\n", machine::description()?);
        figures
            .push_str("| disaster | rounds | acknowledged | lost | ready, median / slowest | |\n");
        figures.push_str("|---|--:|--:|--:|---|---|\n");
        for row in &self.0 {
            let ready = row.ready();
            let Row { what, rounds, acknowledged, lost, .. } = row;
            writeln!(
                figures,
                "| {what} | {rounds} | {acknowledged} | {lost} | {ready} | {} |",
                row.verdict()
            )?;
        }
        figures.push('\n');
        for row in &self.0 {
            for note in row.notes.iter().chain(row.wrong.iter().take(SHOWN)) {
                writeln!(figures, "- {}: {note}", row.what)?;
            }
        }
        let text = format!("{before}{BEGIN}\n\n{figures}\n{END}{after}");
        fs::write(path, text).context("cannot write the report")
    }
}
