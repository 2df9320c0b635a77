//! What administrators do with other people's accounts.
//!
//! Every act asks for an [`Authority`]: administrators prove theirs once, at the door; the operator's
//! comes with access to the machine.

use time::OffsetDateTime;

use crate::audit::EventKind;
use crate::authority::Authority;
use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::guessable::refuse_guessable;
use crate::id::{ResetRequestId, UserId};
use crate::mail::{Mail, QueuedMail};
use crate::password::{Password, PasswordHash};
use crate::policy::{PasswordPolicy, Policy};
use crate::ports::{Insertion, Ports, UnitOfWork};
use crate::reset::ResetRequest;
use crate::user::{User, UserFilter};
use crate::username::Username;

mod events;
mod imports;
mod mails;

pub use imports::{Earnest, Imported, ImportedUser};

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
    /// `Forbidden` for everybody but the operator; `PasswordRefused` when it would be guessed
    /// first; `EmailTaken`, `UsernameTaken`, `Unavailable`, `Internal`.
    pub async fn create(&self, by: &Authority, new: NewUser) -> Result<User, Error> {
        only_operator(by)?;
        let hash = match &new.password {
            Some(password) => Some(self.hash(password, &new.email, &new.username).await?),
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
        unit.forget_failures(user.email.key(), None).await?;
        if let Some(hash) = hash {
            unit.set_password(id, &hash, now).await?;
        }
        unit.record(&by.event(&self.ports, EventKind::UserCreated, Some(id))).await?;
        unit.commit().await?;
        Ok(user)
    }

    async fn hash(
        &self,
        password: &Password,
        email: &EmailAddress,
        username: &Username,
    ) -> Result<PasswordHash, Error> {
        refuse_guessable(&self.ports, &self.policy.passwords, password, email, username)?;
        Ok(self.ports.hasher.hash(password).await?)
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
    /// `Forbidden` for everybody but the operator; `PasswordRefused` when it would be guessed
    /// first; `Unavailable` also when the account is being changed at the same moment; `Internal`.
    pub async fn set_password(
        &self,
        by: &Authority,
        user: &User,
        password: &Password,
    ) -> Result<(), Error> {
        only_operator(by)?;
        let hash = self.hash(password, &user.email, &user.username).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: user.id, caller: Caller::default() };
        let mut unit = self.ports.store.begin().await?;
        end_everything(&mut *unit, user, now).await?;
        unit.set_password(user.id, &hash, now).await?;
        unit.forget_failures(user.email.key(), None).await?;
        unit.record(&by.event(&self.ports, EventKind::PasswordSet, Some(user.id))).await?;
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Deactivates an account and ends all its sessions and links.
    ///
    /// # Errors
    /// Those of [`Administration::change`].
    pub async fn deactivate(&self, by: &Authority, user: &User) -> Result<(), Error> {
        self.change(by, user, UserChange { is_active: Some(false), is_admin: None }).await
    }

    /// Ends all sessions and links of an account. Its password stays.
    ///
    /// # Errors
    /// `OwnAccount`: people end their own sessions on their account page; `Forbidden` when the right
    /// was taken meanwhile; `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn end_sessions(&self, by: &Authority, user: &User) -> Result<(), Error> {
        by.spare_own_account(user.id)?;
        let (mut unit, user) = self.begin_as(by, user.id).await?;
        end_everything(&mut *unit, &user, self.ports.clock.now()).await?;
        unit.record(&by.event(&self.ports, EventKind::SessionsEnded, Some(user.id))).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Ends every session and every link of everybody, and answers how many accounts there are: what
    /// a database that was restored brings back to life was ended for a reason.
    ///
    /// # Errors
    /// `Forbidden` for anybody but the operator; `Unavailable`, `Internal`.
    pub async fn revoke_everything(&self, by: &Authority) -> Result<u64, Error> {
        only_operator(by)?;
        let mut unit = self.ports.store.begin().await?;
        let users = unit.revoke_everything(self.ports.clock.now()).await?;
        unit.record(&by.event(&self.ports, EventKind::EverythingRevoked, None)).await?;
        unit.commit().await?;
        Ok(users)
    }

    /// Opens a unit in which neither the right to act nor the user acted upon can change.
    async fn begin_as(
        &self,
        by: &Authority,
        target: UserId,
    ) -> Result<(Box<dyn UnitOfWork>, User), Error> {
        let mut unit = self.ports.store.begin().await?;
        let mut ids: Vec<UserId> = by.actor().map(|actor| actor.user.id).into_iter().collect();
        ids.push(target);
        let locked = unit.lock_users(&ids).await?;
        by.still_stands(&locked)?;
        let target = locked.into_iter().find(|user| user.id == target);
        Ok((unit, target.ok_or(Error::UserNotFound)?))
    }

    /// Activates an account. What was ended stays ended.
    ///
    /// # Errors
    /// Those of [`Administration::change`].
    pub async fn activate(&self, by: &Authority, user: &User) -> Result<(), Error> {
        self.change(by, user, UserChange { is_active: Some(true), is_admin: None }).await
    }

    /// Gives or takes an administrator's rights.
    ///
    /// # Errors
    /// Those of [`Administration::change`].
    pub async fn set_admin(&self, by: &Authority, user: &User, admin: bool) -> Result<(), Error> {
        self.change(by, user, UserChange { is_active: None, is_admin: Some(admin) }).await
    }

    /// Changes what is not so already, all of it or nothing; deactivating ends everything issued to
    /// the account.
    ///
    /// # Errors
    /// `OwnAccount`; `Forbidden` when the right was taken meanwhile; `UserNotFound`, `Unavailable`,
    /// `Internal`.
    pub async fn change(
        &self,
        by: &Authority,
        user: &User,
        change: UserChange,
    ) -> Result<(), Error> {
        let (mut unit, user) = self.begin_as(by, user.id).await?;
        let active = change.is_active.filter(|wanted| *wanted != user.is_active);
        let admin = change.is_admin.filter(|wanted| *wanted != user.is_admin);
        if active.is_some() || admin.is_some() {
            by.spare_own_account(user.id)?;
        }
        if let Some(active) = active {
            if !active {
                end_everything(&mut *unit, &user, self.ports.clock.now()).await?;
            }
            unit.set_active(user.id, active).await?;
            let kind = if active { EventKind::Activated } else { EventKind::Deactivated };
            unit.record(&by.event(&self.ports, kind, Some(user.id))).await?;
        }
        if let Some(admin) = admin {
            unit.set_admin(user.id, admin).await?;
            let kind = if admin { EventKind::Promoted } else { EventKind::Demoted };
            unit.record(&by.event(&self.ports, kind, Some(user.id))).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    /// Has a reset link sent to an account's owner, as if they had asked for it themselves.
    ///
    /// # Errors
    /// `AccountInactive`; `Forbidden` when the right was taken meanwhile; `UserNotFound`,
    /// `Unavailable`, `Internal`.
    pub async fn send_reset(&self, by: &Authority, user: &User) -> Result<(), Error> {
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
        let (mut unit, _) = self.begin_as(by, user.id).await?;
        unit.insert_reset_request(&request).await?;
        unit.record(&by.event(&self.ports, EventKind::ResetRequested, Some(user.id))).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Deletes an account with everything that belongs to it.
    ///
    /// # Errors
    /// `OwnAccount`; `Forbidden` when the right was taken meanwhile; `UserNotFound`, `Unavailable`,
    /// `Internal`.
    pub async fn delete(&self, by: &Authority, id: UserId) -> Result<(), Error> {
        by.spare_own_account(id)?;
        let (mut unit, user) = self.begin_as(by, id).await?;
        unit.delete_user(user.id, self.ports.clock.now()).await?;
        unit.record(&by.event(&self.ports, EventKind::UserDeleted, Some(user.id))).await?;
        unit.commit().await?;
        Ok(())
    }
}

/// Ends everything that was issued to a user so far.
async fn end_everything(
    unit: &mut dyn UnitOfWork,
    user: &User,
    now: OffsetDateTime,
) -> Result<(), Error> {
    if !unit.advance_epoch(user.id, user.epoch).await? {
        let reason = "the account was changed at the same moment; try again";
        return Err(Error::Unavailable(reason.into()));
    }
    unit.end_sessions(user.id, now).await?;
    Ok(())
}

fn only_operator(by: &Authority) -> Result<(), Error> {
    if by.actor().is_some() { Err(Error::Forbidden) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::mocks::{Scene, a_unit, a_user};
    use crate::sessions::Actor;

    #[tokio::test]
    async fn a_right_that_was_taken_meanwhile_changes_nothing() {
        let target = User { id: UserId::from_uuid(uuid::Uuid::from_u128(7)), ..a_user() };
        let admin = User { is_admin: true, ..a_user() };
        let mut scene = Scene::default();
        let mut unit = a_unit();
        let demoted = vec![target.clone(), User { is_admin: false, ..admin.clone() }];
        unit.expect_lock_users().once().returning(move |_| Ok(demoted.clone()));
        unit.expect_set_admin().never();
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let by = Authority::of(Actor::of(admin)).unwrap();
        let outcome = administration.set_admin(&by, &target, true).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }

    #[tokio::test]
    async fn nobody_is_deleted_twice() {
        let mut scene = Scene::default();
        let mut unit = a_unit();
        unit.expect_lock_users().once().returning(|_| Ok(vec![]));
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let outcome = administration.delete(&Authority::operator(), a_user().id).await;
        assert!(matches!(outcome, Err(Error::UserNotFound)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_administrator_neither_learns_a_password_nor_locks_themselves_out() {
        let admin = User { is_admin: true, ..a_user() };
        let mut scene = Scene::default();
        let locked = vec![admin.clone()];
        scene.store.expect_begin().returning(move || {
            let (mut unit, locked) = (a_unit(), locked.clone());
            unit.expect_lock_users().returning(move |_| Ok(locked.clone()));
            unit.expect_commit().never();
            Ok(Box::new(unit) as Box<dyn UnitOfWork>)
        });
        scene.hasher.expect_hash().never();
        let administration = Administration::new(scene.ports(), Policy::default());
        let by = Authority::of(Actor::of(admin.clone())).unwrap();
        let password = Password::parse("chosen by another").unwrap();
        let outcome = administration.set_password(&by, &a_user(), &password).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
        for outcome in [
            administration.deactivate(&by, &admin).await,
            administration.end_sessions(&by, &admin).await,
            administration.set_admin(&by, &admin, false).await,
            administration.delete(&by, admin.id).await,
        ] {
            assert!(matches!(outcome, Err(Error::OwnAccount)), "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn both_changes_are_one() {
        let mut scene = Scene::default();
        let mut unit = a_unit();
        unit.expect_lock_users().once().returning(|_| Ok(vec![a_user()]));
        unit.expect_advance_epoch().once().returning(|_, _| Ok(true));
        unit.expect_end_sessions().once().returning(|_, _| Ok(()));
        unit.expect_set_active().once().withf(|_, active| !active).returning(|_, _| Ok(true));
        unit.expect_set_admin().once().withf(|_, admin| *admin).returning(|_, _| Ok(true));
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let change = UserChange { is_active: Some(false), is_admin: Some(true) };
        administration.change(&Authority::operator(), &a_user(), change).await.unwrap();
    }
}
