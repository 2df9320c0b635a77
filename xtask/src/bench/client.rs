//! A minimal HTTP client for single requests.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Sends a request and returns the status, and the body if it is JSON.
///
/// HTTP/1.0, so that the response ends with the connection.
pub(super) fn request(address: &str, method: &str, path: &str, body: &str) -> Result<(u16, Value)> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response).context("cannot read the response")?;
    let (head, body) = response.split_once("\r\n\r\n").context("incomplete response")?;
    let status = head.split(' ').nth(1).context("no status")?;
    Ok((status.parse()?, serde_json::from_str(body).unwrap_or_default()))
}

/// Signs a user up and returns the access token.
pub(super) fn sign_up(address: &str, name: &str) -> Result<String> {
    let body = sign_up_body(name);
    match request(address, "POST", "/api/v1/auth/signup", &body)? {
        (201, response) => Ok(response["access_token"].as_str().unwrap_or_default().to_owned()),
        (status, response) => bail!("sign-up failed: {status} {response}"),
    }
}

/// Password of all users of the benchmarks.
const PASSWORD: &str = "correct horse battery";

/// Returns the body of a sign-up request.
pub(super) fn sign_up_body(name: &str) -> String {
    format!(r#"{{"email":"{name}@example.com","username":"{name}","password":"{PASSWORD}"}}"#)
}

/// Returns the body of a sign-in request.
pub(super) fn sign_in_body(name: &str) -> String {
    format!(r#"{{"email":"{name}@example.com","password":"{PASSWORD}"}}"#)
}

/// A client that sends all requests on one connection.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    address: String,
}

impl Client {
    pub(super) fn connect(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Self { stream: BufReader::new(stream), address: address.to_owned() })
    }

    /// Sends a request with an access token and returns the status.
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
        Ok(status.context("no status")?.parse()?)
    }
}
