//! The audit log, for administrators.

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use vestibule_domain::model::audit::{Actor, AuditEvent};
use vestibule_domain::model::id::{EventId, UserId};

use super::admin_credentials::Administrator;
use super::{cut, failed, usual_limit};
use crate::error::ApiError;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::rfc3339;

/// Audit log operations.
pub(crate) struct AuditLogApi;

/// A page of audit events, the newest first.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct EventsResponse {
    /// The events.
    events: Vec<EventResponse>,
    /// Cursor of the next page; absent on the last page.
    next_cursor: Option<Uuid>,
}

/// An audit event about an account or the installation.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct EventResponse {
    /// Event id.
    id: Uuid,
    /// Time of the event, RFC 3339.
    #[oai(validator(max_length = 35))]
    at: String,
    /// Action, such as `signed_in` or `password_reset`; `docs/security.md` lists all.
    kind: String,
    /// Account the event is about, which may be deleted; absent if it is about none.
    user_id: Option<Uuid>,
    /// Actor: `holder` (the client, with the password, link or session of the account),
    /// `administrator`, `operator` (on the command line) or `service`.
    by: String,
    /// Id of the administrator.
    administrator_id: Option<Uuid>,
    /// Client IP.
    ip: Option<String>,
    /// User agent of the client.
    user_agent: Option<String>,
}

impl From<AuditEvent> for EventResponse {
    fn from(event: AuditEvent) -> Self {
        let administrator_id = match event.by {
            Actor::Administrator(id) => Some(id.as_uuid()),
            Actor::Client | Actor::Operator | Actor::Service => None,
        };
        Self {
            id: event.id.as_uuid(),
            at: rfc3339(event.at),
            kind: event.kind.name().to_owned(),
            user_id: event.user_id.map(UserId::as_uuid),
            by: event.by.name().to_owned(),
            administrator_id,
            ip: event.client.ip.map(|ip| ip.to_string()),
            user_agent: event.client.user_agent().map(ToOwned::to_owned),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Administration")]
impl AuditLogApi {
    /// List audit events
    ///
    /// Sign-ins and failures, resets, changes, and operations of administrators.
    #[oai(path = "/audit", method = "get", operation_id = "listAuditEvents")]
    #[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
    async fn list(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Only events about this account.
        user_id: Query<Option<Uuid>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<Uuid>>,
        /// Maximum number of events.
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
