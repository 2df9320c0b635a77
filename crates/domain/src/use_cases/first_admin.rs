//! First-administrator setup, with a link that `serve` prints at startup.

use crate::error::Error;
use crate::model::audit::{Actor, AuditAction};
use crate::model::client::ClientInfo;
use crate::model::policy::{PasswordPolicy, Policy};
use crate::model::secret::Secret;
use crate::model::user::{User, UserFilter};
use crate::ports::{Action, Ports};
use crate::use_cases::accounts::{SignUp, in_browser, store_account};
use crate::use_cases::rate_limits::RateLimits;
use crate::use_cases::sessions::browser::BrowserSignIn;

/// Creates the first administrator.
///
/// There is no default account or password: while there is no administrator, the startup banner
/// contains a single-use link.
pub struct FirstAdminSetup {
    ports: Ports,
    policy: Policy,
    limits: RateLimits,
}

impl FirstAdminSetup {
    /// Creates the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = RateLimits::new(ports.limiter.clone(), policy.limits.clone());
        Self { ports, policy, limits }
    }

    /// Returns the rules for new passwords.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Creates a setup link, replacing an earlier one; returns `None` if there is an administrator.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn prepare(&self) -> Result<Option<Secret>, Error> {
        if self.has_admin().await? {
            return Ok(None);
        }
        let link = Secret::generate(&*self.ports.random);
        let expires_at = self.ports.clock.now() + self.policy.setup.ttl;
        let mut unit = self.ports.store.begin().await?;
        unit.save_setup_link(&link.digest(), expires_at).await?;
        unit.commit().await?;
        Ok(Some(link))
    }

    /// Returns `true` if a link is valid now. Changes nothing.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn verify(&self, link: &str) -> Result<bool, Error> {
        Ok(self.find_live(link).await?.is_some())
    }

    /// Creates the first administrator and signs them in. The link works once.
    ///
    /// # Errors
    /// `Throttled`, `InvalidToken`; `PasswordRefused`, `EmailTaken` and `UsernameTaken`, after which
    /// the link stays valid; `Unavailable`, `Internal`.
    pub async fn create_admin(
        &self,
        link: &str,
        request: SignUp,
        client: &ClientInfo,
    ) -> Result<BrowserSignIn, Error> {
        self.limits.admit_client(Action::SignUp, client).await?;
        let link = self.find_live(link).await?.ok_or(Error::InvalidToken)?;
        request.check_strength(&self.ports, &self.policy.passwords)?;
        let hash = self.ports.hasher.hash(&request.password).await?;
        let user = User { is_admin: true, ..request.into_user(&self.ports) };
        let signed_in = in_browser(&self.ports, &self.policy, user, client);

        let mut unit = self.ports.store.begin().await?;
        if !unit.spend_setup_link(&link.digest(), signed_in.user.created_at).await? {
            return Err(Error::InvalidToken);
        }
        let BrowserSignIn { user, session, .. } = &signed_in;
        store_account(&mut *unit, &self.ports, user, &hash, session).await?;
        let (kind, by) = (AuditAction::SetUp, Actor::Client);
        unit.record(&self.ports.event(kind, Some(user.id), by, client)).await?;
        unit.commit().await?;
        Ok(signed_in)
    }

    async fn find_live(&self, link: &str) -> Result<Option<Secret>, Error> {
        let Some(link) = Secret::parse(link) else {
            return Ok(None);
        };
        let now = self.ports.clock.now();
        let live = self.ports.store.is_setup_link_live(&link.digest(), now).await?;
        // The link is invalid if an administrator was created another way.
        Ok((live && !self.has_admin().await?).then_some(link))
    }

    async fn has_admin(&self) -> Result<bool, Error> {
        Ok(!self.ports.store.list_users(&UserFilter::admins(), None, 1).await?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::model::password::Password;
    use crate::ports::mocks::{MockUnit, Scene};

    fn a_request() -> SignUp {
        let User { email, username, .. } = a_user();
        let password = Password::parse("correct horse").unwrap();
        SignUp { email, username, password, language: None }
    }

    async fn create(scene: Scene) -> Result<BrowserSignIn, Error> {
        let setup = FirstAdminSetup::new(scene.ports(), Policy::default());
        setup.create_admin(&"a".repeat(64), a_request(), &ClientInfo::default()).await
    }

    #[tokio::test]
    async fn no_setup_link_is_created_once_there_is_an_administrator() {
        let mut scene = Scene::default();
        scene.store.expect_list_users().returning(|_, _, _| Ok(vec![a_user()]));
        scene.store.expect_begin().never();
        let setup = FirstAdminSetup::new(scene.ports(), Policy::default());
        assert!(setup.prepare().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_link_that_was_used_meanwhile_creates_no_administrator() {
        let mut scene = Scene::default();
        scene.store.expect_is_setup_link_live().returning(|_, _| Ok(true));
        scene.store.expect_list_users().returning(|_, _, _| Ok(vec![]));
        scene.hashes();
        let mut unit = MockUnit::new();
        unit.expect_spend_setup_link().once().returning(|_, _| Ok(false));
        unit.expect_insert_user().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let outcome = create(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidToken)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_administrator_created_otherwise_invalidates_the_link() {
        let mut scene = Scene::default();
        scene.store.expect_is_setup_link_live().returning(|_, _| Ok(true));
        scene.store.expect_list_users().returning(|_, _, _| Ok(vec![a_user()]));
        scene.hasher.expect_hash().never();
        let outcome = create(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidToken)), "{outcome:?}");
    }
}
