//! Administration of accounts, by administrators and operators.
//!
//! Each operation requires an [`AdminContext`].

use time::OffsetDateTime;

use crate::error::Error;
use crate::model::audit::AuditAction;
use crate::model::client::ClientInfo;
use crate::model::email::EmailAddress;
use crate::model::id::{ResetRequestId, UserId};
use crate::model::mail::{Mail, QueuedMail};
use crate::model::password::{Password, PasswordHash};
use crate::model::password_reset::ResetRequest;
use crate::model::policy::{PasswordPolicy, Policy};
use crate::model::user::{User, UserFilter};
use crate::model::username::Username;
use crate::ports::{Insertion, Ports, UnitOfWork};
use crate::use_cases::admin_context::AdminContext;
use crate::use_cases::password_strength::check_strength;

mod audit_log;
mod imports;
mod mails;

pub use imports::{Imported, ImportedUser, RunMode};

/// Creates, changes and deletes accounts.
pub struct Administration {
    ports: Ports,
    policy: Policy,
}

/// The input of [`Administration::create`].
#[derive(Debug)]
pub struct NewUser {
    /// The email address.
    pub email: EmailAddress,
    /// The username.
    pub username: Username,
    /// The password; `None` if a reset link is to set the first one.
    pub password: Option<Password>,
    /// `true` for an administrator.
    pub is_admin: bool,
}

/// Changes of an account; `None` leaves a value unchanged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserChange {
    /// `true` to activate, `false` to deactivate.
    pub is_active: Option<bool>,
    /// `true` for an administrator.
    pub is_admin: Option<bool>,
}

impl Administration {
    /// Creates the use cases.
    pub fn new(ports: Ports, policy: Policy) -> Self {
        Self { ports, policy }
    }

    /// Returns the rules for new passwords.
    pub fn password_policy(&self) -> &PasswordPolicy {
        &self.policy.passwords
    }

    /// Creates an account, without a session or mail.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `PasswordRefused` if it is easy to guess; `EmailTaken`,
    /// `UsernameTaken`, `Unavailable`, `Internal`.
    pub async fn create(&self, by: &AdminContext, new: NewUser) -> Result<User, Error> {
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
        unit.record(&by.event(&self.ports, AuditAction::UserCreated, Some(id))).await?;
        unit.commit().await?;
        Ok(user)
    }

    async fn hash(
        &self,
        password: &Password,
        email: &EmailAddress,
        username: &Username,
    ) -> Result<PasswordHash, Error> {
        check_strength(&self.ports, &self.policy.passwords, password, email, username)?;
        Ok(self.ports.hasher.hash(password).await?)
    }

