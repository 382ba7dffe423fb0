//! The gate's write half: responses pass through unchanged. A peer that stops reading is timed out,
//! and no response is lost because its connection closes too early.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::Instant,
};

use super::{Gate, GateState, IDLE_TIMEOUT, LINGER};

impl<S: AsyncRead + AsyncWrite + Unpin> Gate<S> {
    /// Fails writes to a peer that has read nothing for too long.
    fn poll_stalled<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let until = *self.write_until.get_or_insert_with(|| Instant::now() + IDLE_TIMEOUT);
        ready!(self.clock.poll_until(cx, until));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        match Pin::new(gate.socket.get_mut()).poll_write(cx, buf) {
            Poll::Pending => gate.poll_stalled(cx),
            written => {
                gate.write_until = None;
                written
            }
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let gate = self.get_mut();
        match Pin::new(gate.socket.get_mut()).poll_write_vectored(cx, bufs) {
            Poll::Pending => gate.poll_stalled(cx),
            written => {
                gate.write_until = None;
                written
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.get_ref().is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        // hyper writes here while a handler runs, and reads nothing until it has responded.
        gate.poll_disconnect(cx);
        Pin::new(gate.socket.get_mut()).poll_flush(cx)
    }

    /// Ends the response; if its request was not read to the end, keeps discarding what still
    /// arrives, for a while.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        ready!(Pin::new(gate.socket.get_mut()).poll_shutdown(cx))?;
        let is_unread = gate.lingers
            || !gate.input.is_empty()
            || match gate.state {
                GateState::Length(_) | GateState::Chunked(..) => true,
                // For example an unsolicited empty line behind the last body.
                GateState::Head(_) | GateState::End => {
                    matches!(gate.poll_input(cx), Poll::Ready(Ok(1..)))
                }
                GateState::Open => false,
            };
        if !is_unread {
            return Poll::Ready(Ok(()));
        }
        gate.lingers = true;
        let until = *gate.linger_until.get_or_insert_with(|| Instant::now() + LINGER);
        loop {
            gate.input.clear();
            match gate.poll_input(cx) {
                Poll::Ready(Ok(0) | Err(_)) => break,
                Poll::Ready(Ok(_)) if Instant::now() < until => {}
                Poll::Ready(Ok(_)) => break,
                Poll::Pending => {
                    ready!(gate.clock.poll_until(cx, until));
                    break;
                }
            }
        }
        gate.end_of_input();
        gate.input.clear();
        Poll::Ready(Ok(()))
    }
}
