//! Accounts that come from another system, and accounts that leave for one.

use time::OffsetDateTime;

use super::{Administration, only_operator};
use crate::audit::EventKind;
use crate::authority::Authority;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::id::UserId;
use crate::language::Language;
use crate::password::PasswordHash;
use crate::ports::{HashError, Insertion, Random, UnitOfWork};
use crate::session::Session;
use crate::user::User;
use crate::username::Username;

/// How many names are tried for somebody who brings none.
const NAMES: usize = 8;

/// An account as another system knows it.
#[derive(Clone, Debug)]
pub struct ImportedUser {
    /// Identifies the account.
    pub email: EmailAddress,
    /// Its id, for whoever refers to it; a new one without.
    pub id: Option<UserId>,
    /// Shown to others; made from the address without.
    pub username: Option<Username>,
    /// The hash of its password, as [`Administration::adopt_hash`] took it; without one, a link has
    /// to set the first password.
    pub hash: Option<PasswordHash>,
    /// Whether it may sign in.
    pub is_active: bool,
    /// Whether it may administer others.
    pub is_admin: bool,
    /// When it came into being; now without.
    pub created_at: Option<OffsetDateTime>,
    /// The language of its mails.
    pub language: Option<Language>,
}

/// What became of an account that was to be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Imported {
    /// It is there now.
    Added,
    /// An account with that address was there before; it is as it was.
    EmailTaken,
    /// Another account has that name.
    UsernameTaken,
    /// Another account has that id.
    IdTaken,
}

/// Whether what is tried is meant to last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Earnest {
    /// It is.
    Real,
    /// All of it is done and taken back.
    Rehearsal,
}

impl Administration {
    /// Takes a password hash in the notation of the system it comes from.
    ///
    /// # Errors
    /// [`HashError::Unreadable`] says why no password can be compared with it.
    pub fn adopt_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        self.ports.hasher.adopt(text)
    }

    /// Adds accounts that come from another system, all of this batch in one unit, and answers what
    /// became of each, in their order. Who cannot be added stands in nobody's way. Signs nobody in
    /// and writes to nobody.
    ///
    /// # Errors
    /// `Forbidden` for everybody but the operator; `Unavailable`, `Internal`: then none of the batch
    /// was added.
    pub async fn import(
        &self,
        by: &Authority,
        batch: Vec<ImportedUser>,
        earnest: Earnest,
    ) -> Result<Vec<Imported>, Error> {
        only_operator(by)?;
        let mut unit = self.ports.store.begin().await?;
        let mut outcomes = Vec::with_capacity(batch.len());
        for user in batch {
            outcomes.push(self.add(&mut *unit, by, user).await?);
        }
        if earnest == Earnest::Real {
            unit.commit().await?;
        }
        Ok(outcomes)
    }

    async fn add(
        &self,
        unit: &mut dyn UnitOfWork,
        by: &Authority,
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
            unit.record(&by.event(&self.ports, EventKind::UserCreated, Some(id))).await?;
            return Ok(Imported::Added);
        }
        Ok(Imported::UsernameTaken)
    }

    /// All sessions of an account, the one seen last first.
    ///
    /// # Errors
    /// `Forbidden` for everybody but the operator; `Unavailable`, `Internal`.
    pub async fn sessions(&self, by: &Authority, user: &User) -> Result<Vec<Session>, Error> {
        only_operator(by)?;
        Ok(self.ports.store.list_sessions(user.id).await?)
    }

    /// The hash of an account's password, for moving to another system.
    ///
    /// # Errors
    /// `Forbidden` for everybody but the operator; `Unavailable`, `Internal`.
    pub async fn password_hash(
        &self,
        by: &Authority,
        user: &User,
    ) -> Result<Option<PasswordHash>, Error> {
        only_operator(by)?;
        Ok(self.ports.store.find_password(user.id).await?)
    }
}

/// Names for somebody who brings none: one made from the address, and then with some digits, which
/// are drawn, so that nobody has to count who came before.
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
    use crate::policy::Policy;
    use crate::ports::mocks::{CountingRandom, Scene, a_unit};
    use crate::sessions::Actor;

    fn somebody() -> ImportedUser {
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
    fn a_name_is_made_from_any_address() {
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
    async fn a_name_that_is_taken_gives_way_to_another_unless_it_was_brought() {
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
            let batch = vec![ImportedUser { username, ..somebody() }];
            let by = Authority::operator();
            let outcomes = administration.import(&by, batch, Earnest::Real).await.unwrap();
            assert_eq!(outcomes, [expected]);
        }
    }

    #[tokio::test]
    async fn a_rehearsal_is_not_committed() {
        let mut scene = Scene::default();
        let mut unit = a_unit();
        unit.expect_insert_user().once().returning(|_| Ok(Insertion::Inserted));
        unit.expect_commit().never();
        scene.opens(unit);
        let administration = Administration::new(scene.ports(), Policy::default());
        let by = Authority::operator();
        let outcomes = administration.import(&by, vec![somebody()], Earnest::Rehearsal).await;
        assert_eq!(outcomes.unwrap(), [Imported::Added]);
    }

    #[tokio::test]
    async fn an_administrator_brings_nobody_along_and_takes_no_hash() {
        let admin = User { is_admin: true, ..crate::ports::mocks::a_user() };
        let administration = Administration::new(Scene::default().ports(), Policy::default());
        let by = Authority::of(Actor::of(admin.clone())).unwrap();
        let outcome = administration.import(&by, vec![somebody()], Earnest::Real).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
        let outcome = administration.password_hash(&by, &admin).await;
        assert!(matches!(outcome, Err(Error::Forbidden)), "{outcome:?}");
    }
}
