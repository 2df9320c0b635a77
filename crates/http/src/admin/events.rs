//! The record of what happened, for administrators.

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use vestibule_domain::audit::{AuditEvent, Doer};
use vestibule_domain::id::{EventId, UserId};

use super::authority::Administrator;
use super::{cut, failed, usual_limit};
use crate::Tag;
use crate::error::ApiError;
use crate::state::State;
use crate::views::rfc3339;

/// The operations.
pub(crate) struct Events;

/// Events, the newest first.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct EventsResponse {
    /// The events.
    events: Vec<EventResponse>,
    /// Where the list goes on; absent at its end.
    next_cursor: Option<Uuid>,
}

/// Something that happened to an account or to the installation.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct EventResponse {
    /// Names the event.
    id: Uuid,
    /// When, RFC 3339.
    #[oai(validator(max_length = 35))]
    at: String,
    /// What, such as `signed_in` or `password_reset`; `docs/security.md` lists all.
    kind: String,
    /// The account it is about, whether it still exists or not; absent when it is about none.
    user_id: Option<Uuid>,
    /// Who did it: `holder` (whoever held the password, link or session it takes),
    /// `administrator`, `operator` (at the command line) or `service`.
    by: String,
    /// Which administrator.
    administrator_id: Option<Uuid>,
    /// The address it was done from.
    ip: Option<String>,
    /// What the client called itself.
    user_agent: Option<String>,
}

impl From<AuditEvent> for EventResponse {
    fn from(event: AuditEvent) -> Self {
        let administrator_id = match event.by {
            Doer::Administrator(id) => Some(id.as_uuid()),
            Doer::Holder | Doer::Operator | Doer::Service => None,
        };
        Self {
            id: event.id.as_uuid(),
            at: rfc3339(event.at),
            kind: event.kind.name().to_owned(),
            user_id: event.user_id.map(UserId::as_uuid),
            by: event.by.name().to_owned(),
            administrator_id,
            ip: event.caller.ip.map(|ip| ip.to_string()),
            user_agent: event.caller.user_agent().map(ToOwned::to_owned),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Administration")]
impl Events {
    /// List what happened
    ///
    /// Sign-ins and failures, resets, changes, and what administrators did.
    #[oai(path = "/audit", method = "get", operation_id = "listAuditEvents")]
    #[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
    async fn list(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// Only those about this account.
        user_id: Query<Option<Uuid>>,
        /// The `next_cursor` of the list so far.
        cursor: Query<Option<Uuid>>,
        /// How many events at most.
        #[oai(default = "usual_limit", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Result<Json<EventsResponse>, ApiError> {
        let user = user_id.0.map(UserId::from_uuid);
        let before = cursor.0.map(EventId::from_uuid);
        let events = state.administration.events(&admin.0, user, before, limit.0 + 1).await;
        let events = events.map_err(failed)?;
        let (events, next_cursor) = cut(events, limit.0, |event| event.id.as_uuid());
        let events = events.into_iter().map(EventResponse::from).collect();
        Ok(Json(EventsResponse { events, next_cursor }))
    }
}
