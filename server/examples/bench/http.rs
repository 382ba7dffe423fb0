//! HTTP/1.1 with as little work as can be, so that the load takes as little as can be from the
//! servers that it shares the processors with.

use std::{io, net::SocketAddr};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::net::TcpStream;

/// Past this an answer's head is taken for nonsense.
const HEAD_LIMIT_BYTES: usize = 64 * 1024;

/// A keep-alive connection.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects, without Nagle's delay.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(2048) })
    }

    /// Sends a request and reads its answer, which must be a 2xx with a `Content-Length`.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<()> {
        self.send(request).await?;
        self.buffer.clear();
        let head_bytes = self.head().await?;
        let head = &self.buffer[..head_bytes];
        ensure!(head.starts_with(b"HTTP/1.1 2"), "refused: {}", String::from_utf8_lossy(head));
        let length: usize = field(head, "content-length")
            .and_then(|length| length.parse().ok())
            .context("an answer without Content-Length")?;
        while self.buffer.len() < head_bytes + length {
            self.more().await?;
        }
        Ok(())
    }

    /// Sends a request for a stream and reads the head of its answer, which must be a 200. What
    /// came of the stream already is lost: nothing has happened yet.
    pub(crate) async fn subscribe(mut self, request: &[u8]) -> Result<TcpStream> {
        self.send(request).await?;
        let head_bytes = self.head().await?;
        let head = &self.buffer[..head_bytes];
        ensure!(head.starts_with(b"HTTP/1.1 200 "), "refused: {}", String::from_utf8_lossy(head));
        Ok(self.stream)
    }

    async fn send(&self, mut request: &[u8]) -> Result<()> {
        while !request.is_empty() {
            match self.stream.try_write(request) {
                Ok(written) => request = &request[written..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.stream.writable().await?;
                }
                Err(error) => return Err(error).context("cannot send"),
            }
        }
        Ok(())
    }

    /// Reads until the head is complete; its length.
    async fn head(&mut self) -> Result<usize> {
        loop {
            if let Some(end) = self.buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                return Ok(end + 4);
            }
            ensure!(self.buffer.len() < HEAD_LIMIT_BYTES, "an endless head");
            self.more().await?;
        }
    }

    async fn more(&mut self) -> Result<()> {
        loop {
            self.stream.readable().await?;
            match self.stream.try_read_buf(&mut self.buffer) {
                Ok(0) => bail!("the server closed the connection"),
                Ok(_) => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error).context("cannot read"),
            }
        }
    }
}

/// A whole answer.
pub(crate) struct Answer {
    head: Vec<u8>,
    /// Its body as sent, compressed if it came so.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// A header field.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// One request over a connection of its own, in HTTP/1.0, whose answers are not chunked; `head` is
/// its method, target and fields. The answer must be a 2xx.
pub(crate) async fn fetch(address: SocketAddr, head: &[&str], body: &str) -> Result<Answer> {
    let [target, fields @ ..] = head else { bail!("a request without a target") };
    let mut request = format!("{target} HTTP/1.0\r\nHost: {address}\r\n");
    for field in fields {
        request.push_str(field);
        request.push_str("\r\n");
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));

    let mut connection = Connection::open(address).await?;
    connection.send(request.as_bytes()).await?;
    let head_bytes = connection.head().await?;
    let length: Option<usize> = field(&connection.buffer[..head_bytes], "content-length")
        .and_then(|length| length.parse().ok());
    loop {
        if length.is_some_and(|length| connection.buffer.len() >= head_bytes + length) {
            break;
        }
        if connection.more().await.is_err() {
            ensure!(length.is_none(), "{target}: the answer was cut short");
            break;
        }
    }
    let body = connection.buffer.split_off(head_bytes);
    let answer = Answer { head: connection.buffer, body };
    let status = answer.head.get(9..12).unwrap_or_default();
    ensure!(status.starts_with(b"2"), "{target}: {}", String::from_utf8_lossy(&answer.body));
    Ok(answer)
}

fn field<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    std::str::from_utf8(head).ok()?.split("\r\n").find_map(|line| {
        let (named, value) = line.split_once(':')?;
        named.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
