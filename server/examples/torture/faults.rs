//! The disk fills up or fails for a while under load, and then the power fails: what was promised
//! before, during and after must be there, and the server must have recovered by itself.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, time::Duration};

use anyhow::{Context as _, Result, anyhow, ensure};
use tokio::time::{Instant, sleep, timeout};

use super::{
    audit::{Owned, get, workspace},
    bed::{Bed, Setting, kill_after},
    chance::Chance,
    cut::{self, Survival},
    disk::{Disk, Word},
    http::Connection,
    ledger::{Ledger, Outcome, Sent},
    report::Row,
    watch::Watch,
};

/// Less than elsewhere: this test does not need speed.
const PER_SECOND: u32 = 500;
/// Load before the fault, so that there is something to lose.
const BEFORE: Duration = Duration::from_millis(700);
/// How soon requests must be captured again.
const RECOVERY_BOUND: Duration = Duration::from_secs(5);
/// The space left when the disk is about to be full, so that the last write is cut short.
const LAST_BYTES: i64 = 100_000;
/// How long before the fault a request may have been sent that failed by it.
const SLACK: Duration = Duration::from_millis(500);
/// The time limit for a single failure to occur: checkpoints are rare.
const FELT_TIMEOUT: Duration = Duration::from_secs(15);
/// The interval of reads while the fault lasts.
const READ_EVERY: Duration = Duration::from_millis(100);
/// The time limit of a read, and of a feed's first heartbeat.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Every write fails with ENOSPC, as if each needed new blocks.
    NoSpace,
    /// Writes that extend a file fail with ENOSPC.
    NoGrowth,
    /// Every write fails with EIO.
    WriteError,
    /// One sync of the write-ahead log fails with EIO; the data it should cover is never written.
    LogSyncError,
    /// The same for the database file, during a checkpoint.
    CheckpointSyncError,
}

impl Fault {
    /// Its name in the report.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NoSpace => "Disk full for every write, then power loss",
            Self::NoGrowth => "Disk full for files that grow, then power loss",
            Self::WriteError => "EIO on each write for a while, then power loss",
            Self::LogSyncError => "EIO on one fsync of the log, then power loss",
            Self::CheckpointSyncError => "EIO on one fsync of a checkpoint, then power loss",
        }
    }

    fn begin(self, disk: &Disk) -> Result<()> {
        match self {
            Self::NoSpace | Self::NoGrowth => {
                disk.set(Word::Space, LAST_BYTES)?;
                disk.set(Word::SpaceLimit, if self == Self::NoSpace { 2 } else { 1 })
            }
            Self::WriteError => disk.set(Word::WriteErrors, i64::MAX),
            Self::LogSyncError => disk.set(Word::SyncErrors, 1),
            Self::CheckpointSyncError => {
                disk.set(Word::SyncErrorsOf, 1)?;
                disk.set(Word::SyncErrors, 1)
            }
        }
    }

    /// Whether it lasts until it is ended.
    const fn lasts(self) -> bool {
        match self {
            Self::NoSpace | Self::NoGrowth | Self::WriteError => true,
            Self::LogSyncError | Self::CheckpointSyncError => false,
        }
    }

    /// Whether senders must notice it: a failed checkpoint is just retried.
    const fn concerns_senders(self) -> bool {
        match self {
            Self::NoSpace | Self::NoGrowth | Self::WriteError | Self::LogSyncError => true,
            Self::CheckpointSyncError => false,
        }
    }

    fn end(self, disk: &Disk) -> Result<()> {
        disk.set(Word::SpaceLimit, 0)?;
        disk.set(Word::WriteErrors, 0)?;
        disk.set(Word::SyncErrors, 0)
    }

    /// How often the disk reported it.
    fn count(self, disk: &Disk) -> Result<i64> {
        disk.get(match self {
            Self::NoSpace | Self::NoGrowth => Word::NoSpace,
            Self::WriteError => Word::FailedWrites,
            Self::LogSyncError | Self::CheckpointSyncError => Word::FailedSyncs,
        })
    }
}

/// The extent of a fault.
pub(crate) struct Extent {
    pub(crate) rounds: usize,
    /// The duration of a fault that does not end by itself.
    pub(crate) lasts: Duration,
    /// Load after the fault.
    pub(crate) after: Duration,
}

