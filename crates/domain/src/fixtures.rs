//! Values for the unit tests of this crate.

use std::sync::Mutex;

use time::OffsetDateTime;

use crate::model::email::EmailAddress;
use crate::model::id::UserId;
use crate::model::user::User;
use crate::model::username::Username;
use crate::system::{Clock, Random};

/// A clock that always returns the same time.
pub(crate) struct FixedClock(pub(crate) OffsetDateTime);

impl Clock for FixedClock {
    fn now(&self) -> OffsetDateTime {
        self.0
    }
}

/// A generator that fills with 1 at the first call, with 2 at the second, and so on.
#[derive(Default)]
pub(crate) struct CountingRandom(Mutex<u8>);

impl Random for CountingRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut drawn = self.0.lock().unwrap();
        *drawn = drawn.wrapping_add(1);
        bytes.fill(*drawn);
    }
}

/// Returns the user Anna.
pub(crate) fn a_user() -> User {
    User::new(
        UserId::generate(OffsetDateTime::UNIX_EPOCH, &CountingRandom::default()),
        EmailAddress::parse("anna@example.com").unwrap(),
        Username::parse("anna").unwrap(),
        OffsetDateTime::UNIX_EPOCH,
    )
}
