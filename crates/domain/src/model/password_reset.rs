//! Password resets: the request, which any client may send, and the link, which is mailed to the
//! account's address.
//!
//! A link is a signed token *and* a row here (decision 0004): the signature keeps a reader of the
//! database from making one, the row keeps a holder of the key from making one, and only a row can
//! be used up.

use time::{Duration, OffsetDateTime};

use crate::model::claims::ResetClaims;
use crate::model::client::ClientInfo;
use crate::model::email::EmailKey;
use crate::model::id::{ResetId, ResetRequestId, UserId};
use crate::model::user::{CredentialsVersion, User};
use crate::system::Random;

/// A request for a reset link, before the account is looked up.
///
/// The same row is written for every address, so that neither the response nor its time reveals who
/// has an account (decision 0019). The worker takes it from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResetRequest {
    /// Identifies the request.
    pub id: ResetRequestId,
    /// The requested address, with or without an account.
    pub email_key: EmailKey,
    /// Time of the request.
    pub requested_at: OffsetDateTime,
    /// The client that sent it; named in the mail.
    pub client: ClientInfo,
}

/// A reset link that was issued to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordReset {
    /// Identifies the reset; the token's `jti`.
    pub id: ResetId,
    /// The user whose password it resets.
    pub user_id: UserId,
    /// The account's address at issue; a change invalidates the link.
    pub email_key: EmailKey,
    /// The account's credentials version at issue; a change invalidates the link.
    pub credentials_version: CredentialsVersion,
    /// Time of issue.
    pub issued_at: OffsetDateTime,
    /// Time of expiry.
    pub expires_at: OffsetDateTime,
    /// Time of use.
    pub used_at: Option<OffsetDateTime>,
    /// Time at which a newer link replaced it.
    pub superseded_at: Option<OffsetDateTime>,
    /// The client that requested it.
    pub client: ClientInfo,
}

impl PasswordReset {
    /// Issues a reset for a user.
    pub fn issue(
        user: &User,
        client: ClientInfo,
        ttl: Duration,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        Self {
            id: ResetId::generate(random),
            user_id: user.id,
            email_key: user.email.key().clone(),
            credentials_version: user.credentials_version,
            issued_at: now,
            expires_at: now + ttl,
            used_at: None,
            superseded_at: None,
            client,
        }
    }

    /// Returns the claims of the link's token.
    pub fn claims(&self) -> ResetClaims {
        ResetClaims { reset_id: self.id, issued_at: self.issued_at, expires_at: self.expires_at }
    }

    /// Returns `true` if the link is valid for `user` at `now`.
    ///
    /// A preview: [`ResetStore::spend_reset`](crate::ports::ResetStore::spend_reset) decides.
    pub fn is_live(&self, user: &User, now: OffsetDateTime) -> bool {
        self.used_at.is_none()
            && self.superseded_at.is_none()
            && now < self.expires_at
            && user.is_active
            && self.user_id == user.id
            && self.credentials_version == user.credentials_version
            && self.email_key == *user.email.key()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{CountingRandom, a_user};
    use crate::model::email::EmailAddress;

    #[test]
    fn a_link_is_invalidated_by_each_cause() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let user = a_user();
        let ttl = Duration::minutes(30);
        let random = CountingRandom::default();
        let reset = PasswordReset::issue(&user, ClientInfo::default(), ttl, now, &random);
        assert!(reset.is_live(&user, now + ttl - Duration::SECOND));
        assert!(!reset.is_live(&user, now + ttl));

        let spent = PasswordReset { used_at: Some(now), ..reset.clone() };
        let superseded = PasswordReset { superseded_at: Some(now), ..reset.clone() };
        assert!(!spent.is_live(&user, now));
        assert!(!superseded.is_live(&user, now));

        let moved = EmailAddress::parse("other@example.com").unwrap();
        for changed in [
            User { credentials_version: user.credentials_version.next(), ..user.clone() },
            User { is_active: false, ..user.clone() },
            User { email: moved, ..user.clone() },
        ] {
            assert!(!reset.is_live(&changed, now));
        }
    }
}
