//! How a document is fetched from the issuer: whole, small and soon, or not at all.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::USER_AGENT;
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use tokio::time;

use super::settings::SetupError;
use crate::keys::KeySetError;

/// How long a document may take, from the connection to its last byte.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// Who asks.
const NAME: HeaderValue =
    HeaderValue::from_static(concat!("vestibule-verify/", env!("CARGO_PKG_VERSION")));

/// Why something could not be had from the issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There was no answer, or none to the end, within five seconds.
    #[error("the issuer does not answer")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer was another one than 200; a redirect is not followed.
    #[error("the issuer answers with status {0}")]
    Status(u16),
    /// The answer was longer than it may be.
    #[error("the issuer's answer is longer than {limit} bytes")]
    TooLarge {
        /// How long it may be.
        limit: usize,
    },
    /// The answer was no list of keys.
    #[error("the issuer's keys are unusable")]
    Keys(#[from] KeySetError),
    /// The answer was no list of ended sessions.
    #[error("the issuer's list of ended sessions is unusable")]
    Sessions(#[source] serde_json::Error),
    /// More sessions have ended than are remembered; see
    /// [`MOST_ENDED`](super::feed::MOST_ENDED).
    #[error("too many sessions have ended to remember them all")]
    TooManySessions,
}

/// What comes back, some time.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// Where documents come from.
pub(crate) trait Documents: fmt::Debug + Send + Sync {
    /// Fetches a document of at most `limit` bytes. It is an answer with status 200, and it is
    /// complete.
    fn fetch<'a>(&'a self, url: &'a str, limit: usize) -> Answer<'a>;
}

/// Fetches over HTTP, by the certificates this machine trusts. Redirects are answers like any
/// other, and no proxy is asked.
#[derive(Debug)]
pub(super) struct HttpDocuments {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl HttpDocuments {
    /// A machine without certificates is told apart only when one is needed: then none holds.
    pub(super) fn new() -> Result<Self, SetupError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Self::trusting(roots)
    }

    fn trusting(roots: RootCertStore) -> Result<Self, SetupError> {
        let tls = tls(roots).map_err(|error| SetupError::Tls(error.into()))?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(1)
            .build(connector.build());
        Ok(Self { client })
    }

    async fn read(&self, url: &str, limit: usize) -> Result<Vec<u8>, FetchError> {
        let request = Request::get(url).header(USER_AGENT, NAME).body(Empty::new());
        let request = request.map_err(FetchError::no_answer)?;
        let answer = self.client.request(request).await.map_err(FetchError::no_answer)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        match Limited::new(answer.into_body(), limit).collect().await {
            Ok(body) => Ok(body.to_bytes().into()),
            Err(error) if error.is::<LengthLimitError>() => Err(FetchError::TooLarge { limit }),
            Err(error) => Err(FetchError::no_answer(error)),
        }
    }
}

impl FetchError {
    fn no_answer(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::NoAnswer(error.into())
    }
}

impl Documents for HttpDocuments {
    fn fetch<'a>(&'a self, url: &'a str, limit: usize) -> Answer<'a> {
        Box::pin(async move {
            let answer = time::timeout(DEADLINE, self.read(url, limit)).await;
            answer.unwrap_or_else(|late| Err(FetchError::no_answer(late)))
        })
    }
}

/// TLS with ring, whatever provider the process has installed.
fn tls(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(tls.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
