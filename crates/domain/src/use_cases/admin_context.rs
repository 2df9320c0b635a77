//! Authorisation of administrators and operators.

use crate::error::Error;
use crate::model::audit::{Actor, AuditAction, AuditEvent};
use crate::model::client::ClientInfo;
use crate::model::id::UserId;
use crate::model::user::User;
use crate::ports::Ports;
use crate::use_cases::authenticated_session::AuthenticatedSession;

/// An administrator or the operator; required by all administrative use cases.
#[derive(Clone, Debug)]
pub struct AdminContext(Holder);

#[derive(Clone, Debug)]
enum Holder {
    Operator,
    Administrator(Box<AuthenticatedSession>),
}

impl AdminContext {
    /// Creates the context of an operator, who runs commands on the machine.
    pub fn operator() -> Self {
        Self(Holder::Operator)
    }

    /// Creates the context of a signed-in administrator.
    ///
    /// # Errors
    /// `Forbidden` if the user is not an administrator.
    pub fn of(actor: AuthenticatedSession) -> Result<Self, Error> {
        if actor.user.is_admin {
            Ok(Self(Holder::Administrator(Box::new(actor))))
        } else {
            Err(Error::Forbidden)
        }
    }

    /// Returns the administrator; `None` for the operator.
    pub fn actor(&self) -> Option<&AuthenticatedSession> {
        match &self.0 {
            Holder::Operator => None,
            Holder::Administrator(actor) => Some(actor),
        }
    }

    /// Creates an audit event of an operation on an account or the installation.
    pub(crate) fn event(
        &self,
        ports: &Ports,
        kind: AuditAction,
        user: Option<UserId>,
    ) -> AuditEvent {
        match self.actor() {
            None => ports.event(kind, user, Actor::Operator, &ClientInfo::default()),
            Some(AuthenticatedSession { user: admin, client, .. }) => {
                ports.event(kind, user, Actor::Administrator(admin.id), client)
            }
        }
    }

    /// Checks the rights again, with the users that a unit of work has locked: of two administrators
    /// who remove each other at the same time, one is refused.
    pub(crate) fn still_stands(&self, locked: &[User]) -> Result<(), Error> {
        let Some(actor) = self.actor() else { return Ok(()) };
        let now = locked.iter().find(|user| user.id == actor.user.id);
        let stands = now.is_some_and(|user| {
            user.is_admin
                && user.is_active
                && user.credentials_version == actor.user.credentials_version
        });
        if stands { Ok(()) } else { Err(Error::Forbidden) }
    }

    /// Refuses an operation of an administrator on their own account, which could lock them out.
    pub(crate) fn deny_own_account(&self, target: UserId) -> Result<(), Error> {
        match self.actor() {
            Some(actor) if actor.user.id == target => Err(Error::OwnAccount),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;

    #[test]
    fn only_administrators_are_authorized() {
        assert!(matches!(
            AdminContext::of(AuthenticatedSession::of(a_user())),
            Err(Error::Forbidden)
        ));
        let admin = User { is_admin: true, ..a_user() };
        let authority = AdminContext::of(AuthenticatedSession::of(admin.clone())).unwrap();
        assert_eq!(authority.actor().unwrap().user, admin);
        assert!(AdminContext::operator().actor().is_none());
    }

    #[test]
    fn an_administrator_cannot_lock_themselves_out() {
        let admin = User { is_admin: true, ..a_user() };
        let authority = AdminContext::of(AuthenticatedSession::of(admin.clone())).unwrap();
        assert!(matches!(authority.deny_own_account(admin.id), Err(Error::OwnAccount)));
        assert!(AdminContext::operator().deny_own_account(admin.id).is_ok());
    }

    #[test]
    fn revoked_rights_are_detected() {
        let admin = User { is_admin: true, ..a_user() };
        let authority = AdminContext::of(AuthenticatedSession::of(admin.clone())).unwrap();
        assert!(authority.still_stands(std::slice::from_ref(&admin)).is_ok());
        for changed in [
            User { is_admin: false, ..admin.clone() },
            User { is_active: false, ..admin.clone() },
            User { credentials_version: admin.credentials_version.next(), ..admin.clone() },
        ] {
            assert!(matches!(authority.still_stands(&[changed]), Err(Error::Forbidden)));
        }
        assert!(matches!(authority.still_stands(&[]), Err(Error::Forbidden)));
        assert!(AdminContext::operator().still_stands(&[]).is_ok());
    }
}
