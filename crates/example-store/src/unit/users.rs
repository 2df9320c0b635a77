//! Users and their passwords, in one record each.

use async_trait::async_trait;
use time::OffsetDateTime;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::user::{CredentialsVersion, User};
use vestibule_domain::ports::{
    CredentialStore, Insertion, SignInFailureStore as _, StoreError, UserStore,
};

use super::sessions::end;
use super::{RedbUnit, check_user};
use crate::records::{Account, KeptMail, KeptReset, KeptSession};
use crate::shelves::Record as _;

impl RedbUnit {
    fn change_account(
        &self,
        id: UserId,
        change: impl FnOnce(&mut Account) -> bool,
    ) -> Result<bool, StoreError> {
        self.change(&id.to_string(), change)
    }
}

#[async_trait]
impl UserStore for RedbUnit {
    async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError> {
        let mut shelves = self.shelves()?;
        if shelves.named::<Account>(&Account::by_email(user.email.key()))?.is_some() {
            return Ok(Insertion::EmailTaken);
        }
        if shelves.named::<Account>(&Account::by_username(&user.username))?.is_some() {
            return Ok(Insertion::UsernameTaken);
        }
        shelves.put(&Account { user: user.clone(), password: None })?;
        Ok(Insertion::Inserted)
    }

    async fn advance_credentials_version(
        &mut self,
        id: UserId,
        from: CredentialsVersion,
    ) -> Result<bool, StoreError> {
        self.change_account(id, |account| {
            let fits = account.user.credentials_version == from;
            account.user.credentials_version = from.next();
            fits
        })
    }

    async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError> {
        let mut shelves = self.shelves()?;
        let accounts = shelves.all::<Account>()?.collect::<Result<Vec<_>, _>>()?;
        let sessions = shelves.all::<KeptSession>()?.collect::<Result<Vec<_>, _>>()?;
        let resets = shelves.all::<KeptReset>()?.collect::<Result<Vec<_>, _>>()?;
        let mut users = 0;
        for mut account in accounts {
            account.user.credentials_version = account.user.credentials_version.next();
            shelves.put(&account)?;
            users += 1;
        }
        end(&mut shelves, &sessions, now)?;
        for mut reset in resets {
            reset.supersede(now);
            shelves.put(&reset)?;
        }
        Ok(users)
    }

    async fn lock_users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        let shelves = self.shelves()?;
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        let accounts = ids.iter().map(|id| shelves.find::<Account>(&id.to_string()));
        accounts.filter_map(Result::transpose).map(|found| found.map(|it| it.user)).collect()
    }

    async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError> {
        self.change_account(id, |account| {
            account.user.is_active = active;
            true
        })
    }

    async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError> {
        self.change_account(id, |account| {
            account.user.is_admin = admin;
            true
        })
    }

    async fn set_language(&mut self, id: UserId, language: Language) -> Result<bool, StoreError> {
        self.change_account(id, |account| {
            account.user.language = Some(language);
            true
        })
    }

    async fn delete_user(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let Some(account) = self.shelves()?.take::<Account>(&id.to_string())? else {
            return Ok(false);
        };
        self.forget_failures(account.user.email.key(), None).await?;
        let mut shelves = self.shelves()?;
        let sessions = shelves.named_like::<KeptSession>(&KeptSession::all_of(id))?;
        end(&mut shelves, &sessions, now)?;
        for reset in shelves.named_like::<KeptReset>(&KeptReset::all_of(id))? {
            shelves.take::<KeptReset>(&reset.key())?;
        }
        for mail in shelves.named_like::<KeptMail>(&KeptMail::all_to(id))? {
            shelves.take::<KeptMail>(&mail.key())?;
        }
        Ok(true)
    }
}

#[async_trait]
impl CredentialStore for RedbUnit {
    async fn set_password(
        &mut self,
        id: UserId,
        hash: &PasswordHash,
        _now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        check_user(&self.shelves()?, id)?;
        self.change_account(id, |account| {
            account.password = Some(hash.clone());
            true
        })?;
        Ok(())
    }

    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        self.change_account(id, |account| {
            let fits = account.password.as_ref() == Some(old);
            account.password = Some(new.clone());
            fits
        })
    }
}
