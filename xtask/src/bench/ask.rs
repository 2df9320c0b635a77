//! Single requests, to set the stage. HTTP/1.0, so that the end of the answer is the end of the
//! connection.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(30);

/// The status of an answer, and its body if that is JSON.
pub(super) fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).context("an answer")?;
    let (head, body) =
        answer.split_once("\r\n\r\n").context("an answer with an end of its head")?;
    let status = head.split(' ').nth(1).context("a status")?;
    Ok((status.parse()?, serde_json::from_str(body).unwrap_or_default()))
}

/// Signs somebody up, and gives the access token.
pub(super) fn sign_up(address: &str, name: &str) -> Result<String> {
    let body = sign_up_body(name);
    match ask(address, "POST", "/api/v1/auth/signup", &body)? {
        (201, answer) => Ok(answer["access_token"].as_str().unwrap_or_default().to_owned()),
        (status, answer) => bail!("sign-up: {status} {answer}"),
    }
}

/// The password of everybody here.
const PASSWORD: &str = "correct horse battery";

/// What a sign-up sends.
pub(super) fn sign_up_body(name: &str) -> String {
    format!(r#"{{"email":"{name}@example.com","username":"{name}","password":"{PASSWORD}"}}"#)
}

/// What a sign-in sends.
pub(super) fn sign_in_body(name: &str) -> String {
    format!(r#"{{"email":"{name}@example.com","password":"{PASSWORD}"}}"#)
}

/// One connection on which a client asks again and again.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Client {
    pub(super) fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream: BufReader::new(stream), address: address.to_owned() })
    }

    /// Asks with an access token, and gives the status.
    pub(super) fn get(&mut self, path: &str, token: &str) -> Result<u16> {
        write!(
            self.stream.get_mut(),
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {token}\r\n\r\n",
            self.address
        )?;
        let (mut status, mut length) = (None, 0);
        loop {
            let mut line = String::new();
            self.stream.read_line(&mut line)?;
            let line = line.trim_end();
            if line.is_empty() {
                break;
            }
            if status.is_none() {
                status = line.split(' ').nth(1).map(str::to_owned);
            } else if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        self.stream.read_exact(&mut vec![0; length])?;
        Ok(status.context("a status")?.parse()?)
    }
}
