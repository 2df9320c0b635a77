//! Rate limits per client network and per account.
//!
//! Use cases count first, before any lookup, so that a limit does not reveal an account and all
//! entry points share a counter.

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::error::Error;
use crate::model::client::ClientInfo;
use crate::model::email::EmailKey;
use crate::model::id::UserId;
use crate::model::policy::LimitPolicy;
use crate::ports::{Action, Decision, Limit, LimitKey, RateLimiter, Subject};

/// Checks attempts against the policy.
#[derive(Clone)]
pub(crate) struct RateLimits {
    limiter: Arc<dyn RateLimiter>,
    policy: LimitPolicy,
}

impl RateLimits {
    pub(crate) fn new(limiter: Arc<dyn RateLimiter>, policy: LimitPolicy) -> Self {
        Self { limiter, policy }
    }

    /// Counts an attempt of a client: for its network, and with a higher limit for its IPv6 prefix, so
    /// that a client with many networks gains little.
    pub(crate) async fn admit_client(
        &self,
        action: Action,
        client: &ClientInfo,
    ) -> Result<(), Error> {
        let attempts = match action {
            Action::SignUp => self.policy.sign_up,
            Action::SignIn | Action::ChangePassword | Action::EndSessions => self.policy.sign_in,
            Action::RequestReset => self.policy.reset_request,
            Action::SubmitReset => self.policy.reset_submit,
            Action::TestMail => self.policy.test_mail,
        };
        let network = client.network();
        self.admit(action, Subject::Client(network), attempts).await?;
        match network.site() {
            Some(site) => {
                let attempts = attempts.saturating_mul(self.policy.networks_per_site);
                self.admit(action, Subject::Site(site), attempts).await
            }
            None => Ok(()),
        }
    }

    /// Counts a sign-in to the account that the client names.
    pub(crate) async fn admit_sign_in_to(&self, key: &EmailKey) -> Result<(), Error> {
        let account = Subject::Account(Sha256::digest(key.as_str()).into());
        self.admit(Action::SignIn, account, self.policy.account).await
    }

    /// Counts a change of a user's password.
    pub(crate) async fn admit_change_by(&self, user: UserId) -> Result<(), Error> {
        self.admit(Action::ChangePassword, account(user), self.policy.sign_in).await
    }

    /// Counts a user's ending of all other sessions, which needs no password but takes a lock.
    pub(crate) async fn admit_end_by(&self, user: UserId) -> Result<(), Error> {
        self.admit(Action::EndSessions, account(user), self.policy.sign_in).await
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

fn account(user: UserId) -> Subject {
    Subject::Account(Sha256::digest(user.as_uuid().as_bytes()).into())
}
