//! The gate between a socket and hyper: frames HTTP/1 itself, passes hyper one message at a time,
//! keeps each head as received, and times out stalled peers.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr_iter;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf, Take},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};
use tokio_util::io::poll_read_buf;

use super::{
    chunks::{ChunkStep, Chunks},
    clock::LazyTimer,
    exchange::{BodyFailure, Exchange, ExchangeSlot, RawHead},
    framing::{Framing, HeadRanges, HeadScanner, MAX_HEAD_BYTES, is_token},
    malformed::{HEAD_SECONDS, Malformed},
    normalize,
};

mod write;

/// How long a connection may be silent between messages, or read nothing of what is sent to it.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(75);
/// How long a head may take from its first byte.
pub(super) const HEAD_TIMEOUT: Duration = Duration::from_secs(HEAD_SECONDS);
/// How long input is discarded after a response that preceded the end of its request: closing at
/// once would reset the connection before the peer has read the response.
const LINGER: Duration = Duration::from_secs(5);
/// How much is read from the socket at once, in bytes.
pub(super) const READ_BYTES: usize = 8 * 1024;
/// A head longer than this needs one of the server's permits for large heads.
const LARGE_HEAD_BYTES: usize = 16 * 1024;
/// Empty lines allowed before a request (RFC 9112 §2.2).
const MAX_EMPTY_LINES: u8 = 4;

/// A socket whose reader sees only whole, well-framed HTTP/1 requests.
pub(super) struct Gate<S> {
    /// Limited to the current message.
    socket: Take<S>,
    /// Received and not yet passed on. Holds no memory while the connection idles.
    input: BytesMut,
    /// Passed on before anything else.
    output: Bytes,
    state: GateState,
    slot: ExchangeSlot,
    /// The last request that was passed on.
    current: Option<Arc<Exchange>>,
    large_heads: Arc<Semaphore>,
    /// Whether more of a refused request may arrive.
    lingers: bool,
    /// Until when the connection may be silent, read nothing, or keep sending without being read.
    idle_until: Option<Instant>,
    write_until: Option<Instant>,
    linger_until: Option<Instant>,
    clock: LazyTimer,
}

enum GateState {
    /// A head is expected.
    Head(HeadReader),
    /// This many bytes of body are expected.
    Length(u64),
    Chunked(Chunks, Arc<Exchange>),
    /// Nothing more is passed on.
    End,
    /// Everything is passed on as received: HTTP/2.
    Open,
}

#[derive(Default)]
struct HeadReader {
    scan: HeadScanner,
    empty_lines: u8,
    /// When the first byte arrived.
    since: Option<Instant>,
    permit: Option<OwnedSemaphorePermit>,
}

impl HeadReader {
    /// Creates a reader for a head of which `input` has arrived.
    fn with(input: &[u8]) -> Self {
        Self { since: (!input.is_empty()).then(Instant::now), ..Self::default() }
    }

