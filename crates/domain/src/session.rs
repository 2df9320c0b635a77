//! Sessions: proof that somebody signed in, revocable at any moment.

use time::OffsetDateTime;

use crate::caller::Caller;
use crate::id::{SessionId, UserId};
use crate::policy::SessionPolicy;
use crate::ports::Random;
use crate::refresh::Refresh;
use crate::secret::SecretDigest;
use crate::user::{CredentialEpoch, User};

/// One sign-in of one user on one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Names the session in access tokens (`sid`).
    pub id: SessionId,
    /// Whose session it is.
    pub user_id: UserId,
    /// The credential epoch it was born under; under any other it is dead.
    pub epoch: CredentialEpoch,
    /// When it was opened.
    pub created_at: OffsetDateTime,
    /// When its owner last proved who they are.
    pub authenticated_at: OffsetDateTime,
    /// When its owner was last seen, roughly.
    pub last_seen_at: OffsetDateTime,
    /// The end of its absolute lifetime.
    pub expires_at: OffsetDateTime,
    /// Where it was opened from.
    pub caller: Caller,
    /// The digest of the key a browser holds; `None` for sessions that live by access tokens.
    pub browser_key: Option<SecretDigest>,
    /// What is known of its refresh tokens; `None` for sessions that have none, as in browsers.
    pub refresh: Option<Refresh>,
}

/// A session that was ended, which is gone but for this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EndedSession {
    /// When.
    pub ended_at: OffsetDateTime,
    /// Its name.
    pub id: SessionId,
}

impl Session {
    /// Opens a session for a user who has just proved who they are.
    pub fn open(
        user: &User,
        caller: &Caller,
        policy: &SessionPolicy,
        now: OffsetDateTime,
        random: &dyn Random,
    ) -> Self {
        Self {
            id: SessionId::generate(now, random),
            user_id: user.id,
            epoch: user.epoch,
            created_at: now,
            authenticated_at: now,
            last_seen_at: now,
            expires_at: now + policy.absolute_ttl,
            caller: caller.clone(),
            browser_key: None,
            refresh: None,
        }
    }

    /// Puts the session into a browser that holds a key.
    #[must_use]
    pub fn in_browser(self, key: SecretDigest) -> Self {
        Self { browser_key: Some(key), ..self }
    }

    /// Gives the session refresh tokens.
    #[must_use]
    pub fn refreshed_by(self, refresh: Refresh) -> Self {
        Self { refresh: Some(refresh), ..self }
    }

    /// Whether its owner proved who they are recently enough for the riskiest acts.
    pub fn is_proof_fresh(&self, policy: &SessionPolicy, now: OffsetDateTime) -> bool {
        now < self.authenticated_at + policy.proof_ttl
    }

    /// Whether the session still speaks for `user` at `now`.
    pub fn is_live(&self, user: &User, policy: &SessionPolicy, now: OffsetDateTime) -> bool {
        self.user_id == user.id
            && self.epoch == user.epoch
            && user.is_active
            && now < self.expires_at
            && now < self.last_seen_at + policy.idle_ttl
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;
    use crate::ports::mocks::{CountingRandom, a_user};

    #[test]
    fn a_session_ends_with_its_time_its_epoch_and_its_user() {
        let policy = SessionPolicy::default();
        let now = OffsetDateTime::UNIX_EPOCH;
        let user = a_user();
        let session =
            Session::open(&user, &Caller::default(), &policy, now, &CountingRandom::default());
        let live = |user: &User, at| session.is_live(user, &policy, at);
        assert!(live(&user, now));
        assert!(live(&user, now + policy.idle_ttl - Duration::SECOND));
        assert!(!live(&user, now + policy.idle_ttl));
        assert!(!live(&User { epoch: user.epoch.next(), ..user.clone() }, now));
        assert!(!live(&User { is_active: false, ..user.clone() }, now));

        let renewed = Session { last_seen_at: session.expires_at, ..session.clone() };
        assert!(renewed.is_live(&user, &policy, session.expires_at - Duration::SECOND));
        assert!(!renewed.is_live(&user, &policy, session.expires_at));
    }
}
