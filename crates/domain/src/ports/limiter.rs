//! Counting attempts for rate limits.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;

use crate::model::client::{ClientNetwork, ClientPrefix};

/// Counts attempts and refuses those above a limit.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts an attempt and decides, in one atomic step.
    ///
    /// Of any number of concurrent callers with one key, at most `limit.attempts` are admitted
    /// within any `limit.window`. A refused attempt does not count. Different keys do not affect
    /// each other. Never fails: an adapter that loses its store continues with a stricter limit.
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision;
}

/// The key of a counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LimitKey {
    /// The limited action.
    pub action: Action,
    /// The subject whose attempts are counted.
    pub subject: Subject,
}

/// The limited actions. All entry points of a use case share its counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Sign-up.
    SignUp,
    /// Sign-in.
    SignIn,
    /// Requesting a reset link.
    RequestReset,
    /// Using a reset link.
    SubmitReset,
    /// Changing a password, and reauthentication.
    ChangePassword,
    /// Ending all other sessions.
    EndSessions,
    /// Sending a test mail.
    TestMail,
}

/// The subject of a counter.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A client network.
    Client(ClientNetwork),
    /// All networks of an IPv6 /48 together.
    Site(ClientPrefix),
    /// An account, existing or not: a digest of its identifier, so that the limiter's store contains
    /// no addresses.
    Account([u8; 32]),
}

/// A number of attempts in a time window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Maximum number of attempts.
    pub attempts: NonZeroU32,
    /// The time window.
    pub window: Duration,
}

/// The decision of the limiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Admitted and counted.
    Admitted,
    /// Refused.
    Refused {
        /// Time until an attempt is admitted again, if there is no other before.
        retry_after: Duration,
    },
}

impl Action {
    /// Returns a stable name, for shared stores and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::SignIn => "sign-in",
            Self::RequestReset => "request-reset",
            Self::SubmitReset => "submit-reset",
            Self::ChangePassword => "change-password",
            Self::EndSessions => "end-sessions",
            Self::TestMail => "test-mail",
        }
    }
}

impl fmt::Display for LimitKey {
    /// Returns a stable, unambiguous text, for limiters that count in a shared store.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = self.action.name();
        match &self.subject {
            Subject::Client(network) => write!(f, "{action}:client:{network}"),
            Subject::Site(site) => write!(f, "{action}:site:{site}"),
            Subject::Account(digest) => {
                write!(f, "{action}:account:")?;
                digest.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}
