//! A raw HTTP/1.1 client, for requests that a regular client would not send, and for the exact
//! form of errors.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::service::Service;

/// Time limit for a response on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A response as received, with its headers in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    /// Names in lower case, in order.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A request that is being built.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    head: Vec<u8>,
    body: Vec<u8>,
}

impl Draft {
    pub(crate) fn new(method: &str, target: impl AsRef<[u8]>) -> Self {
        let head = [method.as_bytes(), b" ", target.as_ref(), b" HTTP/1.1\r\nHost: localhost\r\n"];
        Self { head: head.concat(), body: Vec::new() }
    }

    /// A POST request with the content type of JSON.
    pub(crate) fn json(path: &str, body: impl AsRef<[u8]>) -> Self {
        Self::new("POST", path).header("Content-Type", "application/json").body(body)
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        for part in [name.as_bytes(), b": ", value.as_ref(), b"\r\n"] {
            self.head.extend_from_slice(part);
        }
        self
    }

    /// Adds a bearer token.
    pub(crate) fn bearing(self, token: &str) -> Self {
        self.header("Authorization", format!("Bearer {token}"))
    }

    /// Adds a body with `Content-Length`.
    pub(crate) fn body(self, body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref().to_vec();
        Self { body: body.clone(), ..self.header("Content-Length", body.len().to_string()) }
    }

    /// Adds a chunked body.
    pub(crate) fn chunked(self, body: &[u8]) -> Self {
        let mut chunks = Vec::new();
        for chunk in body.chunks(8192) {
            chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            chunks.extend_from_slice(chunk);
            chunks.extend_from_slice(b"\r\n");
        }
        chunks.extend_from_slice(b"0\r\n\r\n");
        Self { body: chunks, ..self.header("Transfer-Encoding", "chunked") }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [&self.head[..], b"\r\n", &self.body].concat()
    }
}

/// A persistent connection.
pub(crate) struct Wire {
    reader: BufReader<OwnedReadHalf>,
    writer: OwnedWriteHalf,
}

impl Wire {
    pub(crate) async fn to(address: &str) -> Self {
        Self::reach(address).await.unwrap()
    }

    /// Connects to a server that may not be running.
    pub(crate) async fn reach(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (reader, writer) = stream.into_split();
        Ok(Self { reader: BufReader::new(reader), writer })
    }

    /// Sends a request and reads its response, which may arrive before all of it was sent.
    pub(crate) async fn exchange(&mut self, draft: &Draft) -> Raw {
        let bytes = draft.bytes();
        let bodiless = bytes.starts_with(b"HEAD ");
        // The server may refuse the request before it has read all of it.
        let sending = async { drop(self.writer.write_all(&bytes).await) };
        let both = async { tokio::join!(sending, receive(&mut self.reader, bodiless)).1 };
        let answer = tokio::time::timeout(PATIENCE, both).await.expect("an answer in time");
        answer.expect("an answer before the connection ends")
    }

    pub(crate) async fn send(&mut self, draft: &Draft) {
        self.try_send(draft).await.unwrap();
    }

    /// Sends a request to a server that may have stopped.
    pub(crate) async fn try_send(&mut self, draft: &Draft) -> io::Result<()> {
        self.writer.write_all(&draft.bytes()).await
    }

    /// The next response, or `None` if the connection ends before.
    pub(crate) async fn receive(&mut self) -> Option<Raw> {
        receive(&mut self.reader, false).await
    }
}

async fn receive(reader: &mut BufReader<OwnedReadHalf>, bodiless: bool) -> Option<Raw> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let count = reader.read_line(&mut line).await.ok()?;
        match line.trim_end() {
            _ if count == 0 => return None,
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let status = lines.first()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &String| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_ascii_lowercase(), value.trim().to_owned()))
    };
    let headers = lines[1..].iter().filter_map(header).collect();
    let mut raw = Raw { status, headers, body: Vec::new() };
    let length = raw.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    if !bodiless {
        raw.body.resize(length, 0);
        reader.read_exact(&mut raw.body).await.ok()?;
    }
    Some(raw)
}

impl Raw {
    /// The value of a header that is present exactly once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("UTF-8")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Asserts that the body is exactly a problem details object, and returns its `code`.
    #[track_caller]
    pub(crate) fn problem(&self) -> String {
        assert!((400..=599).contains(&self.status), "no error: {self:?}");
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{self:?}");
        let body = self.json();
        let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        let mut expected = vec!["code", "detail", "request_id", "status", "title", "type"];
        if self.status == 422 {
            expected.insert(2, "errors");
            let errors = body["errors"].as_array().unwrap();
            assert!(!errors.is_empty(), "{body}");
            for error in errors {
                let said = |name: &str| error[name].as_str().map(str::len);
                assert!(said("field").is_some() && said("code") > Some(0), "{body}");
                assert!(said("detail") > Some(0), "{body}");
            }
        }
        assert_eq!(names, expected, "{body}");
        assert_eq!(body["status"], self.status);
        assert_eq!(body["request_id"].as_str(), self.header("x-request-id"), "{self:?}");
        assert!(!body["request_id"].as_str().unwrap().is_empty());
        for name in ["type", "title", "detail"] {
            assert!(!body[name].as_str().unwrap().is_empty(), "{body}");
        }
        if self.status == 401 {
            assert_eq!(self.header("www-authenticate"), Some("Bearer"), "{self:?}");
        }
        if matches!(self.status, 429 | 503) {
            let seconds: u64 = self.header("retry-after").unwrap().parse().unwrap();
            assert!(seconds > 0, "{self:?}");
        }
        body["code"].as_str().unwrap().to_owned()
    }
}

impl Service {
    pub(crate) async fn wire(&self) -> Wire {
        Wire::to(self.address()).await
    }

    /// Sends a request over a separate connection.
    pub(crate) async fn raw(&self, draft: &Draft) -> Raw {
        self.wire().await.exchange(draft).await
    }
}
