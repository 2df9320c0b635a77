//! Verification with keys that are fetched from the issuer, and sessions whose end is followed.

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

/// Why there are no claims.
#[derive(Debug, thiserror::Error)]
pub enum RemoteError {
    /// The token is refused.
    #[error("the token is refused")]
    Refused(#[from] VerifyError),
    /// Nobody can say what the token is worth: no keys could be had from the issuer, now or in the
    /// last [`KEYS_KEPT`].
    #[error("there are no keys to verify tokens with")]
    NoKeys {
        /// When another request may be worth while.
        retry_after: Duration,
        /// Why there are none, if it is known.
        #[source]
        cause: Option<Arc<FetchError>>,
    },
}

/// Verifies access tokens with the keys their issuer publishes.
///
/// It fetches the keys when the first token arrives, keeps them, and fetches them again when they
/// have aged or a token names a key it does not know. Clones share everything; clone it as often as
/// you like. It has to be used inside a Tokio runtime.
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
    /// Verifies tokens of an issuer whose name is its address, with the default bounds.
    ///
    /// # Errors
    ///
    /// As [`with`](Self::with).
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Result<Self, SetupError> {
        Self::with(Settings::new(issuer, audience))
    }

    /// Verifies tokens by these settings. Asks nobody yet.
    ///
    /// # Errors
    ///
    /// - [`SetupError::Url`]: the issuer's address is none that keys could be fetched from.
    /// - [`SetupError::PlainHttp`]: it is not `https://`, leads to another machine, and
    ///   [`Settings::plain_http`] does not allow that.
    /// - [`SetupError::Tls`]: TLS cannot be set up on this machine.
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

    /// What a token says, if it is good now.
    ///
    /// As a rule this waits for nobody. It waits for the issuer, five seconds at most, if there are
    /// no keys yet, if they are older than [`KEYS_STALE`], or if the token names an unknown key. Of
    /// all that wait at one moment, one asks.
    ///
    /// # Errors
    ///
    /// - [`RemoteError::Refused`], with one of the reasons of
    ///   [`Verifier::verify`](crate::Verifier::verify), or [`VerifyError::Ended`] if the session is
    ///   one that the feed has named.
    /// - [`RemoteError::NoKeys`]: the token may be good or not; the issuer could not be reached.
    pub async fn verify(&self, token: &str) -> Result<Claims, RemoteError> {
        let envelope = Envelope::parse(token)?;
        let keys = self.shared.keys.keys_for(envelope.kid()).await?;
        let claims = self.shared.rules.verify(&envelope, &keys, (self.shared.clock)())?;
        if self.shared.feed.has_ended(claims.session_id) {
            return Err(VerifyError::Ended.into());
        }
        Ok(claims)
    }

    /// Follows the sessions that end, and refuses their tokens from then on.
    ///
    /// Spawn what it returns; it asks the issuer at once and then every `interval` (two seconds are
    /// a good value; less than 100 ms becomes 100 ms), and does not end by itself. After a failure
    /// it pauses for a second, and longer each time, up to half a minute. Without it, a token is
    /// good until it expires, whatever has become of its session.
    ///
    /// While the feed cannot be had, tokens go on being accepted. [`feed_age`](Self::feed_age) says
    /// so; whether to refuse requests then is for the caller to decide.
    pub fn follow_revocations(
        &self,
        interval: Duration,
    ) -> impl Future<Output = Infallible> + Send + use<> {
        let feed = Arc::clone(&self.shared.feed);
        async move { feed.follow(interval).await }
    }

    /// How old what is known about ended sessions is; `None` if the feed was never read.
    ///
    /// While all is well it stays below the interval and the time of one request. Sessions that
    /// have ended within this age may still be accepted.
    pub fn feed_age(&self) -> Option<Duration> {
        self.shared.feed.age()
    }

    /// How old the keys are; `None` if there are none. More than [`KEYS_STALE`] under traffic means
    /// that the issuer does not answer.
    pub fn keys_age(&self) -> Option<Duration> {
        self.shared.keys.age()
    }
}
