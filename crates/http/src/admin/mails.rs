//! Operations on the outbox: list mails and send them again.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::{MailRecord, MailState};

use super::admin_credentials::Administrator;
use super::{Accepted, cut, failed, usual_limit};
use crate::error::ApiError;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::rfc3339;

/// Mail operations.
pub(crate) struct MailsApi;

/// A page of mails, the newest first.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct MailsResponse {
    /// The mails.
    mails: Vec<MailResponse>,
    /// Cursor of the next page; absent on the last page.
    next_cursor: Option<Uuid>,
}

/// A mail, without its text.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct MailResponse {
    /// Mail id.
    id: Uuid,
    /// Kind: `welcome`, `reset_link`, `password_changed`, `password_disabled`,
    /// `sign_in_after_failures` or `refresh_token_reused`.
    kind: String,
    /// Email address of the recipient.
    to: String,
    /// State: `waiting`, `sent`, `failed`, or `withdrawn` if its link or account became invalid.
    state: String,
    /// Number of delivery attempts.
    attempts: u32,
    /// Time at which it was queued, RFC 3339.
    queued_at: String,
    /// Time of the next attempt, if it is waiting, RFC 3339.
    due_at: Option<String>,
    /// Time at which it was sent, failed or withdrawn, RFC 3339.
    ended_at: Option<String>,
    /// Error of the last failed attempt.
    last_error: Option<String>,
}

impl From<MailRecord> for MailResponse {
    fn from(mail: MailRecord) -> Self {
        let (due_at, ended_at) = match mail.state {
            MailState::Waiting { due_at } => (Some(due_at), None),
            MailState::Sent { at } | MailState::Failed { at } | MailState::Withdrawn { at } => {
                (None, Some(at))
            }
        };
        Self {
            id: mail.id.as_uuid(),
            kind: mail.kind.name().to_owned(),
            to: mail.to.as_str().to_owned(),
            state: mail.state.name().to_owned(),
            attempts: mail.attempts,
            queued_at: rfc3339(mail.queued_at),
            due_at: due_at.map(rfc3339),
            ended_at: ended_at.map(rfc3339),
            last_error: mail.last_error,
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Administration")]
impl MailsApi {
    /// List mails
    ///
    /// The newest first. Without their text, which contains links.
    #[oai(path = "/mail", method = "get", operation_id = "listMails")]
    async fn list(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<Uuid>>,
        /// Maximum number of mails.
        #[oai(default = "usual_limit", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Result<Json<MailsResponse>, ApiError> {
        let before = cursor.0.map(MailId::from_uuid);
        let mails = state.administration.mails(&admin.0, before, limit.0 + 1).await;
        let (mails, next_cursor) = cut(mails.map_err(failed)?, limit.0, |mail| mail.id.as_uuid());
        let mails = mails.into_iter().map(MailResponse::from).collect();
        Ok(Json(MailsResponse { mails, next_cursor }))
    }

    /// Send a mail again
    ///
    /// Queues a mail in any state for immediate delivery. An invalid link is not sent.
    #[oai(path = "/mail/:id/resend", method = "post", operation_id = "resendMail")]
    async fn resend(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Mail id.
        id: Path<Uuid>,
    ) -> Result<Accepted, ApiError> {
        let resent = state.administration.resend(&admin.0, MailId::from_uuid(id.0)).await;
        resent.map_err(failed)?;
        Ok(Accepted::Noted)
    }
}
