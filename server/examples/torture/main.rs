//! Kills, cuts and starves Hookglass, and counts whether any acknowledged request is lost:
//! `script/torture` runs it, docs/reliability.md says what it proves.
//!
//! This process is the senders and the owners; servers run in separate processes, some of them on
//! the disk of `disk.c`.

mod audit;
mod bed;
mod chance;
mod crowd;
mod cut;
mod disk;
mod faults;
mod flood;
mod full_start;
mod guests;
#[path = "../support/http.rs"]
#[allow(dead_code, reason = "each program uses its own part of what they share")]
mod http;
mod journal;
mod kill;
mod ledger;
mod load;
#[path = "../support/machine.rs"]
mod machine;
mod power;
mod report;
#[path = "../support/server.rs"]
#[allow(dead_code, reason = "each program uses its own part of what they share")]
mod server;
mod term;
mod unread;
mod watch;

use std::{
    io::{self, Write as _},
    path::PathBuf,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use clap::{Parser, ValueEnum};
use tokio::runtime;

use self::{
    bed::Setting,
    chance::Chance,
    crowd::Crowd,
    faults::{Extent, Fault},
    flood::Flood,
    report::Report,
    unread::Protocol,
};

#[derive(Parser)]
struct Cli {
    /// What to do to it; everything, if nothing is named.
    parts: Vec<Part>,
    /// The program to torture.
    #[arg(long)]
    binary: PathBuf,
    /// The compiled disk.c.
    #[arg(long)]
    shim: PathBuf,
    /// Where to put databases.
    #[arg(long)]
    directory: PathBuf,
    /// The document whose figures are updated.
    #[arg(long)]
    report: Option<PathBuf>,
    /// A few rounds of each.
    #[arg(long)]
    short: bool,
    /// Repeats the random choices of an earlier run, but not its timing.
    #[arg(long)]
    seed: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// kill -9 under load.
    Kill,
    /// Power loss.
    Power,
    /// No space left.
    FullDisk,
    /// A crash on a full disk, and a start on it.
    FullStart,
    /// I/O errors.
    IoError,
    /// SIGTERM under load.
    Term,
    /// Thousands of slow connections.
    Crowd,
    /// Large heads and bodies from one workspace.
    Flood,
    /// Responses that are not read.
    Unread,
}

/// The number of rounds of each.
struct Rounds {
    kills: usize,
    cuts: usize,
    normal_cuts: usize,
    lies: usize,
    faults: Extent,
    full_starts: usize,
    terms: usize,
    crowd: Crowd,
    flood: Flood,
    unread: Duration,
}

const FULL: Rounds = Rounds {
    kills: 50,
    cuts: 50,
    normal_cuts: 10,
    lies: 3,
    faults: Extent { rounds: 4, lasts: Duration::from_secs(4), after: Duration::from_secs(6) },
    full_starts: 20,
    terms: 10,
    crowd: Crowd { connections: 4_000, lasts: Duration::from_secs(60) },
    flood: Flood { lasts: Duration::from_secs(45), storage_mib: 512 },
    unread: Duration::from_secs(45),
};
const SHORT: Rounds = Rounds {
    kills: 3,
    cuts: 4,
    normal_cuts: 2,
    lies: 1,
    faults: Extent { rounds: 1, lasts: Duration::from_millis(1500), after: Duration::from_secs(3) },
    full_starts: 3,
    terms: 2,
    crowd: Crowd { connections: 500, lasts: Duration::from_secs(4) },
    flood: Flood { lasts: Duration::from_secs(5), storage_mib: 128 },
    unread: Duration::from_secs(5),
};

fn main() -> Result<ExitCode> {
    let cli = Cli::parse();
    let seed = cli.seed.unwrap_or_else(|| {
        SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
    });
    writeln!(io::stdout(), "Random choices by --seed {seed}")?;
    server::raise_open_files_limit()?;
    let setting = Setting::new(cli.binary, cli.shim, cli.directory)?;
    // One thread: the processors are for the program that is tortured.
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let parts = if cli.parts.is_empty() { Part::value_variants() } else { &cli.parts };
    let rounds = if cli.short { SHORT } else { FULL };
    let report = runtime.block_on(torture(&setting, parts, &rounds, Chance::new(seed)))?;
    if let Some(path) = cli.report {
        report.write(&path)?;
    }
    Ok(if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn torture(
    setting: &Setting,
    parts: &[Part],
    rounds: &Rounds,
    mut chance: Chance,
) -> Result<Report> {
    let mut report = Report::default();
    for part in parts {
        let mut next = || Chance::new(chance.any());
        match part {
            Part::Kill => report.add(kill::NAME, kill::run(setting, rounds.kills, next()).await)?,
            Part::Power => {
                let full = power::full(setting, rounds.cuts, next()).await;
                report.add(power::FULL, full)?;
                let normal = power::normal(setting, rounds.normal_cuts, next()).await;
                report.add(power::NORMAL, normal)?;
                report.add(power::LIES, power::lies(setting, rounds.lies, next()).await)?;
            }
            Part::FullDisk => {
                for fault in [Fault::NoSpace, Fault::NoGrowth] {
                    let row = faults::run(setting, fault, &rounds.faults, next()).await;
                    report.add(fault.name(), row)?;
                }
            }
            Part::FullStart => {
                let row = full_start::run(setting, rounds.full_starts, next()).await;
                report.add(full_start::NAME, row)?;
            }
            Part::IoError => {
                for fault in [Fault::WriteError, Fault::LogSyncError, Fault::CheckpointSyncError] {
                    let row = faults::run(setting, fault, &rounds.faults, next()).await;
                    report.add(fault.name(), row)?;
                }
            }
            Part::Term => report.add(term::NAME, term::run(setting, rounds.terms, next()).await)?,
            Part::Crowd => report.add(crowd::NAME, crowd::run(setting, rounds.crowd).await)?,
            Part::Flood => report.add(flood::NAME, flood::run(setting, rounds.flood).await)?,
            Part::Unread => {
                for protocol in [Protocol::Http1, Protocol::Http2] {
                    let row = unread::run(setting, protocol, rounds.unread).await;
                    report.add(protocol.name(), row)?;
                }
            }
        }
    }
    Ok(report)
}
