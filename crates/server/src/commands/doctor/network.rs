//! Network checks: the public URL, the client IP behind proxies, and the trace collector.

use std::net::IpAddr;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use ipnet::IpNet;
use poem::http::Uri;
use rustls::pki_types::ServerName;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::super::now;
use super::Finding;
use crate::app::App;
use crate::config::{Config, PublicUrl};
use crate::traces::Collector;
use crate::{probe, tls};

const DEADLINE: Duration = Duration::from_secs(10);
const MAX_ANSWER: u64 = 64 * 1024;
/// A forged trace id: a service that continues it accepts trace ids from clients.
const FORGED_TRACE: &str = "70726f626570726f626570726f626570";
/// A forged client IP from a documentation range (RFC 5737).
const FORGED: &str = "192.0.2.99";

/// The answer of the service.
struct Seen {
    peer: Option<IpAddr>,
    forwarded: String,
    client: Option<IpAddr>,
    traceparent: String,
}

/// Sends a probe to the public URL with forged headers.
pub(super) async fn public_url(app: &App, config: &Config) -> Vec<Finding> {
    let about = "public URL";
    let Some(url) = &config.public_url else { return Vec::new() };
    let mut findings = Vec::new();
    let text = url.as_str();
    if !url.is_https() && !url.is_loopback() {
        let found = format!("{text} is not https: passwords and cookies are sent unencrypted");
        let fix = "put a proxy with TLS in front, and set server.public_url to its address";
        findings.push(Finding::bad(about, found, fix));
    }
    let question = match probe::question(app.sealer(), now()) {
        Ok(question) => question,
        Err(error) => {
            findings.push(Finding::bad(about, error.to_string(), "see the key checks"));
            return findings;
        }
    };
    let answer = timeout(DEADLINE, ask(url, &question)).await;
    let answer = answer.unwrap_or_else(|_| Err(anyhow!("no answer within {DEADLINE:?}")));
    match answer {
        Err(error) => {
            let found = format!("{text} cannot be reached from this machine: {error:#}");
            let fix = "start the service and its proxy; check DNS, the certificate, and that this \
                       machine may reach the address";
            findings.push(Finding::bad(about, found, fix));
        }
        Ok((200, body)) => match seen(&body) {
            Some(seen) => {
                findings.push(Finding::good(about, format!("{text} leads to this installation")));
                findings.push(trust(url, &seen, &config.trusted_proxies));
                if config.traces.is_some() {
                    findings.extend(beginning(&seen, &config.trusted_proxies));
                }
            }
            None => findings.push(stranger(text, 200)),
        },
        Ok((status, _)) => findings.push(stranger(text, status)),
    }
    findings
}

fn stranger(url: &str, status: u16) -> Finding {
    let found = format!("{url} is answered by another service (status {status})");
    let fix = "let the proxy pass every path on, /health/probe included; and run this with the \
               configuration and the keys of the service that answers there";
    Finding::bad("public URL", found, fix)
}

fn seen(body: &str) -> Option<Seen> {
    let body: Value = serde_json::from_str(body).ok()?;
    let address = |name: &str| body[name].as_str().and_then(|text| text.parse().ok());
    Some(Seen {
        peer: address("peer"),
        forwarded: body["forwarded"].as_str()?.to_owned(),
        client: address("client"),
        traceparent: body["traceparent"].as_str().unwrap_or_default().to_owned(),
    })
}

/// Checks that the proxy removes `traceparent` headers of clients.
fn beginning(seen: &Seen, trusted: &[IpNet]) -> Option<Finding> {
    let peer = seen.peer?;
    let is_trusted = trusted.iter().any(|net| net.contains(&peer));
    (is_trusted && seen.traceparent.contains(FORGED_TRACE)).then(|| {
        let found =
            format!("the proxy {peer} forwards traceparent headers of clients, who can choose what is traced");
        let fix = "let the proxy remove the header traceparent, or begin traces itself; see \
                   nginx.conf and Caddyfile in docs/deployment";
        Finding::bad("traces", found, fix)
    })
}

/// Checks that the collector accepts traces.
pub(super) async fn collector(config: &Config) -> Option<Finding> {
    let traces = config.traces.as_ref()?;
    let (about, address) = ("traces", &traces.address);
    // A message without spans has no bytes.
    Some(match Collector::new(traces).take(Vec::new()).await {
        Ok(()) => Finding::good(about, format!("the collector at {address} accepts traces")),
        Err(error) => {
            let found = format!("traces are lost: {address}: {error:#}");
            let fix = "start the collector; check traces.endpoint and traces.headers";
            Finding::doubtful(about, found, fix)
        }
    })
}

