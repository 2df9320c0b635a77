//! `vestibule healthcheck`: for containers without an HTTP client.

use std::time::Duration;

use anyhow::{Context, anyhow};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{configuration, print_line};
use crate::cli::Place;
use crate::failure::Failure;

const DEADLINE: Duration = Duration::from_secs(5);
const REQUEST: &[u8] =
    b"GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Requests the readiness of the service at the configured address.
pub(super) async fn run(place: &Place) -> Result<(), Failure> {
    let mut address = configuration(place)?.listen;
    if address.ip().is_unspecified() {
        let loopback = if address.is_ipv4() { "127.0.0.1" } else { "::1" };
        address.set_ip(loopback.parse().map_err(anyhow::Error::from)?);
    }
    let answer = timeout(DEADLINE, ask(address)).await;
    let answer = answer.map_err(|_| anyhow!("no answer from {address} within 5 s"))?;
    let status_line = answer.with_context(|| format!("asking {address}"))?;
    if status_line.contains(" 200 ") {
        print_line("ready");
        return Ok(());
    }
    Err(anyhow!("not ready: {status_line}").into())
}

async fn ask(address: std::net::SocketAddr) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    connection.take(4096).read_to_end(&mut answer).await?;
    let text = String::from_utf8_lossy(&answer);
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
