//! What administrators do with other people's accounts.
//!
//! Authorised by the door they come through: the command line by access to the machine.

use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::id::UserId;
use crate::mail::{Mail, QueuedMail};
use crate::password::Password;
use crate::policy::{PasswordPolicy, Policy};
use crate::ports::{Insertion, Ports, UnitOfWork};
use crate::user::{User, UserFilter};
use crate::username::Username;

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
    /// `EmailTaken`, `UsernameTaken`, `Unavailable`, `Internal`.
    pub async fn create(&self, new: NewUser) -> Result<User, Error> {
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
    pub async fn find_by_email(&self, email: &EmailAddress) -> Result<User, Error> {
        let found = self.ports.store.find_user_by_email(email.key()).await?;
        found.map(|(user, _)| user).ok_or(Error::UserNotFound)
    }

    /// Finds an account by its id.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn find(&self, id: UserId) -> Result<User, Error> {
        self.ports.store.find_user(id).await?.ok_or(Error::UserNotFound)
    }

    /// Lists accounts in the order of their creation, from the one after `after`.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn list(
        &self,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Error> {
        Ok(self.ports.store.list_users(filter, after, limit).await?)
    }

    /// Sets an account's password, ends all its sessions and links, and tells its owner by mail.
    ///
    /// # Errors
    /// `Unavailable` also when the account is being changed at the same moment; `Internal`.
    pub async fn set_password(&self, user: &User, password: &Password) -> Result<(), Error> {
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
    /// `Unavailable` also when the account is being changed at the same moment; `Internal`.
    pub async fn deactivate(&self, user: &User) -> Result<(), Error> {
        let mut unit = self.end_everything(user).await?;
        unit.set_active(user.id, false).await?;
        unit.commit().await?;
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
    pub async fn activate(&self, id: UserId) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        let found = unit.set_active(id, true).await?;
        commit_if(found, unit).await
    }

    /// Gives or takes an administrator's rights.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn set_admin(&self, id: UserId, admin: bool) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        let found = unit.set_admin(id, admin).await?;
        commit_if(found, unit).await
    }

    /// Deletes an account with everything that belongs to it.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn delete(&self, id: UserId) -> Result<(), Error> {
        let mut unit = self.ports.store.begin().await?;
        let found = unit.delete_user(id).await?;
        commit_if(found, unit).await
    }
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

    #[tokio::test]
    async fn a_deactivation_that_lost_a_race_commits_nothing() {
        let mut scene = Scene::default();
        let mut unit = MockUnit::new();
        unit.expect_advance_epoch().once().returning(|_, _| Ok(false));
        unit.expect_set_active().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let outcome = administration.deactivate(&a_user()).await;
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
        let outcome = administration.delete(a_user().id).await;
        assert!(matches!(outcome, Err(Error::UserNotFound)), "{outcome:?}");
    }
}
