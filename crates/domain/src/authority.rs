//! Who may do things to other people's accounts and to the installation.

use crate::audit::{AuditEvent, Doer, EventKind};
use crate::caller::Caller;
use crate::error::Error;
use crate::id::UserId;
use crate::ports::Ports;
use crate::sessions::Actor;
use crate::user::User;

/// The right to administer, proved once and shown to every use case that asks for it.
#[derive(Clone, Debug)]
pub struct Authority(Holder);

#[derive(Clone, Debug)]
enum Holder {
    Operator,
    Administrator(Box<Actor>),
}

impl Authority {
    /// Whoever can run commands on the machine: nothing above them could forbid anything.
    pub fn operator() -> Self {
        Self(Holder::Operator)
    }

    /// A signed-in administrator.
    ///
    /// # Errors
    /// `Forbidden` for everybody else.
    pub fn of(actor: Actor) -> Result<Self, Error> {
        if actor.user.is_admin {
            Ok(Self(Holder::Administrator(Box::new(actor))))
        } else {
            Err(Error::Forbidden)
        }
    }

    /// The administrator; `None` for the operator.
    pub fn actor(&self) -> Option<&Actor> {
        match &self.0 {
            Holder::Operator => None,
            Holder::Administrator(actor) => Some(actor),
        }
    }

    /// An act of theirs upon an account or the installation.
    pub(crate) fn event(&self, ports: &Ports, kind: EventKind, user: Option<UserId>) -> AuditEvent {
        match self.actor() {
            None => ports.event(kind, user, Doer::Operator, &Caller::default()),
            Some(Actor { user: admin, caller, .. }) => {
                ports.event(kind, user, Doer::Administrator(admin.id), caller)
            }
        }
    }

    /// Whether the right still stands, given the users as a unit of work has locked them: of two
    /// administrators who would remove each other at the same moment, one is told no.
    pub(crate) fn still_stands(&self, locked: &[User]) -> Result<(), Error> {
        let Some(actor) = self.actor() else { return Ok(()) };
        let now = locked.iter().find(|user| user.id == actor.user.id);
        let stands = now
            .is_some_and(|user| user.is_admin && user.is_active && user.epoch == actor.user.epoch);
        if stands { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Refuses an administrator who would lock themselves out; the operator can always get back in.
    pub(crate) fn spare_own_account(&self, target: UserId) -> Result<(), Error> {
        match self.actor() {
            Some(actor) if actor.user.id == target => Err(Error::OwnAccount),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::mocks::a_user;

    #[test]
    fn only_administrators_have_authority() {
        assert!(matches!(Authority::of(Actor::of(a_user())), Err(Error::Forbidden)));
        let admin = User { is_admin: true, ..a_user() };
        let authority = Authority::of(Actor::of(admin.clone())).unwrap();
        assert_eq!(authority.actor().unwrap().user, admin);
        assert!(Authority::operator().actor().is_none());
    }

    #[test]
    fn an_administrator_does_not_lock_themselves_out() {
        let admin = User { is_admin: true, ..a_user() };
        let authority = Authority::of(Actor::of(admin.clone())).unwrap();
        assert!(matches!(authority.spare_own_account(admin.id), Err(Error::OwnAccount)));
        assert!(Authority::operator().spare_own_account(admin.id).is_ok());
    }

    #[test]
    fn rights_that_were_taken_meanwhile_do_not_stand() {
        let admin = User { is_admin: true, ..a_user() };
        let authority = Authority::of(Actor::of(admin.clone())).unwrap();
        assert!(authority.still_stands(std::slice::from_ref(&admin)).is_ok());
        for changed in [
            User { is_admin: false, ..admin.clone() },
            User { is_active: false, ..admin.clone() },
            User { epoch: admin.epoch.next(), ..admin.clone() },
        ] {
            assert!(matches!(authority.still_stands(&[changed]), Err(Error::Forbidden)));
        }
        assert!(matches!(authority.still_stands(&[]), Err(Error::Forbidden)));
        assert!(Authority::operator().still_stands(&[]).is_ok());
    }
}
