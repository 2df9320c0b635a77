//! The configurable limits and lifetimes, with their defaults.

use std::num::NonZeroU32;

use time::Duration;

/// All policies of the use cases.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// The sign-up mode.
    pub sign_up: SignUpMode,
    /// Lifetimes of sessions and access tokens.
    pub sessions: SessionPolicy,
    /// Lifetime and limits of reset links.
    pub reset: ResetPolicy,
    /// Rules for new passwords.
    pub passwords: PasswordPolicy,
    /// Rate limits.
    pub limits: LimitPolicy,
    /// The sign-in throttle.
    pub failures: SignInThrottlePolicy,
    /// The audit log.
    pub audit: AuditPolicy,
    /// Delivery of mail.
    pub outbox: OutboxPolicy,
    /// First-administrator setup.
    pub setup: SetupPolicy,
}

/// The sign-up mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignUpMode {
    /// Open to the public; a user is signed in at once.
    #[default]
    Open,
    /// Closed; operators create accounts.
    Closed,
}

/// Lifetimes of sessions and access tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPolicy {
    /// Lifetime of an access token.
    pub access_ttl: Duration,
    /// Lifetime of a session that is not renewed.
    pub idle_ttl: Duration,
    /// Maximum lifetime of a session; NIST SP 800-63B-4 recommends at most 30 days.
    pub absolute_ttl: Duration,
    /// Maximum number of sessions of an account; a new one ends the oldest.
    pub max_per_user: u32,
    /// Time after authentication in which sensitive operations need no reauthentication.
    pub proof_ttl: Duration,
    /// Minimum interval between updates of a browser session's last use.
    pub touch_every: Duration,
    /// Time after its exchange in which a refresh token returns the same successor, because clients
    /// retry after a lost response.
    pub refresh_grace: Duration,
    /// If `true`, the list of recently ended sessions is public.
    pub tells_ended: bool,
}

/// Lifetime and limits of reset links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetPolicy {
    /// Lifetime of a link. NIST SP 800-63B-4, section 4.2.1.2, allows 24 hours.
    pub ttl: Duration,
    /// Minimum interval between two links of an account, so that an attacker who requests links
    /// cannot invalidate the one that the user is about to open (decision 0020).
    pub coalesce: Duration,
    /// Maximum number of links for an account in an hour; more requests are dropped silently.
    pub max_per_hour: usize,
}

/// Rules for new passwords.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Minimum length of a new password in code points.
    pub min_length: usize,
    /// The product name, which a new password must not consist of.
    pub product_name: String,
}

/// First-administrator setup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupPolicy {
    /// Lifetime of a setup link.
    pub ttl: Duration,
}

/// Rate limits, per minute.
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
    /// The limit of an IPv6 /48 as a multiple of the limit of a client network.
    pub networks_per_site: NonZeroU32,
    /// Sign-ins to one account from all networks together. High, because an attacker who uses it up
    /// locks the owner out.
    pub account: NonZeroU32,
}

/// The sign-in throttle: delays and the lock after wrong passwords for one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInThrottlePolicy {
    /// Number of wrong passwords in a row from one network without a delay.
    pub free: u32,
    /// The first delay; it doubles with each further wrong password.
    pub first_delay: std::time::Duration,
    /// The maximum delay.
    pub max_delay: std::time::Duration,
    /// Number of wrong passwords in a row, from all networks, that locks sign-in until a reset; NIST
    /// SP 800-63B-4, section 3.2.2, allows 100.
    pub max_in_a_row: u32,
    /// Number of wrong passwords after which the user is notified of a successful sign-in.
    pub tell_from: u32,
    /// Time for which the counts of networks, and of addresses without an account, are kept.
    pub keep: Duration,
}

/// The audit log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditPolicy {
    /// Retention of audit events.
    pub keep: Duration,
}

/// Delivery of mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxPolicy {
    /// Duration of a lease.
    pub lease: Duration,
    /// Minimum rest of a lease to start a delivery; another worker may claim the mail soon.
    pub min_lease: Duration,
    /// Delay after the first failure; it doubles with each further one.
    pub first_retry: Duration,
    /// The maximum delay.
    pub max_retry: Duration,
    /// Time after which a mail that could not be sent has failed.
    pub give_up_after: Duration,
    /// Retention of mails, links and sessions after their end.
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

impl Default for SignInThrottlePolicy {
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
    fn the_defaults_match_the_documentation() {
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
