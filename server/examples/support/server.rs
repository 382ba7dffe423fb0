//! A server in its own process: started, monitored, stopped gracefully or killed.

use std::{
    fs::{self, File},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use hookglass_wire::Endpoint;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use super::http;

const START_TIMEOUT: Duration = Duration::from_secs(20);
/// The interval of connection attempts while a server starts.
const START_POLL: Duration = Duration::from_micros(100);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval of checks whether a server has exited.
const STOP_POLL: Duration = Duration::from_millis(1);

/// A running server; dropping it stops it.
pub(crate) struct Server {
    child: Child,
    /// The address it listens on.
    pub(crate) address: SocketAddr,
    /// When it was started.
    pub(crate) started: Instant,
    /// The time from its start until it accepted a connection.
    pub(crate) started_after: Duration,
}

impl Server {
    /// Starts a program that should listen on `address`, and waits until it does.
    pub(crate) fn start(mut command: Command, address: SocketAddr, log: &Path) -> Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::options().create(true).append(true).open(log).context("cannot log")?);
        let started = Instant::now();
        let child = command.spawn().context("cannot start a server")?;
        let mut server = Self { child, address, started, started_after: Duration::ZERO };
        while TcpStream::connect(address).is_err() {
            let ended = server.child.try_wait()?.is_some();
            if ended || started.elapsed() > START_TIMEOUT {
                bail!("the server did not start: {}", fs::read_to_string(log).unwrap_or_default());
            }
            thread::sleep(START_POLL);
        }
        server.started_after = started.elapsed();
        Ok(server)
    }

    /// Creates an endpoint, in a new workspace unless a key is given.
    pub(crate) async fn endpoint(&self, key: Option<&str>) -> Result<Endpoint> {
        let bearer = key.map(|key| format!("Authorization: Bearer {key}"));
        let mut head = vec!["POST /api/endpoints", "Content-Type: application/json"];
        head.extend(bearer.as_deref());
        let answer = http::fetch(self.address, &head, "{}").await?;
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// The process.
    pub(crate) fn pid(&self) -> Result<Pid> {
        Pid::from_raw(self.child.id().cast_signed()).context("a process without a number")
    }

    /// Resident memory in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .context("the system does not report VmRSS")?;
        Ok(kibibytes.trim().parse::<u64>()? * 1024)
    }

    /// Returns the exit status if it has exited, without waiting.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        Ok(self.child.try_wait()?)
    }

    /// Kills it if it is running, and waits until it has exited.
    pub(crate) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop and waits; returns the exit status and the time that took, `None` if it had
    /// to be killed.
    pub(crate) fn stop(&mut self) -> Result<Option<(ExitStatus, Duration)>> {
        if let Some(status) = self.ended()? {
            return Ok(Some((status, Duration::ZERO)));
        }
        let asked = Instant::now();
        kill_process(self.pid()?, Signal::TERM)?;
        while asked.elapsed() < STOP_TIMEOUT {
            if let Some(status) = self.ended()? {
                return Ok(Some((status, asked.elapsed())));
            }
            thread::sleep(STOP_POLL);
        }
        self.kill()?;
        Ok(None)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gracefully first: a killed database would be recovered by the next start.
        if !matches!(self.stop(), Ok(Some(_))) {
            let _ = self.kill();
        }
    }
}

/// Returns a port that is free now. If another program takes it before the server does, the server
/// fails to start, and the run ends with its message.
pub(crate) fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// Raises the soft limit on open files to the hard one.
pub(crate) fn raise_open_files_limit() -> Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .context("cannot raise the limit on open files")
}

/// The value below which this many thousandths of the sorted values lie.
pub(crate) fn quantile(sorted: &[Duration], thousandths: usize) -> Duration {
    let index = (sorted.len() * thousandths / 1000).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
