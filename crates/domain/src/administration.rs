//! What administrators do with other people's accounts.
//!
//! Every act asks for an [`Authority`]: administrators prove theirs once, at the door; the operator's
//! comes with access to the machine.

use crate::authority::Authority;
use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::id::{ResetRequestId, UserId};
use crate::mail::{Mail, QueuedMail};
use crate::password::Password;
use crate::policy::{PasswordPolicy, Policy};
use crate::ports::{Insertion, Ports, UnitOfWork};
use crate::reset::ResetRequest;
use crate::user::{User, UserFilter};
use crate::username::Username;

mod mails;

/// Creates, changes and deletes accounts.
pub struct Administration {
    ports: Ports,
    policy: Policy,
}

/// What an account made by an administrator needs.
#[derive(Debug)]
pub struct NewUser {
    /// Identifies the account.
    pub email: EmailAddress,
    /// Shown to others.
    pub username: Username,
    /// `None` leaves it to a reset link to set the first one.
    pub password: Option<Password>,
    /// Whether it may administer others.
    pub is_admin: bool,
}

/// What is to be different about an account; `None` leaves it as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// Whether it may sign in.
    pub is_active: Option<bool>,
    /// Whether it may administer others.
    pub is_admin: Option<bool>,
}

impl Administration {
    /// Wires the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy }
    }

    /// What a new password has to satisfy.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Creates an account. Signs nobody in and writes to nobody.
    ///
    /// # Errors
    /// `Forbidden` for everybody but the operator; `EmailTaken`, `UsernameTaken`, `Unavailable`,
    /// `Internal`.
    pub async fn create(&self, by: &Authority, new: NewUser) -> Result<User, Error> {
        only_operator(by)?;
        let hash = match &new.password {
            Some(password) => Some(self.ports.hasher.hash(password).await?),
            None => None,
        };
        let now = self.ports.clock.now();
        let id = UserId::generate(now, &*self.ports.random);
        let mut user = User::new(id, new.email, new.username, now);
        user.is_admin = new.is_admin;

        let mut unit = self.ports.store.begin().await?;
        match unit.insert_user(&user).await? {
            Insertion::Inserted => {}
            Insertion::EmailTaken => return Err(Error::EmailTaken),
            Insertion::UsernameTaken => return Err(Error::UsernameTaken),
        }
        if let Some(hash) = hash {
            unit.set_password(id, &hash, now).await?;
        }
        unit.commit().await?;
        Ok(user)
    }

    /// Finds an account by its address.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn find_by_email(
        &self,
        _by: &Authority,
        email: &EmailAddress,
    ) -> Result<User, Error> {
        let found = self.ports.store.find_user_by_email(email.key()).await?;
        found.map(|(user, _)| user).ok_or(Error::UserNotFound)
    }

    /// Finds an account by its id.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn find(&self, _by: &Authority, id: UserId) -> Result<User, Error> {
        self.ports.store.find_user(id).await?.ok_or(Error::UserNotFound)
    }

    /// Lists accounts in the order of their creation, from the one after `after`.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn list(
        &self,
        _by: &Authority,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Error> {
        Ok(self.ports.store.list_users(filter, after, limit).await?)
    }

    /// Sets an account's password, ends all its sessions and links, and tells its owner by mail.
    /// Administrators send a link instead: nobody but its owner should know a password.
    ///
    /// # Errors
    /// `Forbidden` for everybody but the operator; `Unavailable` also when the account is being
    /// changed at the same moment; `Internal`.
    pub async fn set_password(
        &self,
        by: &Authority,
        user: &User,
        password: &Password,
    ) -> Result<(), Error> {
        only_operator(by)?;
        let hash = self.ports.hasher.hash(password).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: user.id, caller: Caller::default() };
        let mut unit = self.end_everything(user).await?;
        unit.set_password(user.id, &hash, now).await?;
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Deactivates an account and ends all its sessions and links.
    ///
    /// # Errors
    /// `OwnAccount`; `Unavailable` also when the account is being changed at the same moment;
    /// `Internal`.
    pub async fn deactivate(&self, by: &Authority, user: &User) -> Result<(), Error> {
        by.spare_own_account(user.id)?;
        let mut unit = self.end_everything(user).await?;
        unit.set_active(user.id, false).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Ends all sessions and links of an account. Its password stays.
    ///
    /// # Errors
    /// `OwnAccount`: people end their own sessions on their account page; `Unavailable` also when
    /// the account is being changed at the same moment; `Internal`.
    pub async fn end_sessions(&self, by: &Authority, user: &User) -> Result<(), Error> {
        by.spare_own_account(user.id)?;
        self.end_everything(user).await?.commit().await?;
        Ok(())
    }

    /// Opens a unit in which everything issued to the user so far is dead.
    async fn end_everything(&self, user: &User) -> Result<Box<dyn UnitOfWork>, Error> {
        let mut unit = self.ports.store.begin().await?;
        if !unit.advance_epoch(user.id, user.epoch).await? {
            let reason = "the account was changed at the same moment; try again";
            return Err(Error::Unavailable(reason.into()));
        }
        unit.end_sessions(user.id).await?;
        Ok(unit)
    }

    /// Activates an account. What was ended stays ended.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn activate(&self, _by: &Authority, id: UserId) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        let found = unit.set_active(id, true).await?;
        commit_if(found, unit).await
    }

    /// Gives or takes an administrator's rights.
    ///
    /// # Errors
    /// `OwnAccount` for whoever would take their own; `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn set_admin(&self, by: &Authority, id: UserId, admin: bool) -> Result<(), Error> {
        by.spare_own_account(id)?;
        let mut unit = self.ports.store.begin().await?;
        let found = unit.set_admin(id, admin).await?;
        commit_if(found, unit).await
    }

    /// Changes what is not so already, all of it or nothing; deactivating ends everything issued to
    /// the account.
    ///
    /// # Errors
    /// `OwnAccount`; `UserNotFound`; `Unavailable` also when the account is being changed at the same
    /// moment; `Internal`.
    pub async fn change(
        &self,
        by: &Authority,
        user: &User,
        change: UserChange,
    ) -> Result<(), Error> {
        let is_active = change.is_active.filter(|wanted| *wanted != user.is_active);
        let is_admin = change.is_admin.filter(|wanted| *wanted != user.is_admin);
        if is_active.is_none() && is_admin.is_none() {
            return Ok(());
        }
        by.spare_own_account(user.id)?;
        let mut unit = if is_active == Some(false) {
            self.end_everything(user).await?
        } else {
            self.ports.store.begin().await?
        };
        let mut found = true;
        if let Some(active) = is_active {
            found &= unit.set_active(user.id, active).await?;
        }
        if let Some(admin) = is_admin {
            found &= unit.set_admin(user.id, admin).await?;
        }
        commit_if(found, unit).await
    }

    /// Has a reset link sent to an account's owner, as if they had asked for it themselves.
    ///
    /// # Errors
    /// `AccountInactive`, `Unavailable`, `Internal`.
    pub async fn send_reset(&self, _by: &Authority, user: &User) -> Result<(), Error> {
        if !user.is_active {
            return Err(Error::AccountInactive);
        }
        let now = self.ports.clock.now();
        let request = ResetRequest {
            id: ResetRequestId::generate(now, &*self.ports.random),
            email_key: user.email.key().clone(),
            requested_at: now,
            caller: Caller::default(),
        };
        let mut unit = self.ports.store.begin().await?;
        unit.insert_reset_request(&request).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Deletes an account with everything that belongs to it.
    ///
    /// # Errors
    /// `OwnAccount`, `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn delete(&self, by: &Authority, id: UserId) -> Result<(), Error> {
        by.spare_own_account(id)?;
        let mut unit = self.ports.store.begin().await?;
        let found = unit.delete_user(id).await?;
        commit_if(found, unit).await
    }
}

