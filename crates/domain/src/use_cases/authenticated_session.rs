//! The session and user that the credentials of a request belong to.

use crate::model::audit::{Actor, AuditAction, AuditEvent};
use crate::model::client::ClientInfo;
#[cfg(test)]
use crate::model::policy::SessionPolicy;
use crate::model::session::Session;
use crate::model::user::User;
use crate::ports::Ports;

/// A live session, its user, and the client that presented its credentials.
#[derive(Clone, Debug)]
pub struct AuthenticatedSession {
    /// The user.
    pub user: User,
    /// The session.
    pub session: Session,
    /// The client of this request.
    pub client: ClientInfo,
}

impl AuthenticatedSession {
    /// Returns an audit event of an operation of the user on their own account.
    pub(crate) fn event(&self, ports: &Ports, kind: AuditAction) -> AuditEvent {
        ports.event(kind, Some(self.user.id), Actor::Client, &self.client)
    }
}

#[cfg(test)]
impl AuthenticatedSession {
    /// Returns a session that `user` opened when the account was created.
    pub(crate) fn of(user: User) -> Self {
        let random = crate::fixtures::CountingRandom::default();
        let now = user.created_at;
        let policy = SessionPolicy::default();
        let session = Session::open(&user, &ClientInfo::default(), &policy, now, &random);
        Self { user, session, client: ClientInfo::default() }
    }
}
