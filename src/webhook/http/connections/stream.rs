//! Streams of bytes: a socket whose state other tasks can ask for, and one that reports what its connection does.

use std::io::{self, IoSlice};
use std::net::Shutdown;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use super::tracked::Tracked;

/// A socket that shares its half for writing.
#[derive(Debug)]
pub(super) struct SharedSocket {
    read: OwnedReadHalf,
    write: Arc<OwnedWriteHalf>,
}

impl SharedSocket {
    pub(super) fn new(socket: TcpStream) -> Self {
        let (read, write) = socket.into_split();
        Self {
            read,
            write: Arc::new(write),
        }
    }

    pub(super) const fn shared(&self) -> &Arc<OwnedWriteHalf> {
        &self.write
    }

    /// Writes as soon as the socket has room.
    fn poll_write_by(
        &self,
        context: &mut Context<'_>,
        write: impl Fn(&TcpStream) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let socket: &TcpStream = self.write.as_ref().as_ref();
        loop {
            ready!(socket.poll_write_ready(context))?;
            match write(socket) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncRead for SharedSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.read).poll_read(context, buffer)
    }
}

impl AsyncWrite for SharedSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_by(context, |socket| socket.try_write(bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_by(context, |socket| socket.try_write_vectored(parts))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let socket: &TcpStream = self.write.as_ref().as_ref();
        Poll::Ready(SockRef::from(socket).shutdown(Shutdown::Write))
    }
}

/// A stream of plain bytes, which reports to its connection.
#[derive(Debug)]
pub(super) struct TrackedStream<S> {
    stream: S,
    pub(super) tracked: Arc<Tracked>,
}

impl<S> TrackedStream<S> {
    pub(super) const fn new(stream: S, tracked: Arc<Tracked>) -> Self {
        Self { stream, tracked }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TrackedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer)?;
        if polled.is_pending() {
            self.tracked.waits_for_head()?;
        } else if buffer.filled().len() > before {
            self.tracked.received()?;
        }
        polled.map(Ok)
    }
}

impl<S: AsyncWrite + Unpin> TrackedStream<S> {
    fn report<T>(&self, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_pending() {
            self.tracked.waits_for_reader()?;
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TrackedStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.report(polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, parts);
        self.report(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.stream).poll_flush(context)?;
        if polled.is_ready() {
            self.tracked.flushed()?;
            return Poll::Ready(Ok(()));
        }
        self.report(Poll::Pending)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