fn only_operator(by: &Authority) -> Result<(), Error> {
    if by.actor().is_some() { Err(Error::Forbidden) } else { Ok(()) }
}

async fn commit_if(found: bool, unit: Box<dyn UnitOfWork>) -> Result<(), Error> {
    if !found {
        return Err(Error::UserNotFound);
    }
    unit.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::mocks::{MockUnit, Scene, a_user};
    use crate::sessions::Actor;

    #[tokio::test]
    async fn a_deactivation_that_lost_a_race_commits_nothing() {
        let mut scene = Scene::default();
        let mut unit = MockUnit::new();
        unit.expect_advance_epoch().once().returning(|_, _| Ok(false));
        unit.expect_set_active().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let outcome = administration.deactivate(&Authority::operator(), &a_user()).await;
        assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
    }

    #[tokio::test]
    async fn nobody_is_deleted_twice() {
        let mut scene = Scene::default();
        let mut unit = MockUnit::new();
        unit.expect_delete_user().once().returning(|_| Ok(false));
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let outcome = administration.delete(&Authority::operator(), a_user().id).await;
        assert!(matches!(outcome, Err(Error::UserNotFound)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_administrator_neither_learns_a_password_nor_locks_themselves_out() {
        let mut scene = Scene::default();
        scene.store.expect_begin().never();
        scene.hasher.expect_hash().never();
        let administration = Administration::new(scene.ports(), Policy::default());
        let admin = User { is_admin: true, ..a_user() };
        let by = Authority::of(Actor::of(admin.clone())).unwrap();
        let password = Password::parse("chosen by another").unwrap();
        let outcome = administration.set_password(&by, &a_user(), &password).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
        for outcome in [
            administration.deactivate(&by, &admin).await,
            administration.end_sessions(&by, &admin).await,
            administration.set_admin(&by, admin.id, false).await,
            administration.delete(&by, admin.id).await,
        ] {
            assert!(matches!(outcome, Err(Error::OwnAccount)), "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn both_changes_are_one() {
        let mut scene = Scene::default();
        let mut unit = MockUnit::new();
        unit.expect_advance_epoch().once().returning(|_, _| Ok(true));
        unit.expect_end_sessions().once().returning(|_| Ok(()));
        unit.expect_set_active().once().withf(|_, active| !active).returning(|_, _| Ok(true));
        unit.expect_set_admin().once().withf(|_, admin| *admin).returning(|_, _| Ok(true));
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let change = UserChange { is_active: Some(false), is_admin: Some(true) };
        administration.change(&Authority::operator(), &a_user(), change).await.unwrap();
    }
}
