//! The figures of the rules, as plain data with tested defaults.

use std::num::NonZeroU32;

use time::Duration;

/// Every figure the use cases go by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// Who may sign up.
    pub sign_up: SignUpMode,
    /// Lifetimes of sessions and access tokens.
    pub sessions: SessionPolicy,
    /// Reset links.
    pub reset: ResetPolicy,
    /// Passwords.
    pub passwords: PasswordPolicy,
    /// How often a client may try.
    pub limits: LimitPolicy,
    /// Wrong passwords.
    pub failures: FailurePolicy,
    /// The record of what happened.
    pub audit: AuditPolicy,
    /// How the worker sends.
    pub outbox: OutboxPolicy,
    /// The first administrator.
    pub setup: SetupPolicy,
}

/// Who may sign up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpMode {
    /// Anybody, signed in at once.
    #[default]
    Open,
    /// Nobody; administrators create accounts.
    Closed,
}

/// Lifetimes of sessions and access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// How long an access token is valid.
    pub access_ttl: Duration,
    /// How long a session lives without being renewed.
    pub idle_ttl: Duration,
    /// How long a session lives at all; NIST SP 800-63B-4 recommends at most 30 days.
    pub absolute_ttl: Duration,
    /// The most sessions an account has; a new one ends the oldest.
    pub max_per_user: u32,
    /// How long after a proof of identity the riskiest acts are allowed without another one.
    pub proof_ttl: Duration,
    /// A browser session's owner is noted as seen at most this often.
    pub touch_every: Duration,
    /// How long after its exchange a refresh token is answered with the same successor: clients
    /// repeat a request whose answer they did not hear.
    pub refresh_grace: Duration,
    /// Whether anybody may ask which sessions have ended lately.
    pub tells_ended: bool,
}

/// Reset links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetPolicy {
    /// How long a link works. NIST SP 800-63B-4, section 4.2.1.2, allows 24 hours.
    pub ttl: Duration,
    /// A request that comes sooner than this after the newest live link issues no other, so that
    /// nobody can keep killing the link its owner is about to open (decision D5).
    pub coalesce: Duration,
    /// The most links one account is sent within an hour, silently.
    pub max_per_hour: usize,
}

/// Passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// The fewest code points a new password may have.
    pub min_length: usize,
    /// A word that no new password may be made of.
    pub product_name: String,
}

/// The first administrator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupPolicy {
    /// How long a set-up link works.
    pub ttl: Duration,
}

/// How often a client may try, per minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitPolicy {
    /// `false` only for load tests.
    pub enabled: bool,
    /// Sign-ins per client network.
    pub sign_in: NonZeroU32,
    /// Sign-ups per client network.
    pub sign_up: NonZeroU32,
    /// Requests for a reset link per client network.
    pub reset_request: NonZeroU32,
    /// Attempts to use a reset link per client network.
    pub reset_submit: NonZeroU32,
    /// Test mails per client network.
    pub test_mail: NonZeroU32,
    /// So many times a network's limit is what all networks of one IPv6 site have together.
    pub networks_per_site: NonZeroU32,
    /// Sign-ins to one account from everywhere together. High, because whoever can use it up keeps
    /// the owner out.
    pub account: NonZeroU32,
}

/// Wrong passwords for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailurePolicy {
    /// So many in a row from one network cost no time.
    pub free: u32,
    /// What the next one costs; every further one costs twice as much.
    pub first_delay: std::time::Duration,
    /// What one costs at most.
    pub max_delay: std::time::Duration,
    /// So many in a row, from everywhere, disable the password; NIST SP 800-63B-4, section 3.2.2,
    /// allows 100.
    pub max_in_a_row: u32,
    /// The owner hears of a sign-in that follows so many.
    pub tell_from: u32,
    /// How long a network's are held against it, and any for an address without an account.
    pub keep: Duration,
}

/// The record of what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPolicy {
    /// How long an event is kept.
    pub keep: Duration,
}

/// How the worker sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxPolicy {
    /// How long a claim lasts.
    pub lease: Duration,
    /// A claim with less than this left is not begun: somebody else may be about to send.
    pub min_lease: Duration,
    /// The pause after the first failure; it doubles with each further one.
    pub first_retry: Duration,
    /// The longest pause.
    pub max_retry: Duration,
    /// A mail that could not be sent for so long has failed.
    pub give_up_after: Duration,
    /// How long mails, links and sessions are kept after their end.
    pub keep: Duration,
}

impl Default for SessionPolicy {
    fn default() -> Self {
        Self {
            access_ttl: Duration::minutes(15),
            idle_ttl: Duration::days(7),
            absolute_ttl: Duration::days(30),
            max_per_user: 50,
            proof_ttl: Duration::minutes(5),
            touch_every: Duration::minutes(1),
            refresh_grace: Duration::seconds(10),
            tells_ended: false,
        }
    }
}

impl Default for ResetPolicy {
    fn default() -> Self {
        Self { ttl: Duration::minutes(30), coalesce: Duration::minutes(1), max_per_hour: 5 }
    }
}

impl Default for SetupPolicy {
    fn default() -> Self {
        Self { ttl: Duration::hours(1) }
    }
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self { min_length: 12, product_name: "Vestibule".to_owned() }
    }
}

const fn at_least_one(n: u32) -> NonZeroU32 {
    match NonZeroU32::new(n) {
        Some(n) => n,
        None => NonZeroU32::MIN,
    }
}

impl Default for LimitPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            sign_in: at_least_one(20),
            sign_up: at_least_one(10),
            reset_request: at_least_one(5),
            reset_submit: at_least_one(3),
            test_mail: at_least_one(5),
            networks_per_site: at_least_one(8),
            account: at_least_one(300),
        }
    }
}

impl Default for FailurePolicy {
    fn default() -> Self {
        Self {
            free: 5,
            first_delay: std::time::Duration::from_secs(1),
            max_delay: std::time::Duration::from_mins(15),
            max_in_a_row: 100,
            tell_from: 10,
            keep: Duration::days(1),
        }
    }
}

impl Default for AuditPolicy {
    fn default() -> Self {
        Self { keep: Duration::days(90) }
    }
}

impl Default for OutboxPolicy {
    fn default() -> Self {
        Self {
            lease: Duration::minutes(2),
            min_lease: Duration::seconds(35),
            first_retry: Duration::seconds(1),
            max_retry: Duration::minutes(5),
            give_up_after: Duration::days(2),
            keep: Duration::days(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_documents() {
        let policy = Policy::default();
        assert_eq!(policy.sessions.access_ttl, Duration::minutes(15));
        assert_eq!(policy.sessions.idle_ttl, Duration::days(7));
        assert_eq!(policy.sessions.absolute_ttl, Duration::days(30));
        assert_eq!(policy.reset.ttl, Duration::minutes(30));
        assert_eq!(policy.passwords.min_length, 12);
        assert_eq!(policy.limits.reset_request.get(), 5);
        assert_eq!(policy.limits.reset_submit.get(), 3);
        assert_eq!(policy.limits.sign_in.get(), 20);
        assert_eq!(policy.limits.sign_up.get(), 10);
        assert!(policy.limits.enabled);
    }
}