    /// Returns the length of the head once all of it has arrived.
    fn advance(
        &mut self,
        input: &mut BytesMut,
        large_heads: &Arc<Semaphore>,
    ) -> Result<Option<usize>, Malformed> {
        while self.scan.is_at_start() && input.starts_with(b"\r\n") {
            self.empty_lines += 1;
            if self.empty_lines > MAX_EMPTY_LINES {
                return Err(Malformed::RequestLine);
            }
            input.advance(2);
        }
        match input.first() {
            None => {
                // Some senders end a body with an unsolicited empty line: silence after it is not a
                // slow head.
                self.since = None;
                return Ok(None);
            }
            // Input that is not HTTP is refused at once, rather than after a timeout.
            Some(&first) if !is_token(first) && (first != b'\r' || input.len() > 1) => {
                return Err(if first == b'\n' {
                    Malformed::BareLineFeed
                } else {
                    Malformed::RequestLine
                });
            }
            Some(b'\r') => return Ok(None),
            Some(_) => {}
        }
        let length = self.scan.advance(input)?;
        if length.is_none() && input.len() > LARGE_HEAD_BYTES && self.permit.is_none() {
            let permit = large_heads.clone().try_acquire_owned();
            self.permit = Some(permit.map_err(|_| Malformed::Crowded)?);
        }
        Ok(length)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Gate<S> {
    /// Creates a gate for HTTP/1; `input` has arrived already.
    pub(super) fn new(
        socket: S,
        input: BytesMut,
        slot: ExchangeSlot,
        large_heads: Arc<Semaphore>,
    ) -> Self {
        let state = GateState::Head(HeadReader::with(&input));
        Self {
            socket: socket.take(u64::MAX),
            input,
            output: Bytes::new(),
            state,
            slot,
            current: None,
            large_heads,
            lingers: false,
            idle_until: None,
            write_until: None,
            linger_until: None,
            clock: LazyTimer::default(),
        }
    }

    /// Creates a gate that passes everything on, for HTTP/2.
    pub(super) fn open(socket: S, input: BytesMut) -> Self {
        let gate = Self::new(socket, input, ExchangeSlot::default(), Arc::new(Semaphore::new(0)));
        Self { state: GateState::Open, ..gate }
    }

    /// Waits for a head and passes it on; passes nothing at the end of the connection.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let GateState::Head(arriving) = &mut self.state else {
                return Poll::Ready(Ok(()));
            };
            match arriving.advance(&mut self.input, &self.large_heads) {
                Ok(Some(length)) => {
                    let bytes = self.input.split_to(length).freeze();
                    self.forward(bytes);
                    return Poll::Ready(Ok(()));
                }
                Err(malformed) => {
                    self.refuse_arrived(malformed);
                    return Poll::Ready(Ok(()));
                }
                Ok(None) => {}
            }
            let since = arriving.since;
            match (self.poll_input(cx)?, since) {
                (Poll::Ready(0), _) => {
                    self.end_of_input();
                    return Poll::Ready(Ok(()));
                }
                (Poll::Ready(_), _) => {
                    if let GateState::Head(arriving) = &mut self.state {
                        arriving.since.get_or_insert_with(Instant::now);
                    }
                }
                (Poll::Pending, Some(since)) => {
                    ready!(self.clock.poll_until(cx, since + HEAD_TIMEOUT));
                    self.refuse_arrived(Malformed::HeadTimeout);
                    return Poll::Ready(Ok(()));
                }
                (Poll::Pending, None) => {
                    // Idle connections are numerous: they hold no buffer.
                    self.input = BytesMut::new();
                    let until =
                        *self.idle_until.get_or_insert_with(|| Instant::now() + IDLE_TIMEOUT);
                    ready!(self.clock.poll_until(cx, until));
                    self.end_of_input();
                    return Poll::Ready(Ok(()));
                }
            }
        }
    }

    fn forward(&mut self, bytes: Bytes) {
        let head = match HeadRanges::read(&bytes) {
            Ok(head) => head,
            Err(malformed) => return self.refuse(bytes, malformed),
        };
        self.idle_until = None;
        let normalized = normalize::normalized(&bytes, &head);
        self.output = normalized.clone().unwrap_or_else(|| bytes.clone());
        let framing = head.framing;
        let exchange =
            Arc::new(Exchange::new(RawHead { bytes, head: Some(head), normalized }, None));
        if self.input.is_empty() {
            self.input = BytesMut::new();
        }
        self.state = match framing {
            Framing::Length(0) => GateState::Head(HeadReader::with(&self.input)),
            Framing::Length(length) => GateState::Length(length),
            Framing::Chunked => GateState::Chunked(Chunks::default(), exchange.clone()),
        };
        self.put(exchange);
    }

    /// Refuses the part of a head that has arrived, and reads no further.
    fn refuse_arrived(&mut self, malformed: Malformed) {
        let arrived = self.input.len().min(MAX_HEAD_BYTES);
        let bytes = self.input.split_to(arrived).freeze();
        self.refuse(bytes, malformed);
    }

    fn refuse(&mut self, mut bytes: Bytes, malformed: Malformed) {
        bytes.truncate(lenient_end(&bytes));
        self.output =
            normalize::placeholder(HeadRanges::target_of(&bytes).map(|target| &bytes[target]));
        self.state = GateState::End;
        self.lingers = true;
        let wire = RawHead { bytes, head: None, normalized: None };
        self.put(Arc::new(Exchange::new(wire, Some(malformed))));
    }

    fn put(&mut self, exchange: Arc<Exchange>) {
        self.current = Some(exchange.clone());
        if !self.slot.put(exchange) {
            // Only if hyper read a head without calling its service.
            tracing::warn!("hyper skipped a request; closing its connection");
            self.output = Bytes::new();
            self.state = GateState::End;
        }
    }

    /// Passes on chunk framing in one canonical form, so that no reader can interpret it
    /// differently. Passes nothing before a chunk's data or at the end of the connection.
    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let GateState::Chunked(chunks, exchange) = &mut self.state else {
                return Poll::Ready(Ok(()));
            };
            let step = match chunks.next(&self.input) {
                Ok(step) => step,
                Err(malformed) => {
                    exchange.set_trouble(BodyFailure::Malformed);
                    self.state = GateState::End;
                    self.lingers = true;
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, malformed)));
                }
            };
            match step {
                ChunkStep::Data(_) => return Poll::Ready(Ok(())),
                ChunkStep::LastSize(bytes) => self.input.advance(bytes),
                ChunkStep::DataEnd(bytes) => {
                    self.input.advance(bytes);
                    self.output = Bytes::from_static(b"\r\n");
                    return Poll::Ready(Ok(()));
                }
                ChunkStep::Chunk(bytes, size) => {
                    self.input.advance(bytes);
                    self.output = Bytes::from(format!("{size:x}\r\n"));
                    return Poll::Ready(Ok(()));
                }
                ChunkStep::End(trailers, all) => {
                    let mut section = self.input.split_to(all);
                    section.truncate(trailers);
                    exchange.set_trailers(section.freeze());
                    self.output = Bytes::from_static(b"0\r\n\r\n");
                    self.state = GateState::Head(HeadReader::with(&self.input));
                    return Poll::Ready(Ok(()));
                }
                ChunkStep::Starved => {
                    if ready!(self.poll_input(cx))? == 0 {
                        self.end_of_input();
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }

    /// Passes on at most `left` bytes of body and returns how many; 0 at the end of the connection.
    fn poll_data(
        &mut self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
        left: u64,
    ) -> Poll<io::Result<u64>> {
        let before = buf.filled().len();
        if self.input.is_empty() {
            self.socket.set_limit(left);
            ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        } else {
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            let taken = self.input.len().min(left).min(buf.remaining());
            buf.put_slice(&self.input[..taken]);
            self.input.advance(taken);
        }
        let taken = (buf.filled().len() - before) as u64;
        if taken == 0 {
            self.end_of_input();
        }
        Poll::Ready(Ok(taken))
    }

    fn poll_input(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.reserve(READ_BYTES);
        self.socket.set_limit(u64::MAX);
        poll_read_buf(Pin::new(&mut self.socket), cx, &mut self.input)
    }

    /// Checks whether the sender disconnects while its request waits for a response. Input that
    /// arrives meanwhile is buffered.
    fn poll_disconnect(&mut self, cx: &mut Context<'_>) {
        let Some(current) = self.current.as_ref().filter(|current| current.is_watched()) else {
            return;
        };
        let current = current.clone();
        while matches!(self.state, GateState::Head(_)) && self.input.len() < READ_BYTES {
            match self.poll_input(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(1..)) => {
                    if let GateState::Head(arriving) = &mut self.state {
                        arriving.since.get_or_insert_with(Instant::now);
                    }
                }
                Poll::Ready(Ok(0) | Err(_)) => return current.set_hung_up(),
            }
        }
    }

    fn end_of_input(&mut self) {
        self.state = GateState::End;
        self.lingers = false;
    }
}

