//! Compares the store with the ledger: through the API, as an owner would, and with SQLite's own
//! check.

use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    path::Path,
};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::join_all;
use hookglass_wire::{Endpoints, Page};
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, SqliteConnection, sqlite::SqliteConnectOptions};

use super::{
    http::{Answer, Connection},
    ledger::{Ledger, Outcome},
};

const READERS: usize = 8;

/// An endpoint and the key of its workspace.
#[derive(Debug, Clone)]
pub(crate) struct Owned {
    pub(crate) id: String,
    pub(crate) key: String,
}

/// The result of an audit.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Stored requests that earlier audits have not seen.
    pub(crate) stored: usize,
    /// Acknowledged requests that are missing: number and seq.
    pub(crate) lost: Vec<(usize, i64)>,
    /// Everything else that is wrong.
    pub(crate) wrong: Vec<String>,
}

/// The state of what has been audited.
pub(crate) struct Audit {
    /// The seq of each request found, by its number.
    found: HashMap<usize, i64>,
    /// The last seq found at each endpoint.
    last: Vec<i64>,
    /// How much of the ledger has been audited.
    through: usize,
}

impl Audit {
    /// Starts with an empty store and this many endpoints.
    pub(crate) fn new(endpoints: usize) -> Self {
        Self { found: HashMap::new(), last: vec![0; endpoints], through: 0 }
    }

    /// Audits what is new since the last call: no load may run meanwhile. Older requests that
    /// disappear show in the endpoints' counts.
    pub(crate) async fn check(
        &mut self,
        address: SocketAddr,
        endpoints: &[Owned],
        ledger: &Ledger,
    ) -> Result<Findings> {
        let mut findings = Findings::default();
        let mut listed = Vec::new();
        for (index, endpoint) in endpoints.iter().enumerate() {
            self.list(address, index, endpoint, &mut listed, &mut findings).await?;
        }
        findings.stored = listed.len();
        self.compare(&listed, ledger, &mut findings);
        bodies(address, endpoints, listed, ledger, &mut findings).await?;
        self.counts(address, endpoints, &mut findings).await?;
        for (number, sent) in ledger.sent.iter().enumerate().skip(self.through) {
            let Outcome::Acknowledged(seq) = sent.outcome else { continue };
            match self.found.get(&number) {
                None => {
                    findings.lost.push((number, seq));
                    // A later request survived: this is worse than a lost tail.
                    if seq <= self.last[sent.endpoint] {
                        findings.wrong.push(format!(
                            "request {number} is lost, but a later one of its endpoint is there"
                        ));
                    }
                }
                Some(&stored) if stored != seq => findings.wrong.push(format!(
                    "request {number} was acknowledged as {seq} and is stored as {stored}"
                )),
                Some(_) => {}
            }
        }
        self.through = ledger.sent.len();
        Ok(findings)
    }

    async fn list(
        &mut self,
        address: SocketAddr,
        index: usize,
        endpoint: &Owned,
        listed: &mut Vec<Stored>,
        findings: &mut Findings,
    ) -> Result<()> {
        let mut connection = Connection::open(address).await?;
        let mut after = Some(self.last[index]);
        while let Some(from) = after {
            let path = format!("/api/endpoints/{}/requests?after={from}&limit=200", endpoint.id);
            let page: Page =
                serde_json::from_slice(&get(&mut connection, &path, &endpoint.key).await?.body)?;
            for summary in &page.requests {
                if summary.seq <= self.last[index] {
                    findings.wrong.push(format!("{} has seq {} twice", endpoint.id, summary.seq));
                }
                self.last[index] = summary.seq;
                let target = summary.target.as_str().unwrap_or_default();
                match target.rsplit('/').next().and_then(|number| number.parse().ok()) {
                    Some(number) => listed.push(Stored {
                        index,
                        seq: summary.seq,
                        number,
                        complete: summary.complete,
                    }),
                    None => findings.wrong.push(format!("nobody sent {target}")),
                }
            }
            after = page.next_after;
        }
        Ok(())
    }

