//! The client of the trace collector: OTLP over HTTP with protobuf, one connection per batch.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use poem::http::{HeaderMap, HeaderValue, Uri, header};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::TracesConfig;
use crate::tls;

/// Timeout of a batch, from the connection to the response.
const DEADLINE: Duration = Duration::from_secs(5);
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");
const NAME: HeaderValue =
    HeaderValue::from_static(concat!("vestibule/", env!("CARGO_PKG_VERSION")));

/// The trace collector.
pub(crate) struct Collector {
    address: Uri,
    headers: HeaderMap,
    tls: Option<TlsConnector>,
}

impl Collector {
    /// Creates a client, without connecting.
    pub(crate) fn new(config: &TracesConfig) -> Self {
        let address = config.address.clone();
        let tls = (address.scheme_str() == Some("https")).then(tls::connector);
        let mut headers: HeaderMap = config.headers.iter().cloned().collect();
        headers.insert(header::CONTENT_TYPE, PROTOBUF);
        headers.insert(header::USER_AGENT, NAME);
        if let Some(host) = address.authority().and_then(|host| host.as_str().parse().ok()) {
            headers.insert(header::HOST, host);
        }
        Self { address, headers, tls }
    }

    /// Sends an `ExportTraceServiceRequest`.
    ///
    /// # Errors
    /// If it is not accepted within five seconds.
    pub(crate) async fn take(&self, body: Vec<u8>) -> anyhow::Result<()> {
        let handed_over = timeout(DEADLINE, self.hand_over(body)).await;
        handed_over.unwrap_or_else(|_| Err(anyhow!("no answer within {DEADLINE:?}")))
    }

    async fn hand_over(&self, body: Vec<u8>) -> anyhow::Result<()> {
        let host = self.address.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let usual = if self.tls.is_some() { 443 } else { 80 };
        let port = self.address.port_u16().unwrap_or(usual);
        let connection = TcpStream::connect((host, port)).await.context("no connection")?;
        match &self.tls {
            None => self.ask(connection, body).await,
            Some(tls) => {
                let name = ServerName::try_from(host.to_owned())?;
                self.ask(tls.connect(name, connection).await.context("no TLS")?, body).await
            }
        }
    }

    async fn ask(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin,
        body: Vec<u8>,
    ) -> anyhow::Result<()> {
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        let path = self.address.path_and_query().map_or("/", |path| path.as_str());
        let length = body.len();
        let mut request = Request::post(path).body(Full::new(Bytes::from(body)))?;
        *request.headers_mut() = self.headers.clone();
        // Also for an empty message, because some servers refuse a POST without a length.
        request.headers_mut().insert(header::CONTENT_LENGTH, length.into());
        // The body is ignored, and the connection closed.
        let status = tokio::select! {
            answer = sender.send_request(request) => answer?.status(),
            Err(error) = connection => return Err(error.into()),
        };
        if !status.is_success() {
            bail!("the collector answers with status {}", status.as_u16());
        }
        Ok(())
    }
}
