//! Import of accounts from another system, and data for an export.

use time::OffsetDateTime;

use super::{Administration, only_operator};
use crate::error::Error;
use crate::model::audit::AuditAction;
use crate::model::email::EmailAddress;
use crate::model::id::UserId;
use crate::model::language::Language;
use crate::model::password::PasswordHash;
use crate::model::session::Session;
use crate::model::user::User;
use crate::model::username::Username;
use crate::ports::{HashError, Insertion, Random, UnitOfWork};
use crate::use_cases::admin_context::AdminContext;

/// Number of usernames that are tried for an account without one.
const NAMES: usize = 8;

/// An account of another system.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// The email address.
    pub email: EmailAddress,
    /// The id, if other systems refer to it; `None` for a new one.
    pub id: Option<UserId>,
    /// The username; `None` to derive one from the address.
    pub username: Option<Username>,
    /// The password hash, from [`Administration::accept_foreign_hash`]; `None` if a reset link is to
    /// set the first password.
    pub hash: Option<PasswordHash>,
    /// `true` if it may sign in.
    pub is_active: bool,
    /// `true` for an administrator.
    pub is_admin: bool,
    /// Time of creation; `None` for now.
    pub created_at: Option<OffsetDateTime>,
    /// The language of mails.
    pub language: Option<Language>,
}

/// The result of importing an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// Added.
    Added,
    /// An account with that address exists; it is unchanged.
    EmailTaken,
    /// Another account has that username.
    UsernameTaken,
    /// Another account has that id.
    IdTaken,
}

/// Mode of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunMode {
    /// Writes the accounts.
    Commit,
    /// Does everything and rolls back.
    DryRun,
}

impl Administration {
    /// Checks a password hash in the format of the system it comes from.
    ///
    /// # Errors
    /// [`HashError::Unreadable`] if the hash is not supported.
    pub fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        self.ports.hasher.accept_foreign_hash(text)
    }

    /// Adds a batch of accounts in one unit, and returns the result of each, in their order. An account
    /// that cannot be added does not affect the others. Creates no sessions and mails.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `Unavailable`, `Internal`. After an error none of the
    /// batch was added.
    pub async fn import(
        &self,
        by: &AdminContext,
        batch: Vec<ImportedUser>,
        mode: RunMode,
    ) -> Result<Vec<Imported>, Error> {
        only_operator(by)?;
        let mut unit = self.ports.store.begin().await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for user in batch {
            outcomes.push(self.add(&mut *unit, by, user).await?);
        }
        if mode == RunMode::Commit {
            unit.commit().await?;
        }
        Ok(outcomes)
    }

    async fn add(
        &self,
        unit: &mut dyn UnitOfWork,
        by: &AdminContext,
        new: ImportedUser,
    ) -> Result<Imported, Error> {
        let now = self.ports.clock.now();
        let created_at = new.created_at.unwrap_or(now);
        let id = new.id.unwrap_or_else(|| UserId::generate(created_at, &*self.ports.random));
        if new.id.is_some()
            && let Some(there) = unit.lock_users(&[id]).await?.pop()
        {
            let is_same = there.email.key() == new.email.key();
            return Ok(if is_same { Imported::EmailTaken } else { Imported::IdTaken });
        }
        let names = match new.username {
            Some(name) => vec![name],
            None => names_from(&new.email, &*self.ports.random),
        };
        for name in names {
            let user = User {
                is_active: new.is_active,
                is_admin: new.is_admin,
                language: new.language,
                ..User::new(id, new.email.clone(), name, created_at)
            };
            match unit.insert_user(&user).await? {
                Insertion::Inserted => {}
                Insertion::EmailTaken => return Ok(Imported::EmailTaken),
                Insertion::UsernameTaken => continue,
            }
            unit.forget_failures(user.email.key(), None).await?;
            if let Some(hash) = &new.hash {
                unit.set_password(id, hash, now).await?;
            }
            unit.record(&by.event(&self.ports, AuditAction::UserCreated, Some(id))).await?;
            return Ok(Imported::Added);
        }
        Ok(Imported::UsernameTaken)
    }

    /// Returns all sessions of an account, the latest used first.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `Unavailable`, `Internal`.
    pub async fn sessions(&self, by: &AdminContext, user: &User) -> Result<Vec<Session>, Error> {
        only_operator(by)?;
        Ok(self.ports.store.list_sessions(user.id).await?)
    }

    /// Returns the password hash of an account, for moving to another system.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `Unavailable`, `Internal`.
    pub async fn password_hash(
        &self,
        by: &AdminContext,
        user: &User,
    ) -> Result<Option<PasswordHash>, Error> {
        only_operator(by)?;
        Ok(self.ports.store.find_password(user.id).await?)
    }
}

