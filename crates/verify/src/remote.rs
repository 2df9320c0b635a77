//! Verification with keys fetched from the issuer, and polling for ended sessions.

mod cache;
pub(crate) mod documents;
mod feed;
mod pause;
mod settings;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;

pub use self::cache::{KEYS_KEPT, KEYS_STALE, UNKNOWN_KEY_PAUSE};
pub use self::documents::FetchError;
pub use self::feed::MOST_ENDED;
pub use self::settings::{Settings, SetupError};

use self::cache::KeyCache;
use self::documents::{Documents, HttpDocuments};
use self::feed::Feed;
use crate::claims::Claims;
use crate::error::VerifyError;
use crate::token::Envelope;
use crate::verifier::Rules;

/// Error of a remote verification.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The token is invalid.
    #[error("invalid token")]
    Refused(#[from] VerifyError),
    /// The token cannot be verified: no keys could be fetched, now or within [`KEYS_KEPT`].
    #[error("no keys available")]
    NoKeys {
        /// Time after which to retry.
        retry_after: Duration,
        /// Error of the last fetch, if known.
        #[source]
        cause: Option<Arc<FetchError>>,
    },
}

/// A verifier that fetches the keys of the issuer.
///
/// It fetches keys when the first token arrives, and again when they are old or a token names an
/// unknown one. Clones are cheap and share all state. It requires a Tokio runtime.
///
/// ```no_run
/// # async fn example(token: &str) -> Result<(), Box<dyn std::error::Error>> {
/// use vestibule_verify::RemoteVerifier;
///
/// let verifier = RemoteVerifier::new("https://id.example.com", "https://api.example.com")?;
/// let claims = verifier.verify(token).await?;
/// println!("{} is here", claims.user_id);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct RemoteVerifier {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    rules: Rules,
    clock: fn() -> OffsetDateTime,
    keys: Arc<KeyCache>,
    feed: Arc<Feed>,
}

impl RemoteVerifier {
    /// Creates a verifier for an issuer whose name is its URL, with default limits.
    ///
    /// # Errors
    ///
    /// Those of [`with`](Self::with).
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Result<Self, SetupError> {
        Self::with(Settings::new(issuer, audience))
    }

    /// Creates a verifier with settings. Sends no request yet.
    ///
    /// # Errors
    ///
    /// - [`SetupError::Url`] if keys cannot be fetched from the URL of the issuer.
    /// - [`SetupError::PlainHttp`] if it is not `https://`, is on another machine, and
    ///   [`Settings::plain_http`] does not allow that.
    /// - [`SetupError::Tls`] if TLS cannot be set up on this machine.
    pub fn with(settings: Settings) -> Result<Self, SetupError> {
        let documents: Arc<dyn Documents> = Arc::new(HttpDocuments::new()?);
        Self::over(documents, settings)
    }

    fn over(documents: Arc<dyn Documents>, settings: Settings) -> Result<Self, SetupError> {
        let keys = KeyCache::new(Arc::clone(&documents), settings.address(cache::PATH)?);
        let feed = Feed::new(documents, settings.address(feed::PATH)?, &settings.rules);
        let (rules, clock) = (settings.rules, settings.clock);
        let shared = Shared { rules, clock, keys: Arc::new(keys), feed: Arc::new(feed) };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns the claims of a token, if it is valid now.
    ///
    /// It usually does not wait. It waits for the issuer, at most five seconds, if there are no
    /// keys yet, if they are older than [`KEYS_STALE`], or if the token names an unknown key.
    /// Concurrent calls share one request.
    ///
    /// # Errors
    ///
    /// - [`RemoteError::Refused`], with one of the reasons of
    ///   [`Verifier::verify`](crate::Verifier::verify), or [`VerifyError::Ended`] if the feed
    ///   contains its session.
    /// - [`RemoteError::NoKeys`]: the token may be valid; the issuer could not be reached.
    pub async fn verify(&self, token: &str) -> Result<Claims, RemoteError> {
        let envelope = Envelope::parse(token)?;
        let keys = self.shared.keys.keys_for(envelope.kid()).await?;
        let claims = self.shared.rules.verify(&envelope, &keys, (self.shared.clock)())?;
        if self.shared.feed.has_ended(claims.session_id) {
            return Err(VerifyError::Ended.into());
        }
        Ok(claims)
    }

    /// Polls for ended sessions, and rejects their tokens from then on.
    ///
    /// Spawn the returned future; it polls at once and then every `interval` (two seconds are a
    /// good value; the minimum is 100 ms), and never ends. After a failure it pauses for a second,
    /// then longer each time, up to half a minute. Without it, a token is valid until it expires,
    /// even if its session has ended.
    ///
    /// While polling fails, tokens are still accepted. Check [`feed_age`](Self::feed_age) if your
    /// service should reject requests then.
    pub fn follow_revocations(
        &self,
        interval: Duration,
    ) -> impl Future<Output = Infallible> + Send + use<> {
        let feed = Arc::clone(&self.shared.feed);
        async move { feed.follow(interval).await }
    }

    /// Returns the age of the list of ended sessions; `None` if it was never fetched.
    ///
    /// Normally it stays below the interval plus the time of one request. Sessions that ended
    /// within this time may still be accepted.
    pub fn feed_age(&self) -> Option<Duration> {
        self.shared.feed.age()
    }

    /// Returns the age of the keys; `None` if there are none. More than [`KEYS_STALE`] under
    /// traffic means that the issuer does not respond.
    pub fn keys_age(&self) -> Option<Duration> {
        self.shared.keys.age()
    }
}