pub(crate) async fn run(
    setting: &Setting,
    fault: Fault,
    extent: &Extent,
    mut chance: Chance,
) -> Result<Row> {
    let mut row = Row::new(fault.name());
    let (mut refused, mut slowest) = (0, Duration::ZERO);
    for round in 0..extent.rounds {
        let name = format!("{fault:?}-{round}");
        let mut bed = Bed::new(setting, &name, true, &[], Chance::new(chance.any())).await?;
        let mut server = bed.start().await?;
        let disk = bed.disk()?;
        let fault_of_round = Course {
            fault,
            disk: disk.clone(),
            endpoints: bed.endpoints.clone(),
            ledger: bed.ledger.clone(),
            extent,
        };
        let address = server.address;
        let times = bed.storm(address, PER_SECOND, fault_of_round.run(address)).await??;
        if bed.feeds_ended {
            row.wrong("the feeds ended with the fault");
        }
        kill_after(&mut server, Duration::ZERO).await?;
        disk.vouch()?;
        refused += judge(&bed.ledger.borrow().sent, fault, times, &mut slowest, &mut row);
        let survival = if round.is_multiple_of(2) { Survival::Nothing } else { Survival::Torn };
        cut::power(&disk, survival, &mut bed.chance)?;

        server = match bed.start().await {
            Ok(server) => server,
            Err(error) => {
                row.wrong(format!("all is lost: {error:#}"));
                row.close(&bed);
                break;
            }
        };
        let findings = bed.check_with_feeds(&server).await?;
        row.round(&bed, findings);
        server.stop()?;
        row.close(&bed);
        if !row.holds() {
            break;
        }
    }
    row.note(format!("{refused} were told 503; captured again within {slowest:.0?}"));
    Ok(row)
}

/// When the fault could first have an effect, and when it was over.
#[derive(Debug, Clone, Copy)]
struct Times {
    began: Instant,
    ended: Instant,
}

/// The course of one fault.
struct Course<'a> {
    extent: &'a Extent,
    fault: Fault,
    disk: Rc<Disk>,
    endpoints: Vec<Owned>,
    ledger: Rc<RefCell<Ledger>>,
}

impl Course<'_> {
    async fn run(self, address: SocketAddr) -> Result<Times> {
        sleep(BEFORE).await;
        self.fault.begin(&self.disk)?;
        let began = Instant::now();
        let lasts = if self.fault.lasts() { self.extent.lasts } else { FELT_TIMEOUT };
        let until = began + lasts;
        while Instant::now() < until {
            // A single failed sync is over once it occurred.
            if !self.fault.lasts() && self.fault.count(&self.disk)? > 0 {
                break;
            }
            for endpoint in &self.endpoints {
                self.complain("reading", read(address, endpoint).await);
            }
            sleep(READ_EVERY).await;
        }
        if self.fault.count(&self.disk)? == 0 {
            self.complain("the fault", Err(anyhow!("no write or sync ran into it")));
        }
        if self.fault.lasts() {
            self.complain("a new feed", listen(address, &self.endpoints, false).await);
        }
        self.fault.end(&self.disk)?;
        let ended = Instant::now();
        sleep(self.extent.after).await;
        self.complain("a new feed", listen(address, &self.endpoints, true).await);
        Ok(Times { began, ended })
    }

    fn complain(&self, what: &str, result: Result<()>) {
        if let Err(error) = result {
            self.ledger.borrow_mut().complain(format!("{what}: {error:#}"));
        }
    }
}

/// Reads a list and a request.
pub(crate) async fn read(address: SocketAddr, endpoint: &Owned) -> Result<()> {
    let Owned { id, key } = endpoint;
    let reads = async {
        let mut connection = Connection::open(address).await?;
        get(&mut connection, &format!("/api/endpoints/{id}/requests"), key).await?;
        get(&mut connection, &format!("/api/endpoints/{id}/requests/latest"), key).await?;
        anyhow::Ok(())
    };
    timeout(READ_TIMEOUT, reads).await.context("no response in time")?
}

/// Opens a feed, which must send a heartbeat with the expected `storing`.
pub(crate) async fn listen(address: SocketAddr, endpoints: &[Owned], storing: bool) -> Result<()> {
    let key = &endpoints.first().context("no endpoint")?.key;
    let change = workspace(address, key).await?.change;
    let mut watch = Watch::new(key, change);
    let said =
        timeout(READ_TIMEOUT, watch.hear_beat(address)).await.context("no heartbeat in time")??;
    ensure!(said == storing, "it says storing: {said}, which is wrong");
    Ok(())
}

/// Returns how many senders were told to retry; checks the response, and the time until recovery.
fn judge(
    sent: &[Sent],
    fault: Fault,
    times: Times,
    slowest: &mut Duration,
    row: &mut Row,
) -> usize {
    let (began, ended) = (times.began.into_std(), times.ended.into_std());
    let told = |sent: &&Sent| matches!(sent.outcome, Outcome::Refused(503));
    let refused: Vec<&Sent> = sent.iter().filter(told).collect();
    if refused.is_empty() && fault.concerns_senders() {
        row.wrong("no sender got a 503");
    }
    if refused.iter().any(|sent| sent.sent_at + SLACK < began) {
        row.wrong("a sender got a 503 before the fault");
    }
    // Everything from here on was acknowledged.
    let recovered = sent
        .iter()
        .rev()
        .filter(|sent| sent.sent_at >= ended)
        .take_while(|sent| matches!(sent.outcome, Outcome::Acknowledged(_)))
        .last();
    match recovered {
        None => row.wrong("requests were no longer captured after the fault"),
        Some(first) => {
            let took = first.answered_at.unwrap_or(first.sent_at) - ended;
            *slowest = took.max(*slowest);
            if took > RECOVERY_BOUND {
                row.wrong(format!("requests were captured again only after {took:.1?}"));
            }
        }
    }
    refused.len()
}