/// Checks the client IP that the service sees.
fn trust(url: &PublicUrl, seen: &Seen, trusted: &[IpNet]) -> Finding {
    let about = "proxy";
    let Seen { peer, forwarded, client, .. } = seen;
    let is_trusted = peer.is_some_and(|peer| trusted.iter().any(|net| net.contains(&peer)));
    let peer = peer.map_or_else(|| "no address".to_owned(), |peer| peer.to_string());
    let is_forged = client.is_some_and(|client| client.to_string() == FORGED);
    if is_forged {
        let found = "X-Forwarded-For of clients is trusted: they can evade rate limits";
        let fix = "let the proxy replace the header, or add the address that it sees at the end of \
                   it; see nginx.conf and Caddyfile in docs/deployment";
        return Finding::bad(about, found, fix);
    }
    let client = client.map_or_else(|| "no address".to_owned(), |client| client.to_string());
    // The header differs from the one sent, so a proxy wrote it.
    let is_written = forwarded.trim() != FORGED && !forwarded.trim().is_empty();
    if is_written && !is_trusted {
        let found = format!("all clients appear as the proxy {peer} and share one rate limit");
        let fix = format!("add \"{peer}\" to server.trusted_proxies");
        return Finding::bad(about, found, fix);
    }
    if !is_written && url.is_https() {
        let found = format!("the proxy {peer} does not set X-Forwarded-For");
        let fix = "set it as nginx.conf and Caddyfile in docs/deployment do";
        return Finding::bad(about, found, fix);
    }
    if is_written {
        return Finding::good(about, format!("{peer} sets X-Forwarded-For; client IP: {client}"));
    }
    Finding::good(about, "no proxy, and X-Forwarded-For is not trusted")
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Sends a request and returns status and body. HTTP/1.0, so that the end of the connection ends
/// the body.
async fn ask(url: &PublicUrl, question: &str) -> anyhow::Result<(u16, String)> {
    let uri: Uri = url.as_str().parse().context("the public URL")?;
    let host = uri.host().unwrap_or_default();
    let port = uri.port_u16().unwrap_or(if url.is_https() { 443 } else { 80 });
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let connection = TcpStream::connect((bare, port)).await?;
    let mut stream: Box<dyn Stream> = if url.is_https() {
        let name = ServerName::try_from(bare.to_owned()).context("the host's name")?;
        Box::new(tls::connector().connect(name, connection).await?)
    } else {
        Box::new(connection)
    };
    let authority = uri.authority().map_or(host, |authority| authority.as_str());
    let request = format!(
        "GET {} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\nAccept: application/json\r\n\
         X-Forwarded-For: {FORGED}\r\nTraceparent: 00-{FORGED_TRACE}-70726f6265707272-01\r\n{}: {question}\r\n\r\n",
        probe::PATH,
        probe::HEADER,
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    let read = (&mut stream).take(MAX_ANSWER).read_to_end(&mut answer).await;
    // Some servers close without a TLS close_notify; use what was received.
    if answer.is_empty() {
        read?;
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("not an HTTP response")?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok((status.context("not an HTTP response")?, body.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    fn judged(url: &str, trusted: &str, forwarded: &str, client: &str) -> State {
        let seen = Seen {
            peer: "10.0.0.1".parse().ok(),
            forwarded: forwarded.to_owned(),
            client: client.parse().ok(),
            traceparent: String::new(),
        };
        let trusted: Vec<IpNet> = trusted.parse().into_iter().collect();
        trust(&PublicUrl::parse(url).unwrap(), &seen, &trusted).state
    }

    #[test]
    fn whoever_goes_on_with_a_strangers_trace_is_found_out() {
        let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
        for (traceparent, is_found) in [
            ("00-70726f626570726f626570726f626570-70726f6265707272-01", true),
            // With a span of the proxy.
            ("00-70726f626570726f626570726f626570-1111111111111111-00", true),
            ("00-22222222222222222222222222222222-1111111111111111-01", false),
            ("", false),
        ] {
            let seen = Seen {
                peer: "10.0.0.1".parse().ok(),
                forwarded: String::new(),
                client: None,
                traceparent: traceparent.to_owned(),
            };
            assert_eq!(beginning(&seen, &trusted).is_some(), is_found, "{traceparent}");
            assert!(beginning(&seen, &[]).is_none(), "no proxy is trusted");
        }
    }

    #[test]
    fn whoever_is_believed_wrongly_or_not_at_all_is_found_out() {
        let https = "https://accounts.example.com";
        for (trusted, forwarded, client, state) in [
            ("10.0.0.0/8", "198.51.100.7", "198.51.100.7", State::Good),
            ("10.0.0.0/8", "192.0.2.99, 198.51.100.7", "198.51.100.7", State::Good),
            // Sent from the machine of the proxy.
            ("10.0.0.0/8", "10.0.0.1", "10.0.0.1", State::Good),
            ("10.0.0.0/8", "192.0.2.99", "192.0.2.99", State::Bad),
            ("", "198.51.100.7", "10.0.0.1", State::Bad),
            ("10.9.0.0/16", "192.0.2.99, 198.51.100.7", "10.0.0.1", State::Bad),
            ("", "192.0.2.99", "10.0.0.1", State::Bad),
            ("10.0.0.0/8", "", "10.0.0.1", State::Bad),
        ] {
            assert_eq!(judged(https, trusted, forwarded, client), state, "{trusted}, {forwarded}");
        }
        let local = "http://127.0.0.1:8080";
        assert_eq!(judged(local, "", "192.0.2.99", "10.0.0.1"), State::Good);
        assert_eq!(judged(local, "10.0.0.1/32", "192.0.2.99", "192.0.2.99"), State::Bad);
    }
}
