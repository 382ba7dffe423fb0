//! Follows the feed of a workspace across power cuts; it must receive each request once.

use std::{collections::HashSet, io, net::SocketAddr, time::Duration};

use anyhow::{Context as _, Result, bail, ensure};
use hookglass_wire::FeedEvent;
use tokio::{net::TcpStream, time::timeout};

use super::http::Connection;

/// The longest time between two events of a feed that catches up.
const PATIENCE: Duration = Duration::from_secs(10);

/// A follower; outlives the servers whose feeds it reads.
pub(crate) struct Watch {
    key: String,
    /// The change from which it resumes.
    last: i64,
    /// Endpoint and seq of every request received.
    pub(crate) heard: HashSet<(String, i64)>,
    /// Whether the last heartbeat said that requests can be stored; `None` before the first since
    /// the feed was opened.
    pub(crate) storing: Option<bool>,
}

impl Watch {
    /// Follows a workspace from a change.
    pub(crate) fn new(key: &str, after: i64) -> Self {
        Self { key: key.to_owned(), last: after, heard: HashSet::new(), storing: None }
    }

    /// The key of the workspace.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    /// Reads until the feed ends.
    pub(crate) async fn follow(&mut self, address: SocketAddr) -> Result<()> {
        // The server may be dead already; if it rejects a feed, catching up fails later.
        let Ok(mut feed) = self.open(address).await else { return Ok(()) };
        while let Some(event) = feed.next().await? {
            self.take(&event)?;
        }
        Ok(())
    }

    /// Reads until a change has arrived.
    pub(crate) async fn catch_up(&mut self, address: SocketAddr, change: i64) -> Result<()> {
        let mut feed = self.open(address).await?;
        while self.last < change {
            let event = timeout(PATIENCE, feed.next())
                .await
                .with_context(|| format!("the feed stopped at {} before {change}", self.last))??
                .context("the feed ended before it had caught up")?;
            self.take(&event)?;
        }
        Ok(())
    }

    /// Reads until the next heartbeat; returns whether requests can be stored.
    pub(crate) async fn hear_beat(&mut self, address: SocketAddr) -> Result<bool> {
        let mut feed = self.open(address).await?;
        loop {
            let event = feed.next().await?.context("the feed ended before a heartbeat")?;
            self.take(&event)?;
            if let Some(storing) = self.storing {
                return Ok(storing);
            }
        }
    }

    async fn open(&mut self, address: SocketAddr) -> Result<Feed> {
        self.storing = None;
        // HTTP/1.0, whose responses are not chunked.
        let request = format!(
            "GET /api/live?after={} HTTP/1.0\r\n\
             Host: hooks.example.com\r\n\
             Accept: text/event-stream\r\n\
             Authorization: Bearer {}\r\n\r\n",
            self.last, self.key
        );
        let (stream, came) = Connection::open(address).await?.stream(request.as_bytes()).await?;
        Ok(Feed { stream, came })
    }

    fn take(&mut self, event: &Event) -> Result<()> {
        if let Some(id) = event.id {
            ensure!(id > self.last, "the feed said change {id} after change {}", self.last);
            self.last = id;
        }
        match FeedEvent::parse(&event.name, &event.data)? {
            Some(FeedEvent::Captured(summary)) => {
                let (endpoint, seq) = (summary.endpoint, summary.seq);
                if !self.heard.insert((endpoint.clone(), seq)) {
                    bail!("the feed told of request {seq} of {endpoint} twice");
                }
            }
            Some(FeedEvent::Gap { endpoint }) => bail!("the feed has a gap at {endpoint}"),
            Some(FeedEvent::Alive { storing, .. }) => self.storing = Some(storing),
            _ => {}
        }
        Ok(())
    }
}

struct Event {
    id: Option<i64>,
    name: String,
    data: String,
}

struct Feed {
    stream: TcpStream,
    came: Vec<u8>,
}

impl Feed {
    /// Returns the next whole event, `None` at the end of the feed. Cancel safe: partial data is
    /// kept.
    async fn next(&mut self) -> Result<Option<Event>> {
        loop {
            while let Some(end) = self.came.windows(2).position(|window| window == b"\n\n") {
                let block: Vec<u8> = self.came.drain(..end + 2).collect();
                if let Some(event) = parse(std::str::from_utf8(&block)?)? {
                    return Ok(Some(event));
                }
            }
            self.stream.readable().await?;
            match self.stream.try_read_buf(&mut self.came) {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // A killed server may end its connections this way.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Parses an event; `None` for a comment or a mere setting.
fn parse(block: &str) -> Result<Option<Event>> {
    let field = |name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
    };
    let (Some(name), Some(data)) = (field("event"), field("data")) else { return Ok(None) };
    let id = field("id").map(str::parse).transpose().context("an id that is no number")?;
    Ok(Some(Event { id, name: name.to_owned(), data: data.to_owned() }))
}
