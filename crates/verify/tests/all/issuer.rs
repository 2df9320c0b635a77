//! An issuer over HTTP with configurable responses that records requests.
#![expect(clippy::disallowed_methods, reason = "its tasks end with the test's runtime")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time;
use vestibule_verify::{RemoteVerifier, Rules, Settings};

use crate::fixture::{AUDIENCE, ISSUER, NOW, published};

pub(crate) const KEYS: &str = "/.well-known/paseto-keys";
pub(crate) const REVOCATIONS: &str = "/api/v1/revocations";

/// A response for a path.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
    /// `true` if the response has a content length.
    pub(crate) sized: bool,
}

impl Answer {
    pub(crate) fn ok(body: impl Into<String>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into(), sized: true }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, ..Self::ok("") }
    }
}

#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
    was_asked: Arc<Notify>,
}

#[derive(Default)]
struct State {
    answers: HashMap<&'static str, Answer>,
    asked: Vec<String>,
}

impl Issuer {
    /// Starts an issuer that publishes these keys.
    pub(crate) async fn publishing(secrets: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { address, state: Arc::default(), was_asked: Arc::default() };
        issuer.publish(secrets);
        let server = issuer.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(server.clone().serve(stream));
            }
        });
        issuer
    }

    pub(crate) fn publish(&self, secrets: &[&str]) {
        self.answer(KEYS, Answer::ok(published(secrets)));
    }

    pub(crate) fn answer(&self, path: &'static str, answer: Answer) {
        self.state.lock().unwrap().answers.insert(path, answer);
    }

    /// Returns the requested paths with their queries.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().asked.clone()
    }

    /// Waits for a request for this path.
    pub(crate) async fn is_asked(&self, target: &str) {
        loop {
            let again = self.was_asked.notified();
            if self.asked().iter().any(|asked| asked == target) {
                return;
            }
            again.await;
        }
    }

    /// Returns a verifier of this issuer with a fixed clock.
    pub(crate) fn verifier(&self) -> RemoteVerifier {
        RemoteVerifier::with(self.settings()).unwrap()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            rules: Rules::new(ISSUER, AUDIENCE),
            url: Some(self.address.clone()),
            clock: || NOW,
            ..Settings::new("", "")
        }
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let target = head.split(' ').nth(1).unwrap().to_owned();
        let path = target.split('?').next().unwrap();
        let answer = self.state.lock().unwrap().answers.get(path).cloned();
        let answer = answer.unwrap_or_else(|| Answer::status(404));
        self.state.lock().unwrap().asked.push(target.clone());
        self.was_asked.notify_waiters();
        let mut text = format!("HTTP/1.1 {} Whatever\r\nConnection: close\r\n", answer.status);
        for (name, value) in &answer.headers {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        if answer.sized {
            write!(text, "Content-Length: {}\r\n", answer.body.len()).unwrap();
        }
        text.push_str("\r\n");
        text.push_str(&answer.body);
        // The client may have disconnected on purpose.
        let _ = stream.write_all(text.as_bytes()).await;
    }
}

/// Advances the paused clock without waiting.
pub(crate) async fn pass(duration: Duration) {
    time::pause();
    time::advance(duration).await;
    time::resume();
}
