//! The sign-in throttle: delays after wrong passwords, and a lock after 100 in a row.
//!
//! Counted per address, with or without an account, and delayed per address and client network, so
//! that it does not reveal an account. NIST SP 800-63B-4, section 3.2.2, allows at most 100 wrong
//! passwords in a row. After that the password is disabled until it is reset by mail; sessions go on
//! (decision 0013).

use std::time::Duration;

use crate::error::Error;
use crate::model::audit::{Actor, AuditAction};
use crate::model::client::ClientInfo;
use crate::model::email::EmailKey;
use crate::model::id::UserId;
use crate::model::mail::{Mail, QueuedMail};
use crate::model::password::Password;
use crate::model::policy::{Policy, SignInThrottlePolicy};
use crate::ports::{Ports, UnitOfWork, Verdict};
use crate::use_cases::authenticated_session::AuthenticatedSession;

/// Counts wrong passwords per address, and delays or refuses further ones.
#[derive(Clone)]
pub(crate) struct SignInThrottle {
    ports: Ports,
    policy: SignInThrottlePolicy,
    /// `false` only for load tests, like all limits.
    enabled: bool,
}

/// The state of the password of an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordState {
    /// In use.
    InUse,
    /// Disabled until it is reset.
    Disabled,
}

/// An attempt with a wrong or disabled password.
pub(crate) struct FailedAttempt<'a> {
    /// The address.
    pub(crate) address: &'a EmailKey,
    /// The account with that address, if there is one.
    pub(crate) user_id: Option<UserId>,
    /// The audit action to record.
    pub(crate) kind: AuditAction,
    /// The client.
    pub(crate) client: &'a ClientInfo,
}

impl SignInThrottle {
    pub(crate) fn new(ports: &Ports, policy: &Policy) -> Self {
        let enabled = policy.limits.enabled;
        Self { ports: ports.clone(), policy: policy.failures.clone(), enabled }
    }

    /// Checks if a password may be tried now, before the account is looked up.
    ///
    /// # Errors
    /// `Throttled` while a delay lasts; `Unavailable`, `Internal`.
    pub(crate) async fn check(
        &self,
        address: &EmailKey,
        client: &ClientInfo,
    ) -> Result<PasswordState, Error> {
        if !self.enabled {
            return Ok(PasswordState::InUse);
        }
        let count = self.ports.store.find_failures(address, client.network()).await?;
        if let Some(last) = count.last_from_network {
            let delay = delay_after(&self.policy, count.from_network);
            // The absolute difference, so that a clock that was set back does not extend the delay.
            let elapsed = (self.ports.clock.now() - last).unsigned_abs();
            let left = delay.saturating_sub(elapsed);
            if !left.is_zero() {
                return Err(Error::Throttled { retry_after: left });
            }
        }
        Ok(self.state_after(count.total))
    }

    /// Records a wrong password: the audit event, the count, and the lock and mail at the limit.
    pub(crate) async fn record_failure(&self, guess: FailedAttempt<'_>) -> Result<(), Error> {
        let FailedAttempt { address, user_id, kind, client } = guess;
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let event = |kind, by| self.ports.event(kind, user_id, by, client);
        let mut unit = self.ports.store.begin().await?;
        unit.record(&event(kind, Actor::Client)).await?;
        // Also after the lock, because an end of the delays would reveal it.
        if self.enabled {
            // Same retention as for addresses without an account, whose counts are deleted.
            let since = now - self.policy.keep;
            let total = unit.count_failure(address, client.network(), now, since).await?;
            if let Some(user_id) = user_id.filter(|_| total == self.policy.max_in_a_row) {
                unit.record(&event(AuditAction::PasswordDisabled, Actor::Service)).await?;
                let mail = Mail::PasswordDisabled { user_id, client: client.clone() };
                unit.enqueue(&QueuedMail::new(mail, now, random)).await?;
            }
        }
        unit.commit().await?;
        Ok(())
    }

    /// Resets the count of an address after the right password, and returns the former count. Returns
    /// `None` if the password was disabled while it was verified; the sign-in must then fail.
    pub(crate) async fn reset(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailKey,
        client: &ClientInfo,
    ) -> Result<Option<u32>, Error> {
        let total = unit.forget_failures(address, Some(client.network())).await?;
        Ok((self.state_after(total) == PasswordState::InUse).then_some(total))
    }

    /// Verifies the password of a signed-in user. Wrong ones count like those at sign-in (ASVS 6.2.3).
    ///
    /// # Errors
    /// `IncorrectPassword`, `Throttled`, `UserNotFound`, `Unavailable`, `Internal`.
    pub(crate) async fn reauthenticate(
        &self,
        actor: &AuthenticatedSession,
        password: &Password,
    ) -> Result<(), Error> {
        let AuthenticatedSession { user, client, .. } = actor;
        let address = user.email.key();
        let state = self.check(address, client).await?;
        let current = self.ports.store.find_password(user.id).await?.ok_or(Error::UserNotFound)?;
        let verdict = self.ports.hasher.verify(password, &current).await?;
        if verdict != Verdict::Mismatch && state == PasswordState::InUse {
            return Ok(());
        }
        let kind = AuditAction::ProofFailed;
        self.record_failure(FailedAttempt { address, user_id: Some(user.id), kind, client })
            .await?;
        Err(Error::IncorrectPassword)
    }

    /// Returns `true` if the user is notified of a sign-in after this number of wrong passwords.
    pub(crate) fn is_worth_telling(&self, failures: u32) -> bool {
        failures >= self.policy.tell_from
    }

    fn state_after(&self, total: u32) -> PasswordState {
        if self.enabled && total >= self.policy.max_in_a_row {
            PasswordState::Disabled
        } else {
            PasswordState::InUse
        }
    }
}

/// Returns the delay of a network after a number of wrong passwords: none at first, then doubling
/// up to a maximum.
fn delay_after(policy: &SignInThrottlePolicy, failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(policy.free + 1) else {
        return Duration::ZERO;
    };
    policy.first_delay.saturating_mul(2_u32.saturating_pow(doublings)).min(policy.max_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_start_after_the_free_failures_and_double_up_to_a_limit() {
        let policy = SignInThrottlePolicy::default();
        let delays: Vec<u64> =
            [0, 5, 6, 7, 8, 15, 16, 99, u32::MAX].map(|n| delay_after(&policy, n).as_secs()).into();
        assert_eq!(delays, [0, 0, 1, 2, 4, 512, 900, 900, 900]);
    }
}
