//! What is measured and how it is reached: the two servers, and the requests that they get.

use std::{
    fs::{self, File},
    io::Write as _,
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};

use super::server::{Server, free_address};

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
        self.hookglass_with(name, keep, &[])
    }

    /// The same with flags.
    pub(crate) fn hookglass_with(&self, name: &str, keep: bool, flags: &[&str]) -> Result<Server> {
        let database = if keep { self.database(name) } else { self.fresh(name) };
        let address = free_address()?;
        let mut command = Command::new(&self.binary);
        // No flags by way of the environment.
        command
            .env_clear()
            .arg("--listen")
            .arg(address.to_string())
            .arg("--database")
            .arg(database)
            .args(flags);
        Server::start(command, address, &self.directory.join(format!("{name}.log")))
    }

    /// The path of a database that is not there.
    pub(crate) fn fresh(&self, name: &str) -> PathBuf {
        let database = self.database(name);
        for suffix in ["", "-wal", "-shm"] {
            let mut file = database.clone().into_os_string();
            file.push(suffix);
            // It is new already if it was not there.
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

/// An endpoint to send to and to read.
pub(crate) struct Target {
    /// Its name in the URL.
    pub(crate) id: String,
    /// The key of its workspace.
    pub(crate) key: String,
}

impl Target {
    /// Makes an endpoint in a new workspace.
    pub(crate) async fn new(server: &Server) -> Result<Self> {
        let endpoint = server.endpoint(None).await?;
        let key = endpoint.key.context("a new workspace without a key")?;
        Ok(Self { id: endpoint.id, key })
    }

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
