//! The first administrator: made by whoever reads the link the service shows at its start.

use crate::accounts::{SignUp, in_browser, store_account};
use crate::audit::{Doer, EventKind};
use crate::caller::Caller;
use crate::error::Error;
use crate::limits::Limits;
use crate::policy::{PasswordPolicy, Policy};
use crate::ports::{Action, Ports};
use crate::secret::Secret;
use crate::sessions::browser::BrowserSignIn;
use crate::user::{User, UserFilter};

/// Makes the first administrator.
///
/// There is no default account and no default password: as long as nobody administers, a link is
/// shown to whoever can see what the service says when it starts.
pub struct Setup {
    ports: Ports,
    policy: Policy,
    limits: Limits,
}

impl Setup {
    /// Wires the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        let limits = Limits::new(ports.limiter.clone(), policy.limits.clone());
        Self { ports, policy, limits }
    }

    /// What a new password has to satisfy.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Makes a link for whoever started the service, in place of any earlier one; `None` when there
    /// is an administrator already.
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

    /// Tells whether a link would work now. Changes nothing.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn verify(&self, link: &str) -> Result<bool, Error> {
        Ok(self.find_live(link).await?.is_some())
    }

    /// Makes the first administrator and signs them in. The link works once.
    ///
    /// # Errors
    /// `Throttled`, `InvalidToken`; `PasswordRefused`, `EmailTaken` and `UsernameTaken`, after which
    /// the link stays usable; `Unavailable`, `Internal`.
    pub async fn create_admin(
        &self,
        link: &str,
        request: SignUp,
        caller: &Caller,
    ) -> Result<BrowserSignIn, Error> {
        self.limits.admit_client(Action::SignUp, caller).await?;
        let link = self.find_live(link).await?.ok_or(Error::InvalidToken)?;
        request.refuse_guessable(&self.ports, &self.policy.passwords)?;
        let hash = self.ports.hasher.hash(&request.password).await?;
        let user = User { is_admin: true, ..request.into_user(&self.ports) };
        let signed_in = in_browser(&self.ports, &self.policy, user, caller);

        let mut unit = self.ports.store.begin().await?;
        if !unit.spend_setup_link(&link.digest(), signed_in.user.created_at).await? {
            return Err(Error::InvalidToken);
        }
        let BrowserSignIn { user, session, .. } = &signed_in;
        store_account(&mut *unit, &self.ports, user, &hash, session).await?;
        let (kind, by) = (EventKind::SetUp, Doer::Holder);
        unit.record(&self.ports.event(kind, Some(user.id), by, caller)).await?;
        unit.commit().await?;
        Ok(signed_in)
    }

    async fn find_live(&self, link: &str) -> Result<Option<Secret>, Error> {
        let Some(link) = Secret::parse(link) else {
            return Ok(None);
        };
        let now = self.ports.clock.now();
        let live = self.ports.store.is_setup_link_live(&link.digest(), now).await?;
        // An administrator who came another way makes the link worthless.
        Ok((live && !self.has_admin().await?).then_some(link))
    }

    async fn has_admin(&self) -> Result<bool, Error> {
        Ok(!self.ports.store.list_users(&UserFilter::admins(), None, 1).await?.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::password::Password;
    use crate::ports::mocks::{MockUnit, Scene, a_user};

    fn a_request() -> SignUp {
        let User { email, username, .. } = a_user();
        let password = Password::parse("correct horse").unwrap();
        SignUp { email, username, password, language: None }
    }

    async fn create(scene: Scene) -> Result<BrowserSignIn, Error> {
        let setup = Setup::new(scene.ports(), Policy::default());
        setup.create_admin(&"a".repeat(64), a_request(), &Caller::default()).await
    }

    #[tokio::test]
    async fn no_link_is_made_once_there_is_an_administrator() {
        let mut scene = Scene::default();
        scene.store.expect_list_users().returning(|_, _, _| Ok(vec![a_user()]));
        scene.store.expect_begin().never();
        let setup = Setup::new(scene.ports(), Policy::default());
        assert!(setup.prepare().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn a_link_that_was_spent_meanwhile_makes_nobody() {
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
    async fn an_administrator_who_came_another_way_ends_the_link() {
        let mut scene = Scene::default();
        scene.store.expect_is_setup_link_live().returning(|_, _| Ok(true));
        scene.store.expect_list_users().returning(|_, _, _| Ok(vec![a_user()]));
        scene.hasher.expect_hash().never();
        let outcome = create(scene).await;
        assert!(matches!(outcome, Err(Error::InvalidToken)), "{outcome:?}");
    }
}
