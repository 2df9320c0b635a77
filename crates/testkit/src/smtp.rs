//! An SMTP server for tests, on the loopback interface, with configurable behaviour.
//!
//! It is strict: a line that does not end in CR LF, or is too long, is recorded as a violation. It
//! records all received bytes, so that a test can also check that something was *not* sent. It
//! delivers no mail.

mod behaviour;
mod certificate_authority;
pub mod parse;
mod session;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::behaviour::{Behaviour, Stage};
pub use self::certificate_authority::Certificate;

/// An SMTP server with configurable behaviour; stops when dropped.
///
/// It runs on the runtime that started it, so a test must not block that runtime's last thread.
#[derive(Debug)]
pub struct SmtpSink {
    state: Arc<Shared>,
    port: u16,
    listening: Mutex<JoinSet<()>>,
}

/// A connection of a client.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The bytes that the client sent before TLS; all bytes without TLS.
    pub clear: Vec<u8>,
    /// The bytes that the client sent inside TLS.
    pub encrypted: Vec<u8>,
    /// Violations of SMTP by the client: bare CR or LF, long lines, commands out of order.
    pub violations: Vec<String>,
    /// `true` if either side closed the connection.
    pub ended: bool,
}

/// A mail that was accepted, or whose connection was cut after the final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The text after `MAIL FROM:`, such as `<a@example.com> SMTPUTF8`.
    pub mail_from: String,
    /// The text after each `RCPT TO:`.
    pub rcpt_to: Vec<String>,
    /// The mail without dot-stuffing and final dot.
    pub data: Vec<u8>,
    /// The index of its session in [`SmtpSink::sessions`].
    pub session: usize,
}

#[derive(Debug)]
struct Shared {
    inner: Mutex<Inner>,
    changed: watch::Sender<()>,
}

#[derive(Debug)]
struct Inner {
    behaviour: Behaviour,
    sessions: Vec<Session>,
    messages: Vec<Received>,
}

impl Shared {
    fn read(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    fn change<T>(&self, change: impl FnOnce(&mut Inner) -> T) -> T {
        let result = change(&mut self.read());
        self.changed.send_replace(());
        result
    }
}

impl SmtpSink {
    /// Listens on a free port of `127.0.0.1`.
    ///
    /// # Panics
    /// If no port is available.
    pub async fn start(behaviour: Behaviour) -> Self {
        let inner = Inner { behaviour, sessions: Vec::new(), messages: Vec::new() };
        let state = Arc::new(Shared { inner: Mutex::new(inner), changed: watch::Sender::new(()) });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = Self { state, port, listening: Mutex::default() };
        sink.listen(listener);
        sink
    }

    /// Returns the port, also while the server is stopped.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Returns the certificate of its certificate authority as PEM, for clients to trust.
    pub fn ca_pem() -> String {
        certificate_authority::ca_pem()
    }

    /// Sets the behaviour from the next command on.
    pub fn set(&self, behaviour: Behaviour) {
        self.state.change(|inner| inner.behaviour = behaviour);
    }

    /// Returns the mails so far, oldest first.
    pub fn messages(&self) -> Vec<Received> {
        self.state.read().messages.clone()
    }

    /// Removes and returns the mails so far, oldest first.
    pub fn take(&self) -> Vec<Received> {
        self.state.change(|inner| std::mem::take(&mut inner.messages))
    }

    /// Returns the connections so far, oldest first.
    pub fn sessions(&self) -> Vec<Session> {
        self.state.read().sessions.clone()
    }

    /// Waits until there are `count` mails, and returns them.
    ///
    /// # Panics
    /// After a timeout; the message contains the number of mails.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Vec<Received> {
        let arrived =
            self.wait_until(limit, |sink| sink.state.read().messages.len() >= count).await;
        assert!(arrived, "waited for {count} mails, there are {}", self.messages().len());
        self.messages()
    }

