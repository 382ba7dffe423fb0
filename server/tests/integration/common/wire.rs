//! A sender that writes raw bytes and reads responses one by one, and reads of what the server
//! stored.

use std::{io, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::{Client, PATIENCE};

/// A sender's connection.
pub(crate) struct Wire {
    pub(crate) stream: TcpStream,
    arrived: Vec<u8>,
}

/// A response as received.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Wire {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, arrived: Vec::new() }
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends each piece only after the server has read the previous one.
    pub(crate) async fn send_in_pieces<'a>(&mut self, pieces: impl Iterator<Item = &'a [u8]>) {
        for piece in pieces {
            self.send(piece).await;
            wait_until_read(&self.stream).await;
        }
    }

    /// Sends a piece and lets a server on the same, single thread read it before anything else is
    /// sent: loopback has delivered it when the write returns, and each yield polls the sockets.
    pub(crate) async fn send_alone(&mut self, piece: &[u8]) {
        self.send(piece).await;
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
    }

    /// Sends every byte separately.
    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        for byte in bytes.chunks(1) {
            self.send_alone(byte).await;
        }
    }

    /// Returns the next response, or `None` if the server closed the connection cleanly.
    pub(crate) async fn reply(&mut self) -> Option<Reply> {
        timeout(PATIENCE, self.next(true)).await.expect("an answer in time")
    }

    /// Returns the next response, to a HEAD request.
    pub(crate) async fn reply_to_head(&mut self) -> Option<Reply> {
        timeout(PATIENCE, self.next(false)).await.expect("an answer in time")
    }

    async fn next(&mut self, has_body: bool) -> Option<Reply> {
        let end = loop {
            if let Some(end) = find(&self.arrived, b"\r\n\r\n") {
                break end + 4;
            }
            if self.read().await.expect("no reset") == 0 {
                assert!(self.arrived.is_empty(), "half an answer: {:?}", self.arrived);
                return None;
            }
        };
        let head = String::from_utf8(self.arrived.drain(..end).collect()).unwrap();
        let status = head["HTTP/1.1 ".len()..][..3].parse().unwrap();
        let mut reply = Reply { status, head, body: Vec::new() };
        let length = if has_body && status >= 200 {
            reply.field("content-length").expect("a length").parse().unwrap()
        } else {
            0
        };
        while self.arrived.len() < length {
            assert_ne!(self.read().await.expect("no reset"), 0, "a whole answer: {reply:?}");
        }
        reply.body = self.arrived.drain(..length).collect();
        Some(reply)
    }

    async fn read(&mut self) -> io::Result<usize> {
        self.stream.read_buf(&mut self.arrived).await
    }
}

impl Reply {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (field, value) = line.split_once(':')?;
            field.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// Returns the `detail` of a problem, or the whole body.
    pub(crate) fn says(&self) -> String {
        let problem: Option<Value> = serde_json::from_slice(&self.body).ok();
        problem
            .and_then(|problem| Some(problem["detail"].as_str()?.to_owned()))
            .unwrap_or_else(|| String::from_utf8_lossy(&self.body).into_owned())
    }
}

/// Waits until the server has read everything: until the kernel holds no more data for its end of
/// the connection (the fifth column of `/proc/net/tcp`, `tx_queue:rx_queue`), nor any of our data
/// in transit.
pub(crate) async fn wait_until_read(stream: &TcpStream) {
    let read = async {
        while !is_read(stream) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, read).await.expect("the server reads");
}

fn is_read(stream: &TcpStream) -> bool {
    let port = |address: SocketAddr| format!(":{:04X}", address.port());
    let (ours, servers) = (port(stream.local_addr().unwrap()), port(stream.peer_addr().unwrap()));
    let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let queues = |local: &str, remote: &str| {
        sockets.lines().find_map(|line| {
            let columns: Vec<&str> = line.split_whitespace().take(5).collect();
            (columns[1].ends_with(local) && columns[2].ends_with(remote))
                .then(|| columns[4].to_owned())
        })
    };
    queues(&ours, &servers).is_none_or(|queue| queue.starts_with("00000000:"))
        && queues(&servers, &ours).is_none_or(|queue| queue.ends_with(":00000000"))
}

/// Returns the position of `needle` in `bytes`.
pub(crate) fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

/// Returns `bytes` with every `from` replaced.
pub(crate) fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}

/// Converts the JSON of a `Text` to bytes.
pub(crate) fn bytes(text: &Value) -> Vec<u8> {
    match text.as_str() {
        Some(text) => text.as_bytes().to_vec(),
        None => STANDARD.decode(text["base64"].as_str().unwrap()).unwrap(),
    }
}

/// Converts a JSON list of headers to bytes.
pub(crate) fn fields(list: &Value) -> Vec<(Vec<u8>, Vec<u8>)> {
    let list = list.as_array().unwrap();
    list.iter().map(|field| (bytes(&field[0]), bytes(&field[1]))).collect()
}

impl Client {
    /// Returns all requests of an endpoint, oldest first.
    pub(crate) async fn rows(&self, id: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut after = 0;
        loop {
            let path = format!("/api/endpoints/{id}/requests?limit=200&after={after}");
            let page = self.get(&path).await.json();
            rows.extend(page["requests"].as_array().unwrap().iter().cloned());
            match page["next_after"].as_i64() {
                Some(next) => after = next,
                None => return rows,
            }
        }
    }

    /// Returns the rows of an endpoint once there are `count`.
    pub(crate) async fn rows_once(&self, id: &str, count: usize) -> Vec<Value> {
        let mut feed = self.feed(&format!("/api/endpoints/{id}/live?after=0"), None).await;
        loop {
            let rows = self.rows(id).await;
            if rows.len() >= count {
                return rows;
            }
            feed.next().await.expect("the feed goes on");
        }
    }

    /// Returns a stored request as bytes: head, body, trailers.
    pub(crate) async fn raw(&self, id: &str, seq: i64) -> super::Answer {
        self.get(&format!("/api/endpoints/{id}/requests/{seq}/raw")).await
    }
}
