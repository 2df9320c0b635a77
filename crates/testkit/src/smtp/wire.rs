//! Reading and writing lines of a connection, and recording all received bytes.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{Session, Shared};

/// Limits of RFC 5321, section 4.5.3.1, for lines without their CR LF.
const MAX_COMMAND: usize = 510;
const MAX_TEXT: usize = 998;

/// A plain or encrypted connection.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

pub(super) struct Wire {
    stream: Box<dyn Stream>,
    unread: Vec<u8>,
    encrypted: bool,
    state: Arc<Shared>,
    session: usize,
}

/// The kind of a line from the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    Command,
    Text,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Stream>, state: Arc<Shared>, session: usize) -> Self {
        Self { stream, unread: Vec::new(), encrypted: false, state, session }
    }

    pub(super) fn session(&self) -> usize {
        self.session
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Returns the inner connection, to be encrypted.
    pub(super) fn into_stream(self) -> Box<dyn Stream> {
        if !self.unread.is_empty() {
            self.violation("something was sent before TLS was there");
        }
        self.stream
    }

    pub(super) fn encrypted(stream: Box<dyn Stream>, state: Arc<Shared>, session: usize) -> Self {
        Self { encrypted: true, ..Self::new(stream, state, session) }
    }

    pub(super) fn violation(&self, what: &str) {
        self.record(|session| session.violations.push(what.to_owned()));
    }

    fn record(&self, change: impl FnOnce(&mut Session)) {
        self.state.change(|inner| change(&mut inner.sessions[self.session]));
    }

    pub(super) async fn say(&mut self, reply: &str) -> io::Result<()> {
        self.stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
        self.stream.flush().await
    }

    /// Returns the next line without its ending, or an error if the client closes the connection.
    pub(super) async fn line(&mut self, kind: Line) -> io::Result<Vec<u8>> {
        loop {
            if let Some(end) = self.unread.iter().position(|b| *b == b'\n') {
                let line: Vec<u8> = self.unread.drain(..=end).collect();
                return Ok(self.check(line, kind));
            }
            self.fill().await?;
        }
    }

    /// Reads until the client closes the connection, without a reply.
    pub(super) async fn stall(&mut self) -> io::Result<()> {
        loop {
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> io::Result<()> {
        let mut buffer = [0; 4096];
        let count = self.stream.read(&mut buffer).await?;
        let read = &buffer[..count];
        if read.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread.extend_from_slice(read);
        let encrypted = self.encrypted;
        self.record(|session| {
            let kept = if encrypted { &mut session.encrypted } else { &mut session.clear };
            kept.extend_from_slice(read);
        });
        Ok(())
    }

    fn check(&self, mut line: Vec<u8>, kind: Line) -> Vec<u8> {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        } else {
            self.violation("a bare LF");
        }
        if line.contains(&b'\r') {
            self.violation("a bare CR");
        }
        if line.contains(&0) {
            self.violation("a NUL");
        }
        let limit = match kind {
            Line::Command => MAX_COMMAND,
            Line::Text => MAX_TEXT,
        };
        if line.len() > limit {
            self.violation(&format!("a line of {} bytes", line.len()));
        }
        line
    }
}
