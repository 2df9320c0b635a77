//! Operations on mails: what was queued, sent or given up, and once more.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;
use vestibule_domain::id::MailId;
use vestibule_domain::mail::{MailRecord, MailState};

use super::authority::Administrator;
use super::{Accepted, cut, failed, usual_limit};
use crate::Tag;
use crate::error::ApiError;
use crate::state::State;
use crate::views::rfc3339;

/// The operations.
pub(crate) struct Mails;

/// Mails, the newest first.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct MailsResponse {
    /// The mails.
    mails: Vec<MailResponse>,
    /// Where the list goes on; absent at its end.
    next_cursor: Option<Uuid>,
}

/// A mail: what it is, never what it says.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct MailResponse {
    /// Names the mail.
    id: Uuid,
    /// `welcome`, `reset_link`, `password_changed`, `password_disabled`, `sign_in_after_failures`
    /// or `refresh_token_reused`.
    kind: String,
    /// The address of the account it is about.
    to: String,
    /// `waiting`, `sent`, `failed`, or `withdrawn` when what it is about was gone.
    state: String,
    /// How often it was tried.
    attempts: u32,
    /// When what it reports happened, RFC 3339.
    queued_at: String,
    /// While it waits: when its next attempt is due.
    due_at: Option<String>,
    /// Once it waits no more: since when.
    ended_at: Option<String>,
    /// Why it did not work, the last time it did not.
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
impl Mails {
    /// List mails
    ///
    /// The newest first. What they say is not told, because links are in there.
    #[oai(path = "/mail", method = "get", operation_id = "listMails")]
    async fn list(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// The `next_cursor` of the list so far.
        cursor: Query<Option<Uuid>>,
        /// How many mails at most.
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
    /// At once, whatever became of it. A link that does not work any more is not sent.
    #[oai(path = "/mail/:id/resend", method = "post", operation_id = "resendMail")]
    async fn resend(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// The mail.
        id: Path<Uuid>,
    ) -> Result<Accepted, ApiError> {
        let resent = state.administration.resend(&admin.0, MailId::from_uuid(id.0)).await;
        resent.map_err(failed)?;
        Ok(Accepted::Noted)
    }
}
