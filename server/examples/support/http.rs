//! A minimal HTTP/1.1 client, so that the load takes little from the servers on the same
//! processors. Knows nothing of the requests.

use std::{io, net::SocketAddr};

use anyhow::{Context as _, Result, bail, ensure};
use tokio::net::TcpStream;

/// A longer response head is an error.
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

    /// Sends a request and reads its response, which must be a 2xx with a `Content-Length`.
    pub(crate) async fn exchange(&mut self, request: &[u8]) -> Result<()> {
        self.send(request).await?;
        self.buffer.clear();
        let head_bytes = self.head().await?;
        let head = &self.buffer[..head_bytes];
        ensure!(head.starts_with(b"HTTP/1.1 2"), "refused: {}", String::from_utf8_lossy(head));
        let length: usize = field(head, "content-length")
            .and_then(|length| length.parse().ok())
            .context("a response without Content-Length")?;
        while self.buffer.len() < head_bytes + length {
            self.more().await?;
        }
        Ok(())
    }

    /// Sends a request and reads its whole response, with any status.
    pub(crate) async fn request(&mut self, request: &[u8]) -> Result<Answer> {
        self.send(request).await?;
        self.buffer.clear();
        let head_bytes = self.head().await?;
        let head = self.buffer[..head_bytes].to_vec();
        let length: Option<usize> =
            field(&head, "content-length").and_then(|length| length.parse().ok());
        let body = match length {
            Some(length) => {
                while self.buffer.len() < head_bytes + length {
                    self.more().await?;
                }
                self.buffer[head_bytes..head_bytes + length].to_vec()
            }
            None if field(&head, "transfer-encoding").is_some() => self.chunks(head_bytes).await?,
            // These have no body (RFC 9110 §6.4.1).
            None if head.get(9..12) == Some(b"204") => Vec::new(),
            None => bail!("a response without a determinable end"),
        };
        Ok(Answer { head, body })
    }

    /// Reads a chunked body (RFC 9112 §7.1) without trailers that starts at `position`.
    async fn chunks(&mut self, mut position: usize) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                let rest = &self.buffer[position..];
                if let Some(end) = rest.windows(2).position(|window| window == b"\r\n") {
                    break std::str::from_utf8(&rest[..end])?.to_owned();
                }
                self.more().await?;
            };
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).context("a chunk without a size")?;
            let start = position + line.len() + 2;
            while self.buffer.len() < start + size + 2 {
                self.more().await?;
            }
            body.extend_from_slice(&self.buffer[start..start + size]);
            position = start + size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    /// Sends a request for a stream and reads the head of its response, which must be a 200.
    /// Discards what already arrived of the stream: nothing has happened yet.
    pub(crate) async fn subscribe(self, request: &[u8]) -> Result<TcpStream> {
        self.stream(request).await.map(|(stream, _)| stream)
    }

    /// The same, but also returns what already arrived of the stream.
    pub(crate) async fn stream(mut self, request: &[u8]) -> Result<(TcpStream, Vec<u8>)> {
        self.send(request).await?;
        let head_bytes = self.head().await?;
        let head = &self.buffer[..head_bytes];
        ensure!(head.get(8..13) == Some(b" 200 "), "refused: {}", String::from_utf8_lossy(head));
        Ok((self.stream, self.buffer.split_off(head_bytes)))
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

    /// Reads until the head is complete; returns its length.
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

/// A whole response.
pub(crate) struct Answer {
    head: Vec<u8>,
    /// Its body as sent, still compressed if it was.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// Its status, 0 if it has none.
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.get(9..12).and_then(|status| std::str::from_utf8(status).ok());
        status.and_then(|status| status.parse().ok()).unwrap_or(0)
    }

    /// Returns a header.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        field(&self.head, name)
    }
}

/// Sends one request over its own connection, in HTTP/1.0, whose responses are not chunked; `head`
/// is its method, target and headers. The response must be a 2xx.
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
            ensure!(length.is_none(), "{target}: the response was cut short");
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
