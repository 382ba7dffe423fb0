//! The servers that are measured, as processes, and what the system says about them.

use std::{
    fs::{self, File},
    io::Write as _,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};
use hookglass_app::wire::Endpoint;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit};

use super::http;

const START_TIMEOUT: Duration = Duration::from_secs(20);
/// Between two attempts to connect to a server that starts.
const START_POLL: Duration = Duration::from_micros(100);
const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What disk-bound figures are compared with: an append of so many bytes and fdatasync.
const PROBE_BYTES: usize = 8 * 1024;
const PROBES: usize = 200;

/// Where things are.
pub(crate) struct Setting {
    binary: PathBuf,
    directory: PathBuf,
}

impl Setting {
    /// Makes sure that both are there.
    pub(crate) fn new(binary: PathBuf, directory: PathBuf) -> Result<Self> {
        ensure!(binary.is_file(), "there is no program {}", binary.display());
        fs::create_dir_all(&directory).context("cannot make the folder for databases")?;
        Ok(Self { binary, directory })
    }

    /// Starts Hookglass on a database of that name, which is new unless `keep` is set.
    pub(crate) fn hookglass(&self, name: &str, keep: bool) -> Result<Server> {
        let database = self.directory.join(format!("{name}.db"));
        if !keep {
            for suffix in ["", "-wal", "-shm"] {
                let mut file = database.clone().into_os_string();
                file.push(suffix);
                // It is new already if it was not there.
                let _ = fs::remove_file(file);
            }
        }
        let address = free_address()?;
        let mut command = Command::new(&self.binary);
        command.arg("--listen").arg(address.to_string()).arg("--database").arg(database);
        Server::start(command, address, &self.directory.join(format!("{name}.log")))
    }

    /// Starts the bare handler.
    pub(crate) fn bare(&self) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("bare").arg("--port").arg(address.port().to_string());
        Server::start(command, address, &self.directory.join("bare.log"))
    }

    /// How long the disk under the databases takes to keep a few bytes, shortest first.
    pub(crate) fn disk(&self) -> Result<Vec<Duration>> {
        let path = self.directory.join("probe");
        let mut file = File::create(&path).context("cannot write beside the database")?;
        let mut times = Vec::with_capacity(PROBES);
        for _ in 0..PROBES {
            let started = Instant::now();
            file.write_all(&[0x5a; PROBE_BYTES])?;
            file.sync_data()?;
            times.push(started.elapsed());
        }
        fs::remove_file(path)?;
        times.sort_unstable();
        Ok(times)
    }
}

/// A port that is free now. Another program could take it before the server does; then the server
/// does not start, and the run ends with its words.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}

/// A running server; ends with this value.
pub(crate) struct Server {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// From its start until it took a connection.
    pub(crate) started_after: Duration,
}

impl Server {
    fn start(mut command: Command, address: SocketAddr, log: &Path) -> Result<Self> {
        command
            // No flags by way of the environment.
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(log).context("cannot write a log")?);
        let started = Instant::now();
        let child = command.spawn().context("cannot start a server")?;
        let mut server = Self { child, address, started_after: Duration::ZERO };
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

    /// Makes an endpoint in a new workspace.
    pub(crate) async fn endpoint(&self) -> Result<Target> {
        let head = ["POST /api/endpoints", "Content-Type: application/json"];
        let answer = http::fetch(self.address, &head, "{}").await?;
        let endpoint: Endpoint = serde_json::from_slice(&answer.body)?;
        let key = endpoint.key.context("a new workspace without a key")?;
        Ok(Target { id: endpoint.id, key })
    }

    /// Resident memory in bytes.
    pub(crate) fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let kibibytes = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"))
            .context("the system does not say VmRSS")?;
        Ok(kibibytes.trim().parse::<u64>()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In order first: a database that was killed would be recovered by the next start.
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed())
            && kill_process(pid, Signal::TERM).is_ok()
        {
            let asked = Instant::now();
            while asked.elapsed() < STOP_TIMEOUT {
                if matches!(self.child.try_wait(), Ok(Some(_))) {
                    return;
                }
                thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An endpoint to send to and to read.
pub(crate) struct Target {
    /// Its name in the URL.
    pub(crate) id: String,
    /// The key of its workspace.
    pub(crate) key: String,
}

impl Target {
    /// A webhook as they come: a kilobyte of JSON under a dozen header fields.
    pub(crate) fn request(&self) -> Vec<u8> {
        let body = format!(r#"{{"action":"opened","filler":"{}"}}"#, "x".repeat(1024 - 33));
        format!(
            "POST /{}/hooks?source=bench HTTP/1.1\r\n\
             Host: hooks.example.com\r\n\
             User-Agent: GitHub-Hookshot/044aadd\r\n\
             Accept: */*\r\n\
             Content-Type: application/json\r\n\
             X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958\r\n\
             X-GitHub-Event: issues\r\n\
             X-GitHub-Hook-ID: 292430182\r\n\
             X-GitHub-Hook-Installation-Target-ID: 79929171\r\n\
             X-GitHub-Hook-Installation-Target-Type: repository\r\n\
             X-Hub-Signature-256: sha256=d57c68ca6f92289e6987922ff26938930f6e66a2d161ef06abdf1859230aa23c\r\n\
             Content-Length: {}\r\n\r\n{body}",
            self.id,
            body.len()
        )
        .into_bytes()
    }

    /// A request for its feed.
    pub(crate) fn feed(&self) -> Vec<u8> {
        format!(
            "GET /api/endpoints/{}/live HTTP/1.1\r\n\
             Host: hooks.example.com\r\n\
             Accept: text/event-stream\r\n\
             Authorization: Bearer {}\r\n\r\n",
            self.id, self.key
        )
        .into_bytes()
    }
}

/// Raises the soft limit on open files to the hard one.
pub(crate) fn raise_open_files_limit() -> Result<()> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })
        .context("cannot raise the limit on open files")
}

/// The value below which so many thousandths of the sorted values lie.
pub(crate) fn quantile(sorted: &[Duration], thousandths: usize) -> Duration {
    let index = (sorted.len() * thousandths / 1000).min(sorted.len().saturating_sub(1));
    sorted.get(index).copied().unwrap_or_default()
}
