//! Fetching documents from the issuer, with limits on size and time.

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

/// Time limit of a request, from connecting to the last byte.
pub(super) const DEADLINE: Duration = Duration::from_secs(5);

/// User agent of the requests.
const NAME: HeaderValue =
    HeaderValue::from_static(concat!("vestibule-verify/", env!("CARGO_PKG_VERSION")));

/// Error of a request to the issuer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// No complete response within five seconds.
    #[error("no response from the issuer")]
    NoAnswer(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The status is not 200; redirects are not followed.
    #[error("unexpected status {0} from the issuer")]
    Status(u16),
    /// The response is too long.
    #[error("response of the issuer longer than {limit} bytes")]
    TooLarge {
        /// Maximum length in bytes.
        limit: usize,
    },
    /// The response is not a valid list of keys.
    #[error("invalid keys from the issuer")]
    Keys(#[from] KeySetError),
    /// The response is not a valid list of ended sessions.
    #[error("invalid list of ended sessions from the issuer")]
    Sessions(#[source] serde_json::Error),
    /// More sessions have ended than can be stored; see
    /// [`MOST_ENDED`](super::feed::MOST_ENDED).
    #[error("too many ended sessions")]
    TooManySessions,
}

/// The future of a response.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchError>> + Send + 'a>>;

/// A source of documents.
pub(crate) trait Documents: fmt::Debug + Send + Sync {
    /// Fetches a complete document of at most `limit` bytes, with status 200.
    fn fetch<'a>(&'a self, url: &'a str, limit: usize) -> Answer<'a>;
}

/// HTTP client that trusts the system's certificates, follows no redirects and uses no proxy.
#[derive(Debug)]
pub(super) struct HttpDocuments {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl HttpDocuments {
    /// Does not fail without system certificates: verification of each certificate fails later.
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

/// Configures TLS with ring, regardless of the default provider of the process.
fn tls(roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(tls.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests;
