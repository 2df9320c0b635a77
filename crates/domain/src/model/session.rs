//! Sessions: sign-ins of users, which can be revoked at any time.

use time::OffsetDateTime;

use crate::model::client::ClientInfo;
use crate::model::id::{SessionId, UserId};
use crate::model::policy::SessionPolicy;
use crate::model::refresh_token::Refresh;
use crate::model::secret::SecretDigest;
use crate::model::user::{CredentialsVersion, User};
use crate::system::Random;

/// A sign-in of a user on a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Identifies the session; `sid` of access tokens.
    pub id: SessionId,
    /// The user.
    pub user_id: UserId,
    /// The user's credentials version at sign-in; the session is invalid under any other.
    pub credentials_version: CredentialsVersion,
    /// Time of the sign-in.
    pub created_at: OffsetDateTime,
    /// Time of the latest authentication with a password.
    pub authenticated_at: OffsetDateTime,
    /// Approximate time of the latest use.
    pub last_seen_at: OffsetDateTime,
    /// The end of its absolute lifetime.
    pub expires_at: OffsetDateTime,
    /// The client that signed in.
    pub client: ClientInfo,
    /// Digest of the key in the browser's cookie; `None` for sessions of API clients.
    pub browser_key: Option<SecretDigest>,
    /// State of the refresh tokens; `None` for browser sessions, which have none.
    pub refresh: Option<Refresh>,
}

/// An entry of the list of ended sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndedSession {
    /// Time at which it ended.
    pub ended_at: OffsetDateTime,
    /// The session's id.
    pub id: SessionId,
}

impl Session {
    /// Creates a session for a user who has just authenticated.
    pub fn open(
        user: &User,
        client: &ClientInfo,
        policy: &SessionPolicy,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        Self {
            id: SessionId::generate(now, random),
            user_id: user.id,
            credentials_version: user.credentials_version,
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            expires_at: now + policy.absolute_ttl,
            client: client.clone(),
            browser_key: None,
            refresh: None,
        }
    }

    /// Makes it a browser session with this key.
    #[must_use]
    pub fn in_browser(self, key: SecretDigest) -> Self {
        Self { browser_key: Some(key), ..self }
    }

    /// Sets the state of the refresh tokens.
    #[must_use]
    pub fn refreshed_by(self, refresh: Refresh) -> Self {
        Self { refresh: Some(refresh), ..self }
    }

    /// Returns `true` if the latest authentication is recent enough for sensitive operations.
    pub fn is_proof_fresh(&self, policy: &SessionPolicy, now: OffsetDateTime) -> bool {
        now < self.authenticated_at + policy.proof_ttl
    }

    /// Returns `true` if the session is valid for `user` at `now`.
    pub fn is_live(&self, user: &User, policy: &SessionPolicy, now: OffsetDateTime) -> bool {
        self.user_id == user.id
            && self.credentials_version == user.credentials_version
            && user.is_active
            && now < self.expires_at
            && now < self.last_seen_at + policy.idle_ttl
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::fixtures::{CountingRandom, a_user};

    #[test]
    fn a_session_is_invalid_after_expiry_or_a_change_of_its_user() {
        let policy = SessionPolicy::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        let user = a_user();
        let session =
            Session::open(&user, &ClientInfo::default(), &policy, now, &CountingRandom::default());
        let live = |user: &User, at| session.is_live(user, &policy, at);
        assert!(live(&user, now));
        assert!(live(&user, now + policy.idle_ttl - Duration::SECOND));
        assert!(!live(&user, now + policy.idle_ttl));
        assert!(!live(
            &User { credentials_version: user.credentials_version.next(), ..user.clone() },
            now
        ));
        assert!(!live(&User { is_active: false, ..user.clone() }, now));

        let renewed = Session { last_seen_at: session.expires_at, ..session.clone() };
        assert!(renewed.is_live(&user, &policy, session.expires_at - Duration::SECOND));
        assert!(!renewed.is_live(&user, &policy, session.expires_at));
    }
}