/// Returns where a malformed head ends at the latest: after the first line that a lenient reader
/// takes for empty. Behind a proxy, what follows may be another sender's.
fn lenient_end(input: &[u8]) -> usize {
    let (mut start, mut has_text) = (0, false);
    for end in memchr_iter(b'\n', input) {
        let is_empty = input[start..end].iter().all(|&byte| byte == b'\r');
        if is_empty && has_text {
            return end + 1;
        }
        has_text |= !is_empty;
        start = end + 1;
    }
    input.len()
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            if !gate.output.is_empty() {
                let taken = gate.output.len().min(buf.remaining());
                buf.put_slice(&gate.output[..taken]);
                gate.output.advance(taken);
                if gate.output.is_empty() {
                    // Frees the head's memory.
                    gate.output = Bytes::new();
                }
                return Poll::Ready(Ok(()));
            }
            match &mut gate.state {
                GateState::End => return Poll::Ready(Ok(())),
                GateState::Head(_) => ready!(gate.poll_head(cx))?,
                GateState::Length(left) => {
                    let left = *left;
                    let taken = ready!(gate.poll_data(cx, buf, left))?;
                    if taken == left {
                        gate.state = GateState::Head(HeadReader::with(&gate.input));
                    } else if taken > 0 {
                        gate.state = GateState::Length(left - taken);
                    }
                    return Poll::Ready(Ok(()));
                }
                GateState::Chunked(..) => {
                    ready!(gate.poll_chunk(cx))?;
                    let GateState::Chunked(chunks, _) = &gate.state else { continue };
                    if let (true, Some(left)) = (gate.output.is_empty(), chunks.data_left()) {
                        let taken = ready!(gate.poll_data(cx, buf, left))?;
                        if let GateState::Chunked(chunks, _) = &mut gate.state {
                            chunks.took(taken);
                        }
                        return Poll::Ready(Ok(()));
                    }
                }
                GateState::Open => {
                    if gate.input.is_empty() {
                        gate.input = BytesMut::new();
                        gate.socket.set_limit(u64::MAX);
                        return Pin::new(&mut gate.socket).poll_read(cx, buf);
                    }
                    gate.output = gate.input.split().freeze();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