    /// Returns the account with an email address.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn find_by_email(
        &self,
        _by: &AdminContext,
        email: &EmailAddress,
    ) -> Result<User, Error> {
        let found = self.ports.store.find_user_by_email(email.key()).await?;
        found.map(|(user, _)| user).ok_or(Error::UserNotFound)
    }

    /// Returns the account with an id.
    ///
    /// # Errors
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn find(&self, _by: &AdminContext, id: UserId) -> Result<User, Error> {
        self.ports.store.find_user(id).await?.ok_or(Error::UserNotFound)
    }

    /// Lists accounts in the order of their creation, from the one after `after`.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn list(
        &self,
        _by: &AdminContext,
        filter: &UserFilter,
        after: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<User>, Error> {
        Ok(self.ports.store.list_users(filter, after, limit).await?)
    }

    /// Sets an account's password, ends all its sessions and links, and queues a mail to the user.
    /// Administrators send a reset link instead, so that they do not know the password.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `PasswordRefused` if it is easy to guess; `Unavailable`
    /// also if the account is changed concurrently; `Internal`.
    pub async fn set_password(
        &self,
        by: &AdminContext,
        user: &User,
        password: &Password,
    ) -> Result<(), Error> {
        only_operator(by)?;
        let hash = self.hash(password, &user.email, &user.username).await?;
        let now = self.ports.clock.now();
        let notice = Mail::PasswordChanged { user_id: user.id, client: ClientInfo::default() };
        let mut unit = self.ports.store.begin().await?;
        end_everything(&mut *unit, user, now).await?;
        unit.set_password(user.id, &hash, now).await?;
        unit.forget_failures(user.email.key(), None).await?;
        unit.record(&by.event(&self.ports, AuditAction::PasswordSet, Some(user.id))).await?;
        unit.enqueue(&QueuedMail::new(notice, now, &*self.ports.random)).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Deactivates an account and ends all its sessions and links.
    ///
    /// # Errors
    /// Those of [`Administration::change`].
    pub async fn deactivate(&self, by: &AdminContext, user: &User) -> Result<(), Error> {
        self.change(by, user, UserChange { is_active: Some(false), is_admin: None }).await
    }

    /// Ends all sessions and links of an account. Its password stays.
    ///
    /// # Errors
    /// `OwnAccount`: the account page ends one's own sessions; `Forbidden` if the administrator rights
    /// were revoked meanwhile; `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn end_sessions(&self, by: &AdminContext, user: &User) -> Result<(), Error> {
        by.deny_own_account(user.id)?;
        let (mut unit, user) = self.begin_as(by, user.id).await?;
        end_everything(&mut *unit, &user, self.ports.clock.now()).await?;
        unit.record(&by.event(&self.ports, AuditAction::SessionsEnded, Some(user.id))).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Ends all sessions and links of all accounts, and returns the number of accounts. For use after
    /// restoring a backup, which may contain sessions that were ended since.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `Unavailable`, `Internal`.
    pub async fn revoke_everything(&self, by: &AdminContext) -> Result<u64, Error> {
        only_operator(by)?;
        let mut unit = self.ports.store.begin().await?;
        let users = unit.revoke_everything(self.ports.clock.now()).await?;
        unit.record(&by.event(&self.ports, AuditAction::EverythingRevoked, None)).await?;
        unit.commit().await?;
        Ok(users)
    }

    /// Begins a unit that locks the administrator and the user to change.
    async fn begin_as(
        &self,
        by: &AdminContext,
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

    /// Activates an account. Ended sessions stay ended.
    ///
    /// # Errors
    /// Those of [`Administration::change`].
    pub async fn activate(&self, by: &AdminContext, user: &User) -> Result<(), Error> {
        self.change(by, user, UserChange { is_active: Some(true), is_admin: None }).await
    }

    /// Grants or revokes administrator rights.
    ///
    /// # Errors
    /// Those of [`Administration::change`].
    pub async fn set_admin(
        &self,
        by: &AdminContext,
        user: &User,
        admin: bool,
    ) -> Result<(), Error> {
        self.change(by, user, UserChange { is_active: None, is_admin: Some(admin) }).await
    }

    /// Applies all changes or none; deactivation ends all sessions and links of the account.
    ///
    /// # Errors
    /// `OwnAccount`; `Forbidden` if the administrator rights were revoked meanwhile; `UserNotFound`,
    /// `Unavailable`, `Internal`.
    pub async fn change(
        &self,
        by: &AdminContext,
        user: &User,
        change: UserChange,
    ) -> Result<(), Error> {
        let (mut unit, user) = self.begin_as(by, user.id).await?;
        let active = change.is_active.filter(|wanted| *wanted != user.is_active);
        let admin = change.is_admin.filter(|wanted| *wanted != user.is_admin);
        if active.is_some() || admin.is_some() {
            by.deny_own_account(user.id)?;
        }
        if let Some(active) = active {
            if !active {
                end_everything(&mut *unit, &user, self.ports.clock.now()).await?;
            }
            unit.set_active(user.id, active).await?;
            let kind = if active { AuditAction::Activated } else { AuditAction::Deactivated };
            unit.record(&by.event(&self.ports, kind, Some(user.id))).await?;
        }
        if let Some(admin) = admin {
            unit.set_admin(user.id, admin).await?;
            let kind = if admin { AuditAction::Promoted } else { AuditAction::Demoted };
            unit.record(&by.event(&self.ports, kind, Some(user.id))).await?;
        }
        unit.commit().await?;
        Ok(())
    }

    /// Requests a reset link for a user, as if they had requested it.
    ///
    /// # Errors
    /// `AccountInactive`; `Forbidden` if the administrator rights were revoked meanwhile;
    /// `UserNotFound`, `Unavailable`, `Internal`.
    pub async fn send_reset(&self, by: &AdminContext, user: &User) -> Result<(), Error> {
        if !user.is_active {
            return Err(Error::AccountInactive);
        }
        let now = self.ports.clock.now();
        let request = ResetRequest {
            id: ResetRequestId::generate(now, &*self.ports.random),
            email_key: user.email.key().clone(),
            requested_at: now,
            client: ClientInfo::default(),
        };
        let (mut unit, _) = self.begin_as(by, user.id).await?;
        unit.insert_reset_request(&request).await?;
        unit.record(&by.event(&self.ports, AuditAction::ResetRequested, Some(user.id))).await?;
        unit.commit().await?;
        Ok(())
    }

    /// Deletes an account with its sessions, resets and mails.
    ///
    /// # Errors
    /// `OwnAccount`; `Forbidden` if the administrator rights were revoked meanwhile; `UserNotFound`,
    /// `Unavailable`, `Internal`.
    pub async fn delete(&self, by: &AdminContext, id: UserId) -> Result<(), Error> {
        by.deny_own_account(id)?;
        let (mut unit, user) = self.begin_as(by, id).await?;
        unit.delete_user(user.id, self.ports.clock.now()).await?;
        unit.record(&by.event(&self.ports, AuditAction::UserDeleted, Some(user.id))).await?;
        unit.commit().await?;
        Ok(())
    }
}

/// Ends all sessions and links of a user.
async fn end_everything(
    unit: &mut dyn UnitOfWork,
    user: &User,
    now: OffsetDateTime,
) -> Result<(), Error> {
    if !unit.advance_credentials_version(user.id, user.credentials_version).await? {
        let reason = "the account was changed at the same moment; try again";
        return Err(Error::Unavailable(reason.into()));
    }
    unit.end_sessions(user.id, now).await?;
    Ok(())
}

fn only_operator(by: &AdminContext) -> Result<(), Error> {
    if by.actor().is_some() { Err(Error::Forbidden) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::ports::mocks::{Scene, a_unit};
    use crate::use_cases::authenticated_session::AuthenticatedSession;

    #[tokio::test]
    async fn a_former_administrator_changes_nothing() {
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
        let by = AdminContext::of(AuthenticatedSession::of(admin)).unwrap();
        let outcome = administration.set_admin(&by, &target, true).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_account_is_deleted_once() {
        let mut scene = Scene::default();
        let mut unit = a_unit();
        unit.expect_lock_users().once().returning(|_| Ok(vec![]));
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let outcome = administration.delete(&AdminContext::operator(), a_user().id).await;
        assert!(matches!(outcome, Err(Error::UserNotFound)), "{outcome:?}");
    }

    #[tokio::test]
    async fn an_administrator_can_neither_set_passwords_nor_lock_themselves_out() {
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
        let by = AdminContext::of(AuthenticatedSession::of(admin.clone())).unwrap();
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
        unit.expect_advance_credentials_version().once().returning(|_, _| Ok(true));
        unit.expect_end_sessions().once().returning(|_, _| Ok(()));
        unit.expect_set_active().once().withf(|_, active| !active).returning(|_, _| Ok(true));
        unit.expect_set_admin().once().withf(|_, admin| *admin).returning(|_, _| Ok(true));
        unit.expect_commit().once().returning(|| Ok(()));
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let change = UserChange { is_active: Some(false), is_admin: Some(true) };
        administration.change(&AdminContext::operator(), &a_user(), change).await.unwrap();
    }
}
