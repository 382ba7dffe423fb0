//! The fixture of a torture test: a database with a few endpoints, a series of servers on it, and
//! the records that outlive them.

use std::{
    cell::RefCell,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Command,
    rc::Rc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Signal, kill_process};
use tokio::{task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    audit::{self, Audit, Findings, Owned},
    chance::Chance,
    disk::Disk,
    http,
    ledger::Ledger,
    load,
    report::Row,
    server::{Server, free_address},
    watch::Watch,
};

const WORKSPACES: usize = 2;
const ENDPOINTS_EACH: usize = 3;
const READY_TIMEOUT: Duration = Duration::from_secs(20);
/// The interval of readiness checks.
const READY_POLL: Duration = Duration::from_millis(1);
/// How soon after its start a server must be ready, whatever happened to the previous one.
pub(crate) const READY_BOUND: Duration = Duration::from_secs(2);
const KILLED_TIMEOUT: Duration = Duration::from_secs(20);
/// The interval of checks whether a server is dead.
const KILLED_POLL: Duration = Duration::from_millis(2);

/// Limits that would come between the load and the disk, and the values that lift them. A program
/// without such a flag does not have the limit.
const LIFTED: [(&str, &str); 4] = [
    ("--max-requests", "100000000"),
    ("--max-storage", "1000GiB"),
    ("--max-rate-per-endpoint", "0"),
    ("--max-rate-per-address", "0"),
];

/// The paths of a run, and the program's flags.
pub(crate) struct Setting {
    binary: PathBuf,
    shim: PathBuf,
    directory: PathBuf,
    help: String,
}

impl Setting {
    /// Asks the program for its flags.
    pub(crate) fn new(binary: PathBuf, shim: PathBuf, directory: PathBuf) -> Result<Self> {
        fs::create_dir_all(&directory).context("cannot make the folder for databases")?;
        let help =
            Command::new(&binary).arg("--help").output().context("cannot run the program")?;
        let help = String::from_utf8(help.stdout)?;
        Ok(Self { binary, shim, directory, help })
    }

    /// The program to torture.
    pub(crate) fn binary(&self) -> &Path {
        &self.binary
    }

    /// Where databases are put.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Whether the program knows a flag.
    pub(crate) fn knows(&self, flag: &str) -> bool {
        self.help.split_whitespace().any(|word| word == flag)
    }
}

/// A database under torture.
pub(crate) struct Bed<'a> {
    setting: &'a Setting,
    folder: PathBuf,
    disk: Option<Rc<Disk>>,
    flags: Vec<String>,
    pub(crate) endpoints: Vec<Owned>,
    pub(crate) ledger: Rc<RefCell<Ledger>>,
    audit: Audit,
    watches: Vec<Watch>,
    pub(crate) chance: Chance,
    /// How soon each server was ready.
    pub(crate) ready: Vec<Duration>,
    /// How long it was under load.
    pub(crate) stormed: Duration,
    /// Whether the feeds ended before the last load did.
    pub(crate) feeds_ended: bool,
}