    fn compare(&mut self, listed: &[Stored], ledger: &Ledger, findings: &mut Findings) {
        for stored in listed {
            let number = stored.number;
            match ledger.sent.get(number) {
                None => findings.wrong.push(format!("nobody sent request {number}")),
                Some(sent) if sent.endpoint != stored.index => {
                    findings.wrong.push(format!("request {number} is at another endpoint"));
                }
                Some(_) => {}
            }
            if self.found.insert(number, stored.seq).is_some() {
                findings.wrong.push(format!("request {number} is stored twice"));
            }
        }
    }

    /// Compares each endpoint's count with the number found.
    async fn counts(
        &self,
        address: SocketAddr,
        endpoints: &[Owned],
        findings: &mut Findings,
    ) -> Result<()> {
        let mut kept = 0;
        let mut keys: Vec<&str> = endpoints.iter().map(|endpoint| endpoint.key.as_str()).collect();
        keys.dedup();
        for key in keys {
            let all = workspace(address, key).await?;
            kept += all.endpoints.iter().map(|endpoint| endpoint.requests).sum::<u64>();
        }
        if kept != self.found.len() as u64 {
            findings
                .wrong
                .push(format!("{kept} requests are kept, {} were found", self.found.len()));
        }
        Ok(())
    }
}

/// A request in a list.
struct Stored {
    index: usize,
    seq: i64,
    number: usize,
    complete: bool,
}

/// Returns the endpoints of a workspace and the number of its last change.
pub(crate) async fn workspace(address: SocketAddr, key: &str) -> Result<Endpoints> {
    let mut connection = Connection::open(address).await?;
    Ok(serde_json::from_slice(&get(&mut connection, "/api/endpoints", key).await?.body)?)
}

/// Reads a resource of the owner, which must exist.
pub(crate) async fn get(connection: &mut Connection, path: &str, key: &str) -> Result<Answer> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: hooks.example.com\r\nAuthorization: Bearer {key}\r\n\r\n"
    );
    let answer = connection.request(request.as_bytes()).await?;
    ensure!(answer.status() == 200, "{path}: {}", String::from_utf8_lossy(&answer.body));
    Ok(answer)
}

/// Reads the bodies and compares their hashes.
async fn bodies(
    address: SocketAddr,
    endpoints: &[Owned],
    listed: Vec<Stored>,
    ledger: &Ledger,
    findings: &mut Findings,
) -> Result<()> {
    let queue = RefCell::new(VecDeque::from(listed));
    let wrong = RefCell::new(Vec::new());
    let readers = (0..READERS).map(|_| async {
        let mut connection = Connection::open(address).await?;
        loop {
            let next = queue.borrow_mut().pop_front();
            let Some(Stored { index, seq, number, complete }) = next else { return anyhow::Ok(()) };
            let Owned { id, key } = &endpoints[index];
            let path = format!("/api/endpoints/{id}/requests/{seq}/body");
            let body = get(&mut connection, &path, key).await?.body;
            let sent = ledger.sent.get(number);
            let acknowledged =
                sent.is_some_and(|sent| matches!(sent.outcome, Outcome::Acknowledged(_)));
            // Only a request whose sender was cut off may be incomplete.
            let whole = complete || acknowledged;
            if whole && sent.is_some_and(|sent| sent.sha256 != *Sha256::digest(&body)) {
                wrong.borrow_mut().push(format!("the body of request {number} is another"));
            }
        }
    });
    for read in join_all(readers).await {
        read?;
    }
    findings.wrong.extend(wrong.into_inner());
    Ok(())
}

/// Returns the problems that SQLite finds in the file, nothing if it is intact. The server may run
/// meanwhile.
pub(crate) async fn integrity(database: &Path) -> Result<Vec<String>> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut connection =
        SqliteConnection::connect_with(&options).await.context("cannot check the database")?;
    let mut wrong: Vec<String> =
        sqlx::query_scalar("pragma integrity_check").fetch_all(&mut connection).await?;
    wrong.retain(|line| line != "ok");
    let orphans = sqlx::query("pragma foreign_key_check").fetch_all(&mut connection).await?.len();
    if orphans > 0 {
        wrong.push(format!("{orphans} rows refer to rows that are not there"));
    }
    connection.close().await?;
    Ok(wrong)
}
