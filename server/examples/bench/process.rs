//! The measured servers, and the requests that they get.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::server::{Server, free_address};

/// The unit of disk-bound figures: an append of this many bytes and an fdatasync.
const PROBE_BYTES: usize = 8 * 1024;
const PROBES: usize = 200;

/// The paths of a run.
pub(crate) struct Setting {
    binary: PathBuf,
    directory: PathBuf,
}

impl Setting {
    /// Checks that both exist.
    pub(crate) fn new(binary: PathBuf, directory: PathBuf) -> Result<Self> {
        ensure!(binary.is_file(), "there is no program {}", binary.display());
        fs::create_dir_all(&directory).context("cannot make the folder for databases")?;
        Ok(Self { binary, directory })
    }

    /// Starts Hookglass on a database with this name; deletes an old one unless `keep` is set.
    pub(crate) fn hookglass(&self, name: &str, keep: bool) -> Result<Server> {
        self.hookglass_with(name, keep, &[])
    }

    /// The same with flags.
    pub(crate) fn hookglass_with(&self, name: &str, keep: bool, flags: &[&str]) -> Result<Server> {
        let database = if keep { self.database(name) } else { self.fresh(name) };
        let address = free_address()?;
        let mut command = Command::new(&self.binary);
        // No flags from the environment.
        command
            .env_clear()
            .arg("--listen")
            .arg(address.to_string())
            .arg("--database")
            .arg(database)
            .args(flags);
        Server::start(command, address, &self.directory.join(format!("{name}.log")))
    }

    /// Returns the path of a database that does not exist.
    pub(crate) fn fresh(&self, name: &str) -> PathBuf {
        let database = self.database(name);
        for suffix in ["", "-wal", "-shm"] {
            let mut file = database.clone().into_os_string();
            file.push(suffix);
            // If it does not exist, it is new already.
            let _ = fs::remove_file(file);
        }
        database
    }

    fn database(&self, name: &str) -> PathBuf {
        self.directory.join(format!("{name}.db"))
    }

    /// Starts the bare handler.
    pub(crate) fn bare(&self) -> Result<Server> {
        let address = free_address()?;
        let mut command = Command::new(std::env::current_exe()?);
        command.env_clear().arg("bare").arg("--port").arg(address.port().to_string());
        Server::start(command, address, &self.directory.join("bare.log"))
    }

    /// Returns the times of a small durable write on the disk of the databases, shortest first.
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

/// An endpoint to send to and to read from.
pub(crate) struct Target {
    /// The endpoint's name in the URL.
    pub(crate) id: String,
    /// The key of the endpoint's workspace.
    pub(crate) key: String,
}

impl Target {
    /// Creates an endpoint in a new workspace.
    pub(crate) async fn new(server: &Server) -> Result<Self> {
        let endpoint = server.endpoint(None).await?;
        let key = endpoint.key.context("a new workspace without a key")?;
        Ok(Self { id: endpoint.id, key })
    }

    /// A typical webhook: a kilobyte of JSON and a dozen headers.
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