impl<'a> Bed<'a> {
    /// Creates the database and its endpoints with a server that then stops gracefully. After that,
    /// servers run with the shim if `shim` is set.
    pub(crate) async fn new(
        setting: &'a Setting,
        name: &str,
        shim: bool,
        flags: &[&str],
        mut chance: Chance,
    ) -> Result<Self> {
        let folder = setting.directory.join(name);
        let disk = if shim {
            Some(Rc::new(Disk::new(&setting.shim, folder.clone())?))
        } else {
            fs::create_dir(&folder)?;
            fs::create_dir(folder.join("data"))?;
            None
        };
        let mut own_flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
        for (flag, value) in LIFTED {
            if setting.knows(flag) {
                own_flags.extend([flag.to_owned(), value.to_owned()]);
            }
        }
        let mut bed = Self {
            setting,
            folder,
            disk: None,
            flags: own_flags,
            endpoints: Vec::new(),
            ledger: Rc::default(),
            audit: Audit::new(WORKSPACES * ENDPOINTS_EACH),
            watches: Vec::new(),
            chance: Chance::new(chance.any()),
            ready: Vec::new(),
            stormed: Duration::ZERO,
            feeds_ended: false,
        };
        let mut server = bed.start().await?;
        for _ in 0..WORKSPACES {
            let mut key = None;
            for _ in 0..ENDPOINTS_EACH {
                let made = server.endpoint(key.as_deref()).await?;
                let of_workspace = key.take().or(made.key).context("a workspace without a key")?;
                bed.endpoints.push(Owned { id: made.id, key: of_workspace.clone() });
                key = Some(of_workspace);
            }
            let key = key.context("a workspace without endpoints")?;
            let change = audit::workspace(server.address, &key).await?.change;
            bed.watches.push(Watch::new(&key, change));
        }
        server.stop()?.context("the server did not stop")?;
        bed.ready.clear();
        bed.disk = disk;
        Ok(bed)
    }

    /// The path of the database.
    pub(crate) fn database(&self) -> PathBuf {
        self.folder.join("data").join("hookglass.db")
    }

    /// The path of the servers' log.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// The shim under the servers.
    pub(crate) fn disk(&self) -> Result<Rc<Disk>> {
        self.disk.clone().context("this server runs without the shim")
    }

