//! An SMTP relay on the loopback interface that does what a test tells it to.
//!
//! It is strict where relays are lenient: a line that ends in anything but CR LF, or is too long,
//! is a violation of the session. It keeps everything it is told, byte for byte, so that a test
//! can also assert what was *not* said. It is not a mail server: nothing leaves it.

mod authority;
mod behaviour;
mod conversation;
pub mod parse;
mod wire;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub use self::authority::Certificate;
pub use self::behaviour::{Behaviour, Stage};

/// A relay that does what a test tells it to; gone when dropped.
///
/// It lives on the runtime that started it, so a test must not block that runtime's last thread.
#[derive(Debug)]
pub struct SmtpSink {
    state: Arc<Shared>,
    port: u16,
    listening: Mutex<JoinSet<()>>,
}

/// One connection, from its first byte to now.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// What the client sent before TLS; everything, if there was no TLS.
    pub clear: Vec<u8>,
    /// What the client sent inside TLS.
    pub encrypted: Vec<u8>,
    /// What a relay must not be sent: bare CR or LF, long lines, commands out of order.
    pub violations: Vec<String>,
    /// The client has hung up, or was hung up on.
    pub ended: bool,
}

/// A mail that was accepted, or whose acceptance was cut short after the final dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Everything after `MAIL FROM:`, such as `<a@example.com> SMTPUTF8`.
    pub mail_from: String,
    /// Everything after each `RCPT TO:`.
    pub rcpt_to: Vec<String>,
    /// The mail with doubled dots made single again, and without the final dot.
    pub data: Vec<u8>,
    /// The position of its session in [`SmtpSink::sessions`].
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
    /// When no port can be had.
    pub async fn start(behaviour: Behaviour) -> Self {
        let inner = Inner { behaviour, sessions: Vec::new(), messages: Vec::new() };
        let state = Arc::new(Shared { inner: Mutex::new(inner), changed: watch::Sender::new(()) });
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let sink = Self { state, port, listening: Mutex::default() };
        sink.listen(listener);
        sink
    }

    /// Where it listens, also while it is stopped.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority behind its certificates, as PEM: what a client has to trust.
    pub fn ca_pem() -> String {
        authority::ca_pem()
    }

    /// Changes what it does from the next command on.
    pub fn set(&self, behaviour: Behaviour) {
        self.state.change(|inner| inner.behaviour = behaviour);
    }

    /// The mails so far, oldest first.
    pub fn messages(&self) -> Vec<Received> {
        self.state.read().messages.clone()
    }

    /// Forgets the mails so far and answers them, oldest first.
    pub fn take(&self) -> Vec<Received> {
        self.state.change(|inner| std::mem::take(&mut inner.messages))
    }

    /// The connections so far, oldest first.
    pub fn sessions(&self) -> Vec<Session> {
        self.state.read().sessions.clone()
    }

    /// Waits until there are `count` mails, and answers them.
    ///
    /// # Panics
    /// When the time is up; the panic says how many there are.
    pub async fn wait_for(&self, count: usize, limit: Duration) -> Vec<Received> {
        let arrived =
            self.wait_until(limit, |sink| sink.state.read().messages.len() >= count).await;
        assert!(arrived, "waited for {count} mails, there are {}", self.messages().len());
        self.messages()
    }

    /// Waits until something is true of this sink; `false` when the time is up.
    pub async fn wait_until(&self, limit: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let mut changes = self.state.changed.subscribe();
        let met = changes.wait_for(|()| condition(self));
        matches!(tokio::time::timeout(limit, met).await, Ok(Ok(_)))
    }

    /// Stops listening and hangs up on everybody, as a crashed relay does.
    ///
    /// # Panics
    /// When a test thread panicked while it started or stopped this sink.
    pub async fn stop(&self) {
        let mut tasks = std::mem::take(&mut *self.listening.lock().unwrap());
        tasks.shutdown().await;
    }

    /// Listens again on the same port.
    ///
    /// # Panics
    /// When the port was taken meanwhile.
    pub async fn restart(&self) {
        self.stop().await;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        self.listen(TcpListener::bind(address).await.unwrap());
    }

    fn listen(&self, listener: TcpListener) {
        let state = Arc::clone(&self.state);
        self.listening.lock().unwrap().spawn(async move {
            // Dropped with this task, and the conversations with it.
            let mut conversations = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                conversations.spawn(conversation::hold(stream, Arc::clone(&state)));
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

    /// Says all of it at once, and answers what the sink said until it hung up.
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
    async fn what_is_said_is_kept_and_doubled_dots_are_made_single() {
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
    async fn what_a_relay_must_not_be_sent_is_a_violation() {
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
    async fn trouble_can_be_limited() {
        let busy = Behaviour::accept().answering_at(Stage::Greeting, "421 4.3.2 busy");
        let sink = SmtpSink::start(busy.times(2)).await;
        for expected in ["421", "421", "220", "220"] {
            assert!(say(&sink, b"").await.starts_with(expected));
        }
    }

    #[tokio::test]
    async fn a_sink_comes_back_on_its_port() {
        let sink = SmtpSink::start(Behaviour::accept()).await;
        sink.stop().await;
        let refused = TcpStream::connect((Ipv4Addr::LOCALHOST, sink.port())).await;
        assert!(refused.is_err());
        sink.restart().await;
        assert!(say(&sink, b"QUIT\r\n").await.starts_with("220"));
    }
}
