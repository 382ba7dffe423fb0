//! The common parts of crowds and floods: a server with its default limits, two workspaces on it, a
//! well-behaved sender, and the resource usage.

use std::{
    fs,
    net::SocketAddr,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use hookglass_wire::Endpoint;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::{
    bed::{Setting, size},
    http::{self, Connection},
    server::{Server, free_address, quantile},
};

/// A sender without a response for this long counts as forgotten.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// One in this many requests uses a new connection.
const FRESH_EVERY: u32 = 5;

/// A server with default flags, except for the given ones.
pub(crate) struct House {
    pub(crate) server: Server,
    database: PathBuf,
}

/// An endpoint and the key of its workspace.
pub(crate) struct Guest {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// The outcomes of a well-behaved sender's requests.
#[derive(Debug, Default)]
pub(crate) struct Manners {
    pub(crate) sent: usize,
    pub(crate) acknowledged: usize,
    pub(crate) slowest: Duration,
    /// The duration of each.
    times: Vec<Duration>,
}

impl Manners {
    /// The duration that 99 in 100 stayed within.
    pub(crate) fn p99(&self) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        quantile(&times, 990)
    }
}

/// The peak usage, in bytes.
#[derive(Debug, Default)]
pub(crate) struct Peak {
    pub(crate) resident: u64,
    pub(crate) database: u64,
    pub(crate) log: u64,
}

impl House {
    pub(crate) fn open(setting: &Setting, name: &str, flags: &[&str]) -> Result<Self> {
        let folder = setting.folder(name)?;
        let (database, address) = (folder.join("hookglass.db"), free_address()?);
        let mut command = Command::new(setting.binary());
        command
            .env_clear()
            .env("RUST_LOG", "warn")
            .args(["--listen", &address.to_string()])
            .arg("--database")
            .arg(&database)
            .args(flags);
        let server = Server::start(command, address, &folder.join("log"))?;
        Ok(Self { server, database })
    }

    pub(crate) async fn guest(&self) -> Result<Guest> {
        let made = self.server.endpoint(None).await?;
        Ok(Guest { id: made.id, key: made.key.context("a workspace without a key")? })
    }

    /// The endpoint as its owner sees it.
    pub(crate) async fn look(&self, guest: &Guest) -> Result<Endpoint> {
        let line = format!("GET /api/endpoints/{}", guest.id);
        let key = format!("Authorization: Bearer {}", guest.key);
        let answer = http::fetch(self.server.address, &[&line, &key], "").await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Records the current usage.
    pub(crate) fn measure(&self, peak: &mut Peak) -> Result<()> {
        let mut log = self.database.clone().into_os_string();
        log.push("-wal");
        peak.resident = peak.resident.max(self.server.resident_bytes()?);
        peak.database = peak.database.max(size(&self.database));
        peak.log = peak.log.max(size(log.as_ref()));
        Ok(())
    }
}

/// Sends small requests at this rate for this long, each after the previous response, and records
/// the server's usage meanwhile.
pub(crate) async fn behave(
    house: &House,
    guest: &Guest,
    per_second: u32,
    lasts: Duration,
) -> Result<(Manners, Peak)> {
    let (mut manners, mut peak) = (Manners::default(), Peak::default());
    let request = format!(
        "POST /{} HTTP/1.1\r\nHost: hooks.test\r\nContent-Length: 1024\r\n\r\n{}",
        guest.id,
        "x".repeat(1024)
    );
    let started = Instant::now();
    let mut turns = interval(Duration::from_secs(1) / per_second);
    turns.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut connection = None;
    for turn in 0.. {
        turns.tick().await;
        if started.elapsed() > lasts {
            break;
        }
        if turn % FRESH_EVERY == 0 {
            connection = None;
        }
        let sent = Instant::now();
        manners.sent += 1;
        let answered =
            timeout(ANSWER_TIMEOUT, send(house.server.address, &mut connection, &request)).await;
        match answered {
            Ok(Ok(())) => manners.acknowledged += 1,
            _ => connection = None,
        }
        manners.slowest = manners.slowest.max(sent.elapsed());
        manners.times.push(sent.elapsed());
        house.measure(&mut peak)?;
    }
    Ok((manners, peak))
}

async fn send(
    address: SocketAddr,
    connection: &mut Option<Connection>,
    request: &str,
) -> Result<()> {
    if connection.is_none() {
        *connection = Some(Connection::open(address).await?);
    }
    let open = connection.as_mut().context("a connection that was just opened")?;
    open.exchange(request.as_bytes()).await
}

/// Converts to mebibytes.
pub(crate) const fn mib(bytes: u64) -> u64 {
    bytes >> 20
}

impl Setting {
    /// Creates a new folder for a database.
    fn folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.directory().join(name);
        fs::create_dir(&folder).context("cannot make the folder for a database")?;
        Ok(folder)
    }
}