    /// Starts a server and waits until it listens.
    pub(crate) fn launch(&self) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(&self.setting.binary);
        command
            // No flags from the environment.
            .env_clear()
            // With a line per request, most writes would be log lines.
            .env("RUST_LOG", "warn")
            .arg("--listen")
            .arg(address.to_string())
            .arg("--database")
            .arg(self.database())
            .args(&self.flags);
        if let Some(disk) = &self.disk {
            disk.put_under(&mut command)?;
        }
        Server::start(command, address, &self.log())
    }

    /// Starts a server and waits until it reports that it is ready.
    pub(crate) async fn start(&mut self) -> Result<Server> {
        let server = self.launch()?;
        while http::fetch(server.address, &["GET /readyz"], "").await.is_err() {
            if server.started.elapsed() > READY_TIMEOUT {
                bail!("the server was not ready after {READY_TIMEOUT:?}");
            }
            sleep(READY_POLL).await;
        }
        self.ready.push(server.started.elapsed());
        Ok(server)
    }

    /// Sends by the clock, with the feeds open, until `ending` is done; returns its output.
    pub(crate) async fn storm<T>(
        &mut self,
        address: SocketAddr,
        per_second: u32,
        ending: impl Future<Output = T>,
    ) -> Result<T> {
        let stop = CancellationToken::new();
        let began = Instant::now();
        let ids: Vec<String> = self.endpoints.iter().map(|endpoint| endpoint.id.clone()).collect();
        let load = load::run(address, &ids, per_second, &self.ledger, &mut self.chance, &stop);
        let follow = async {
            let feeds = self.watches.iter_mut().map(|watch| watch.follow(address));
            let all = futures_util::future::try_join_all(feeds);
            tokio::select! {
                biased;
                ended = all => {
                    // A feed that ends by itself ended with its server.
                    stop.cancelled().await;
                    ended.map(|_| true)
                }
                () = stop.cancelled() => Ok(false),
            }
        };
        let ending = async {
            let made = ending.await;
            stop.cancel();
            (made, began.elapsed())
        };
        let ((), followed, (made, lasted)) = tokio::join!(load, follow, ending);
        self.stormed += lasted;
        self.feeds_ended = followed.context("a feed, while requests were sent")?;
        Ok(made)
    }

    /// Audits everything new, but only through the API; no load may run.
    pub(crate) async fn check_reads(&mut self, server: &Server) -> Result<Findings> {
        // Taken out of its cell meanwhile: nothing else writes now.
        let mut ledger = self.ledger.take();
        let findings = self.audit.check(server.address, &self.endpoints, &ledger).await;
        let trouble = ledger.take_trouble();
        self.ledger.replace(ledger);
        let mut findings = findings?;
        findings.wrong.extend(trouble);
        Ok(findings)
    }

    /// Audits everything new; no load may run.
    pub(crate) async fn check(&mut self, server: &Server) -> Result<Findings> {
        let findings = self.check_reads(server).await;
        // A damaged file may also be unreadable.
        let damage = match audit::integrity(&self.database()).await {
            Ok(damage) => damage,
            Err(error) => vec![format!("{error:#}")],
        };
        let mut findings = match findings {
            Err(error) if !damage.is_empty() => {
                Findings { wrong: vec![format!("{error:#}")], ..Findings::default() }
            }
            findings => findings?,
        };
        findings.wrong.extend(damage);
        Ok(findings)
    }

    /// The same, and then checks the feeds, unless that could only repeat the findings.
    pub(crate) async fn check_with_feeds(&mut self, server: &Server) -> Result<Findings> {
        let mut findings = self.check(server).await?;
        if findings.wrong.is_empty() && findings.lost.is_empty() {
            findings.wrong.extend(self.check_feeds(server).await?);
        }
        Ok(findings)
    }

    /// Audits everything that was ever acknowledged again, including bodies.
    pub(crate) async fn check_all(&mut self, server: &Server) -> Result<Findings> {
        self.audit = Audit::new(self.endpoints.len());
        self.check(server).await
    }

    /// Lets the feeds catch up. Together they must have received each stored request once.
    async fn check_feeds(&mut self, server: &Server) -> Result<Vec<String>> {
        let (mut heard, mut stored) = (0, 0);
        for watch in &mut self.watches {
            let all = audit::workspace(server.address, watch.key()).await?;
            watch.catch_up(server.address, all.change).await?;
            heard += watch.heard.len() as u64;
            stored += all.endpoints.iter().map(|endpoint| endpoint.requests).sum::<u64>();
        }
        Ok(if heard == stored {
            Vec::new()
        } else {
            vec![format!("the feeds told of {heard} requests, {stored} are stored")]
        })
    }

    /// Picks how long a server runs under load.
    pub(crate) fn life(&mut self, [from, to]: [Duration; 2]) -> Duration {
        from + (to - from).mul_f64(self.chance.fraction())
    }

    /// The rate of requests.
    pub(crate) fn rate(&self) -> String {
        let sent = f64::from(u32::try_from(self.ledger.borrow().sent.len()).unwrap_or(u32::MAX));
        format!("{:.0} requests/s were sent", sent / self.stormed.as_secs_f64())
    }

    /// Audits everything again, and adds the totals to the row.
    pub(crate) async fn finish(&mut self, row: &mut Row, mut server: Server) -> Result<()> {
        if row.holds() {
            let findings = self.check_all(&server).await?;
            row.last_look(self, findings);
        }
        server.stop()?;
        row.close(self);
        Ok(())
    }
}

/// Kills a server after `life`, from a thread that does nothing else; returns when it is dead.
pub(crate) async fn kill_after(server: &mut Server, life: Duration) -> Result<()> {
    let pid = server.pid()?;
    spawn_blocking(move || {
        thread::sleep(life);
        kill_process(pid, Signal::KILL)
    })
    .await??;
    died(server).await
}

/// Waits until a server is dead.
pub(crate) async fn died(server: &mut Server) -> Result<()> {
    let since = Instant::now();
    while server.ended()?.is_none() {
        if since.elapsed() > KILLED_TIMEOUT {
            bail!("the server still runs");
        }
        sleep(KILLED_POLL).await;
    }
    Ok(())
}

/// The size of a file, 0 if it does not exist.
pub(crate) fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |about| about.len())
}
