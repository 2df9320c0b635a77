//! Password resets: the request anybody may make, and the link only the owner receives.
//!
//! A link is a signed token *and* a row here (decision D1): the signature keeps a reader of the
//! database from making one, the row keeps a holder of the key from making one, and only a row can
//! be used up.

use time::{Duration, OffsetDateTime};

use crate::caller::Caller;
use crate::email::EmailKey;
use crate::id::{ResetRequestId, UserId};
use crate::ports::Random;
use crate::token::ResetClaims;
use crate::user::{CredentialEpoch, User};

/// Names a reset: 128 random bits, because whoever guesses one is half-way to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ResetId([u8; 16]);

impl ResetId {
    /// Draws a new one.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0; 16];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// The bare bytes, for the store and the token.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes bytes from the store or a verified token.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

/// Somebody asked for a link; whether the address belongs to an account is not known yet.
///
/// The same row is written for every address, so that neither the answer nor its time tells who
/// has an account (decision D4). The worker takes it from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRequest {
    /// Names the request.
    pub id: ResetRequestId,
    /// The account that was asked for, if there is one.
    pub email_key: EmailKey,
    /// When it was asked.
    pub requested_at: OffsetDateTime,
    /// Who asked; the mail tells the owner.
    pub caller: Caller,
}

/// A link that was promised to the owner of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    /// The token's `jti`.
    pub id: ResetId,
    /// Whose password it resets.
    pub user_id: UserId,
    /// The account's address when the link was issued; another address kills it.
    pub email_key: EmailKey,
    /// The account's epoch when the link was issued; another epoch kills it.
    pub epoch: CredentialEpoch,
    /// When it was issued.
    pub issued_at: OffsetDateTime,
    /// When it stops working.
    pub expires_at: OffsetDateTime,
    /// When it was used.
    pub used_at: Option<OffsetDateTime>,
    /// When a newer one took its place.
    pub superseded_at: Option<OffsetDateTime>,
    /// Who asked for it.
    pub caller: Caller,
}

impl PasswordReset {
    /// Issues a reset for a user.
    pub fn issue(
        user: &User,
        caller: Caller,
        ttl: Duration,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        Self {
            id: ResetId::generate(random),
            user_id: user.id,
            email_key: user.email.key().clone(),
            epoch: user.epoch,
            issued_at: now,
            expires_at: now + ttl,
            used_at: None,
            superseded_at: None,
            caller,
        }
    }

    /// What the token of the link says.
    pub fn claims(&self) -> ResetClaims {
        ResetClaims { reset_id: self.id, issued_at: self.issued_at, expires_at: self.expires_at }
    }

    /// Whether the link would work for `user` at `now`.
    ///
    /// A preview only: [`Resets::spend_reset`](crate::ports::Resets::spend_reset) decides.
    pub fn is_live(&self, user: &User, now: OffsetDateTime) -> bool {
        self.used_at.is_none()
            && self.superseded_at.is_none()
            && now < self.expires_at
            && user.is_active
            && self.user_id == user.id
            && self.epoch == user.epoch
            && self.email_key == *user.email.key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::email::EmailAddress;
    use crate::ports::mocks::{CountingRandom, a_user};

    #[test]
    fn a_link_dies_of_every_cause() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let user = a_user();
        let ttl = Duration::minutes(30);
        let random = CountingRandom::default();
        let reset = PasswordReset::issue(&user, Caller::default(), ttl, now, &random);
        assert!(reset.is_live(&user, now + ttl - Duration::SECOND));
        assert!(!reset.is_live(&user, now + ttl));

        let spent = PasswordReset { used_at: Some(now), ..reset.clone() };
        let superseded = PasswordReset { superseded_at: Some(now), ..reset.clone() };
        assert!(!spent.is_live(&user, now));
        assert!(!superseded.is_live(&user, now));

        let moved = EmailAddress::parse("other@example.com").unwrap();
        for changed in [
            User { epoch: user.epoch.next(), ..user.clone() },
            User { is_active: false, ..user.clone() },
            User { email: moved, ..user.clone() },
        ] {
            assert!(!reset.is_live(&changed, now));
        }
    }
}
