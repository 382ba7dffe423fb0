//! Measures the promises of Hookglass on speed and size, against bounds that hold on any machine:
//! `script/bench` runs it and explains the options.
//!
//! This process is the load: the servers run in separate processes, also the bare handler for the
//! comparison.

mod bare;
mod capture;
mod feeds;
mod footprint;
#[path = "../support/http.rs"]
#[allow(dead_code, reason = "each program uses its own part of what they share")]
mod http;
mod latency;
#[path = "../support/machine.rs"]
mod machine;
mod process;
mod report;
#[path = "../support/server.rs"]
#[allow(dead_code, reason = "each program uses its own part of what they share")]
mod server;
mod stored;
mod uploads;

use std::{fs, path::PathBuf, process::ExitCode};

use anyhow::{Context as _, Result};
use clap::{Parser, Subcommand};
use tokio::runtime;

use self::{
    process::Setting,
    report::{Report, Row},
};

#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Measure everything and write the report.
    Run {
        /// The program to measure.
        #[arg(long)]
        binary: PathBuf,
        /// Where to put databases: on the disk to measure.
        #[arg(long)]
        directory: PathBuf,
        /// Rows measured in a browser before, as JSON.
        #[arg(long)]
        pages: Option<PathBuf>,
        /// The Markdown file to write.
        #[arg(long)]
        report: PathBuf,
    },
    /// Serve the bare handler for the comparison.
    Bare {
        /// The port on 127.0.0.1.
        #[arg(long)]
        port: u16,
    },
}

fn main() -> Result<ExitCode> {
    match Cli::parse().command {
        Command::Bare { port } => {
            // As many threads as Hookglass.
            let runtime = runtime::Builder::new_multi_thread().enable_all().build()?;
            runtime.block_on(bare::serve(port)).map(|()| ExitCode::SUCCESS)
        }
        Command::Run { binary, directory, pages, report } => {
            let setting = Setting::new(binary, directory)?;
            // One thread: the processors are for the program that is measured.
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let pages = pages.map(|file| report::rows(&file));
            let measured = runtime.block_on(measure(&setting, pages))?;
            fs::write(&report, measured.markdown()?).context("cannot write the report")?;
            Ok(if measured.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

async fn measure(setting: &Setting, pages: Option<Result<Vec<Row>>>) -> Result<Report> {
    server::raise_open_files_limit()?;
    let mut report = Report::default();
    report.add("start", footprint::start(setting).map(|row| vec![row]))?;
    report.add("memory", footprint::idle(setting).await.map(|row| vec![row]))?;
    report.add("browser half", footprint::browser_half(setting).await.map(|row| vec![row]))?;
    if let Some(pages) = pages {
        report.add("pages", pages)?;
    }
    report.add("capture", capture::against_bare(setting).await.map(|row| vec![row]))?;
    report.add("latency", latency::against_disk(setting).await.map(Vec::from))?;
    report.add("events", feeds::to_many_browsers(setting).await.map(|row| vec![row]))?;
    report.add("a full endpoint", stored::full_endpoint(setting).await.map(|row| vec![row]))?;
    report.add("1 M requests", stored::million(setting).await)?;
    report.add("uploads", uploads::at_once(setting).await.map(|row| vec![row]))?;
    report.add("feeds", feeds::ten_thousand(setting).await.map(Vec::from))?;
    Ok(report)
}
