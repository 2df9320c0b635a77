//! Wrong passwords: told apart from a few mistakes, they slow down and then end the guessing.
//!
//! Counted per address that is tried, whether it belongs to an account or not, and delayed per
//! address and client network, so that neither says who has an account. NIST SP 800-63B-4, section
//! 3.2.2, allows at most 100 in a row before the password itself is taken out of service; the
//! account is not, and a reset by mail gives it a new one (decision D16).

use std::time::Duration;

use time::OffsetDateTime;

use crate::audit::{Doer, EventKind};
use crate::caller::Caller;
use crate::email::EmailKey;
use crate::error::Error;
use crate::id::UserId;
use crate::mail::{Mail, QueuedMail};
use crate::password::Password;
use crate::policy::{FailurePolicy, Policy};
use crate::ports::{Ports, UnitOfWork, Verdict};
use crate::sessions::Actor;

/// How many wrong passwords there were for an address since the last right one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureCount {
    /// From everywhere together.
    pub total: u32,
    /// From the network that is asked about, of late.
    pub from_network: u32,
    /// When the last of those came.
    pub last_from_network: Option<OffsetDateTime>,
}

/// Holds wrong passwords against the address they were tried for.
#[derive(Clone)]
pub(crate) struct Guesses {
    ports: Ports,
    policy: FailurePolicy,
    /// `false` only for load tests, like every other limit.
    enabled: bool,
}

/// Whether the password of an address is in service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordState {
    /// It opens the account.
    InUse,
    /// It opens nothing until it is reset.
    Disabled,
}

/// A password that was wrong, or counts as wrong.
pub(crate) struct Guess<'a> {
    /// The address it was tried for.
    pub(crate) address: &'a EmailKey,
    /// The account with that address, if there is one.
    pub(crate) user_id: Option<UserId>,
    /// What it was tried for.
    pub(crate) kind: EventKind,
    /// Who tried.
    pub(crate) caller: &'a Caller,
}

impl Guesses {
    pub(crate) fn new(ports: &Ports, policy: &Policy) -> Self {
        let enabled = policy.limits.enabled;
        Self { ports: ports.clone(), policy: policy.failures.clone(), enabled }
    }

    /// Says whether a password may be tried now, before any account is looked up.
    ///
    /// # Errors
    /// `Throttled` while a delay lasts; `Unavailable`, `Internal`.
    pub(crate) async fn admit(
        &self,
        address: &EmailKey,
        caller: &Caller,
    ) -> Result<PasswordState, Error> {
        if !self.enabled {
            return Ok(PasswordState::InUse);
        }
        let count = self.ports.store.find_failures(address, caller.network()).await?;
        if let Some(last) = count.last_from_network {
            let delay = delay_after(&self.policy, count.from_network);
            // As far the other way, too: a clock that was set back keeps nobody waiting until it is
            // where it was.
            let elapsed = (self.ports.clock.now() - last).unsigned_abs();
            let left = delay.saturating_sub(elapsed);
            if !left.is_zero() {
                return Err(Error::Throttled { retry_after: left });
            }
        }
        Ok(self.state_after(count.total))
    }

    /// Notes a wrong password: the event, the count, and what follows from it.
    pub(crate) async fn note(&self, guess: Guess<'_>) -> Result<(), Error> {
        let Guess { address, user_id, kind, caller } = guess;
        let (now, random) = (self.ports.clock.now(), &*self.ports.random);
        let event = |kind, by| self.ports.event(kind, user_id, by, caller);
        let mut unit = self.ports.store.begin().await?;
        unit.record(&event(kind, Doer::Holder)).await?;
        // Also when nothing can be guessed any more: an end of the delays would tell so.
        if self.enabled {
            // As long as strangers' counts are kept: theirs begin anew by being forgotten.
            let since = now - self.policy.keep;
            let total = unit.count_failure(address, caller.network(), now, since).await?;
            if let Some(user_id) = user_id.filter(|_| total == self.policy.max_in_a_row) {
                unit.record(&event(EventKind::PasswordDisabled, Doer::Service)).await?;
                let mail = Mail::PasswordDisabled { user_id, caller: caller.clone() };
                unit.enqueue(&QueuedMail::new(mail, now, random)).await?;
            }
        }
        unit.commit().await?;
        Ok(())
    }

    /// Forgets what was held against an address whose owner has just shown the right password, and
    /// answers how many wrong ones there were. The last word of a race: `None` when the password
    /// was taken out of service while it was being compared, and opens nothing.
    pub(crate) async fn forgive(
        &self,
        unit: &mut dyn UnitOfWork,
        address: &EmailKey,
        caller: &Caller,
    ) -> Result<Option<u32>, Error> {
        let total = unit.forget_failures(address, Some(caller.network())).await?;
        Ok((self.state_after(total) == PasswordState::InUse).then_some(total))
    }

    /// Compares what somebody in a session gives as its owner's password. Guesses count like those
    /// at the door (ASVS 6.2.3).
    ///
    /// # Errors
    /// `IncorrectPassword`, `Throttled`, `UserNotFound`, `Unavailable`, `Internal`.
    pub(crate) async fn prove_again(
        &self,
        actor: &Actor,
        password: &Password,
    ) -> Result<(), Error> {
        let Actor { user, caller, .. } = actor;
        let address = user.email.key();
        let state = self.admit(address, caller).await?;
        let current = self.ports.store.find_password(user.id).await?.ok_or(Error::UserNotFound)?;
        let verdict = self.ports.hasher.verify(password, &current).await?;
        if verdict != Verdict::Mismatch && state == PasswordState::InUse {
            return Ok(());
        }
        let kind = EventKind::ProofFailed;
        self.note(Guess { address, user_id: Some(user.id), kind, caller }).await?;
        Err(Error::IncorrectPassword)
    }

    /// Whether its owner should hear of a sign-in after so many wrong passwords.
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

/// How long a network waits after so many wrong passwords: not at all at first, then twice as long
/// each time, up to a bound.
fn delay_after(policy: &FailurePolicy, failures: u32) -> Duration {
    let Some(doublings) = failures.checked_sub(policy.free + 1) else {
        return Duration::ZERO;
    };
    policy.first_delay.saturating_mul(2_u32.saturating_pow(doublings)).min(policy.max_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_begin_after_the_free_ones_double_and_end_at_the_bound() {
        let policy = FailurePolicy::default();
        let delays: Vec<u64> =
            [0, 5, 6, 7, 8, 15, 16, 99, u32::MAX].map(|n| delay_after(&policy, n).as_secs()).into();
        assert_eq!(delays, [0, 0, 1, 2, 4, 512, 900, 900, 900]);
    }
}
