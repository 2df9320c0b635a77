//! Which act is limited by what: per client network, and per account.
//!
//! Counted first thing in a use case, before any look-up, so that a limit says nothing about who
//! has an account, and so that every door (API, pages, embedders) shares one count.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::caller::Caller;
use crate::error::Error;
use crate::policy::LimitPolicy;
use crate::ports::{Action, Decision, Limit, LimitKey, RateLimiter, Subject};

/// Admits or refuses attempts by the policy.
#[derive(Clone)]
pub(crate) struct Limits {
    limiter: Arc<dyn RateLimiter>,
    policy: LimitPolicy,
}

impl Limits {
    pub(crate) fn new(limiter: Arc<dyn RateLimiter>, policy: LimitPolicy) -> Self {
        Self { limiter, policy }
    }

    /// Counts an attempt of a client.
    pub(crate) async fn admit_client(&self, action: Action, caller: &Caller) -> Result<(), Error> {
        let attempts = match action {
            Action::SignUp => self.policy.sign_up,
            Action::SignIn => self.policy.sign_in,
            Action::RequestReset => self.policy.reset_request,
            Action::SubmitReset => self.policy.reset_submit,
            Action::ChangePassword => self.policy.account,
        };
        self.admit(action, Subject::Client(caller.network()), attempts).await
    }

    /// Counts an attempt on an account, named by what the caller claims it to be.
    pub(crate) async fn admit_account(&self, action: Action, name: &[u8]) -> Result<(), Error> {
        let digest = Sha256::digest(name).into();
        self.admit(action, Subject::Account(digest), self.policy.account).await
    }

    async fn admit(
        &self,
        action: Action,
        subject: Subject,
        attempts: std::num::NonZeroU32,
    ) -> Result<(), Error> {
        if !self.policy.enabled {
            return Ok(());
        }
        let limit = Limit { attempts, window: Duration::from_mins(1) };
        match self.limiter.admit(&LimitKey { action, subject }, limit).await {
            Decision::Admitted => Ok(()),
            Decision::Refused { retry_after } => Err(Error::Throttled { retry_after }),
        }
    }
}