    /// Waits until a condition holds. Returns `false` after a timeout.
    pub async fn wait_until(&self, limit: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.state.changed.subscribe();
        let met = changes.wait_for(|()| condition(self));
        matches!(tokio::time::timeout(limit, met).await, Ok(Ok(_)))
    }

    /// Stops listening and closes all connections, as a crashed SMTP server does.
    ///
    /// # Panics
    /// If a test thread panicked while it started or stopped this server.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.listening.lock().unwrap());
        tasks.shutdown().await;
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// If the port is in use by now.
    pub async fn restart(&self) {
        self.stop().await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        self.listen(TcpListener::bind(address).await.unwrap());
    }

    fn listen(&self, listener: TcpListener) {
        let state = Arc::clone(&self.state);
        self.listening.lock().unwrap().spawn(async move {
            // Dropping this task also drops its sessions.
            let mut sessions = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                sessions.spawn(session::run(stream, Arc::clone(&state)));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    /// Sends all bytes at once, and returns the replies until the server closes the connection.
    async fn say(sink: &SmtpSink, bytes: &[u8]) -> String {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, sink.port())).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut replies = String::new();
        stream.read_to_string(&mut replies).await.unwrap();
        assert!(sink.wait_until(PATIENCE, |sink| sink.sessions().iter().all(|s| s.ended)).await);
        replies
    }

    const HEAD: &str = "EHLO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n";

    #[tokio::test]
    async fn received_bytes_are_recorded_and_dots_unstuffed() {
        let sink = SmtpSink::start(Behaviour::accept()).await;
        let said = format!("{HEAD}A: b\r\n\r\n..\r\n...c\r\n.\r\nQUIT\r\n");
        let replies = say(&sink, said.as_bytes()).await;
        assert!(replies.ends_with("250 2.0.0 queued as 42\r\n221 2.0.0 bye\r\n"), "{replies}");
        let [session] = sink.sessions().try_into().unwrap();
        assert_eq!(session.clear, said.as_bytes());
        assert_eq!(session.violations, Vec::<String>::new());
        let [received] = sink.wait_for(1, PATIENCE).await.try_into().unwrap();
        assert_eq!(received.mail_from, "<a@example.com>");
        assert_eq!(received.rcpt_to, ["<b@example.com>"]);
        assert_eq!(received.data, b"A: b\r\n\r\n.\r\n..c\r\n");
    }

    #[tokio::test]
    async fn violations_of_smtp_are_recorded() {
        for (body, violation) in [
            ("a\nb\r\n", "a bare LF"),
            ("a\rb\r\n", "a bare CR"),
            ("a\0b\r\n", "a NUL"),
            (&format!("{}\r\n", "a".repeat(999)), "a line of 999 bytes"),
            (".\r\nMAIL\r\nMAIL\r\nDATA\r\n.\r\n", "a second MAIL"),
            (".\r\nDATA\r\n.\r\n", "DATA before MAIL and RCPT"),
        ] {
            let sink = SmtpSink::start(Behaviour::accept()).await;
            say(&sink, format!("{HEAD}{body}.\r\n").as_bytes()).await;
            let [session] = sink.sessions().try_into().unwrap();
            assert!(session.violations.iter().any(|v| v == violation), "{:?}", session.violations);
        }
    }

    #[tokio::test]
    async fn failures_can_be_limited() {
        let busy = Behaviour::accept().answering_at(Stage::Greeting, "421 4.3.2 busy");
        let sink = SmtpSink::start(busy.times(2)).await;
        for expected in ["421", "421", "220", "220"] {
            assert!(say(&sink, b"").await.starts_with(expected));
        }
    }

    #[tokio::test]
    async fn the_server_restarts_on_its_port() {
        let sink = SmtpSink::start(Behaviour::accept()).await;
        sink.stop().await;
        let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, sink.port())).await;
        assert!(refused.is_err());
        sink.restart().await;
        assert!(say(&sink, b"QUIT\r\n").await.starts_with("220"));
    }
}