/// Returns candidates for a username: one derived from the address, and then the same with random
/// digits.
fn names_from(email: &EmailAddress, random: &dyn Random) -> Vec<Username> {
    let base = Username::stem(email);
    let with_digits = |_| {
        let mut drawn = [0; 4];
        random.fill(&mut drawn);
        let digits = u32::from_le_bytes(drawn) % 1_000_000;
        let base = if base.is_empty() { "user" } else { base.get(..25).unwrap_or(&base) };
        format!("{base}-{digits:06}")
    };
    let names = std::iter::once(base.clone()).chain((1..NAMES).map(with_digits));
    names.filter_map(|name| Username::parse(&name).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::CountingRandom;
    use crate::model::policy::Policy;
    use crate::ports::mocks::{Scene, a_unit};
    use crate::use_cases::authenticated_session::AuthenticatedSession;

    fn an_import() -> ImportedUser {
        ImportedUser {
            email: EmailAddress::parse("anna@example.com").unwrap(),
            id: None,
            username: None,
            hash: None,
            is_active: true,
            is_admin: false,
            created_at: None,
            language: None,
        }
    }

    #[test]
    fn a_username_is_derived_from_any_address() {
        let random = CountingRandom::default();
        for (address, first) in [
            ("anna@example.com", "anna"),
            ("Anna.B_c-9@example.com", "Anna.B_c-9"),
            ("anna+shop@example.com", "annashop"),
        ] {
            let names = names_from(&EmailAddress::parse(address).unwrap(), &random);
            assert_eq!((names.len(), names[0].as_str()), (NAMES, first));
        }
        for address in ["a@example.com", "ж@example.com", &format!("{}@a.de", "a".repeat(60))] {
            let names = names_from(&EmailAddress::parse(address).unwrap(), &random);
            assert!(names.len() >= NAMES - 1, "{address}: {names:?}");
        }
    }

    #[tokio::test]
    async fn a_derived_username_is_changed_if_taken_and_an_imported_one_is_not() {
        for (username, expected) in
            [(None, Imported::Added), (Username::parse("anna").ok(), Imported::UsernameTaken)]
        {
            let mut scene = Scene::default();
            let mut unit = a_unit();
            unit.expect_insert_user().returning(|user| {
                let is_taken = user.username.as_str() == "anna";
                Ok(if is_taken { Insertion::UsernameTaken } else { Insertion::Inserted })
            });
            unit.expect_commit().once().returning(|| Ok(()));
            scene.opens(unit);
            let administration = Administration::new(scene.ports(), Policy::default());
            let batch = vec![ImportedUser { username, ..an_import() }];
            let by = AdminContext::operator();
            let outcomes = administration.import(&by, batch, RunMode::Commit).await.unwrap();
            assert_eq!(outcomes, [expected]);
        }
    }

    #[tokio::test]
    async fn a_dry_run_is_not_committed() {
        let mut scene = Scene::default();
        let mut unit = a_unit();
        unit.expect_insert_user().once().returning(|_| Ok(Insertion::Inserted));
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let by = AdminContext::operator();
        let outcomes = administration.import(&by, vec![an_import()], RunMode::DryRun).await;
        assert_eq!(outcomes.unwrap(), [Imported::Added]);
    }

    #[tokio::test]
    async fn an_administrator_may_not_import_or_read_a_hash() {
        let admin = User { is_admin: true, ..crate::fixtures::a_user() };
        let administration = Administration::new(Scene::default().ports(), Policy::default());
        let by = AdminContext::of(AuthenticatedSession::of(admin.clone())).unwrap();
        let outcome = administration.import(&by, vec![an_import()], RunMode::Commit).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
        let outcome = administration.password_hash(&by, &admin).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }
}
