//! Counting attempts.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use async_trait::async_trait;

use crate::caller::{ClientNetwork, ClientSite};

/// Counts attempts and refuses those that are too many.
#[cfg_attr(test, mockall::automock)]
#[async_trait]
pub trait RateLimiter: Send + Sync {
    /// Counts one attempt and decides, in one atomic step.
    ///
    /// Of any number of concurrent callers with one key, at most `limit.attempts` are admitted
    /// within any `limit.window`. A refused attempt does not count. Different keys do not affect
    /// each other. Never fails: an adapter that loses its store goes on with a stricter limit.
    async fn admit(&self, key: &LimitKey, limit: Limit) -> Decision;
}

/// What is counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LimitKey {
    /// What is being done.
    pub action: Action,
    /// By or to whom.
    pub subject: Subject,
}

/// The acts that are limited. All doors to one use case share its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// Opening an account.
    SignUp,
    /// Signing in.
    SignIn,
    /// Asking for a reset link.
    RequestReset,
    /// Using a reset link.
    SubmitReset,
    /// Changing a password, or proving again who one is.
    ChangePassword,
    /// Ending all of one's other sessions.
    EndSessions,
    /// Sending a test mail.
    TestMail,
}

/// Whose attempts are counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// A client's network.
    Client(ClientNetwork),
    /// All networks of a client's site together.
    Site(ClientSite),
    /// An account, whether it exists or not: a digest of what names it, so that no limiter's store
    /// holds addresses.
    Account([u8; 32]),
}

/// So many attempts within so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many.
    pub attempts: NonZeroU32,
    /// Within how long.
    pub window: Duration,
}

/// The limiter's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go ahead; the attempt is counted.
    Admitted,
    /// Not now.
    Refused {
        /// When an attempt will be admitted again, if nobody else comes first.
        retry_after: Duration,
    },
}

impl Action {
    /// A stable name, for shared stores and programs.
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
    /// A stable, unambiguous text, for limiters that count in a shared store.
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
