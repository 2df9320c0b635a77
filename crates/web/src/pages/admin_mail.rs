//! The mail list of administrators.

use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;
use uuid::Uuid;
use vestibule_domain::error::Error;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::mail::{MailKind, MailRecord, MailState};

use super::{Id, next_page};
use crate::flash::Flash;
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{self, MailNotice, MailRow};

const PER_PAGE: u32 = 25;

#[derive(Deserialize)]
pub(super) struct PageQuery {
    cursor: Option<Uuid>,
}

#[handler]
pub(super) async fn show(
    mut context: PageContext,
    query: Query<PageQuery>,
) -> Result<Response, PageError> {
    let admin = context.admin()?;
    let before = query.0.cursor.map(MailId::from_uuid);
    let mut mails = context.app.state.administration.mails(&admin, before, PER_PAGE + 1).await?;
    let next = next_page(paths::ADMIN_MAIL, "", &mut mails, PER_PAGE, |mail| mail.id.to_string());
    let notice = match context.take_flash() {
        Some(Flash::Mail { notice }) => Some(notice),
        _ => None,
    };
    let rows = mails.into_iter().map(row).collect();
    context.admin_page(StatusCode::OK, &views::MailList { rows, next, notice }).await
}

#[handler]
pub(super) async fn resend(context: PageContext, id: Id) -> Result<Response, PageError> {
    let mut context = context.with_path(paths::ADMIN_MAIL);
    let admin = context.admin()?;
    let id = MailId::from_uuid(id.0);
    let notice = match context.app.state.administration.resend(&admin, id).await {
        Ok(()) => MailNotice::Queued,
        Err(Error::NotFound) => MailNotice::NotPossible,
        Err(Error::Unavailable(_)) => MailNotice::Failed,
        Err(error) => return Err(error.into()),
    };
    context.set_flash(Flash::Mail { notice });
    Ok(context.redirect(paths::ADMIN_MAIL))
}

fn row(mail: MailRecord) -> MailRow {
    let state = match mail.state {
        MailState::Waiting { due_at } => views::MailState::Waiting { next_attempt: due_at.into() },
        MailState::Sent { at } => views::MailState::Sent { at: at.into() },
        MailState::Failed { at } => views::MailState::Failed { at: at.into() },
        MailState::Withdrawn { at } => views::MailState::Withdrawn { at: at.into() },
    };
    MailRow {
        id: mail.id.to_string(),
        kind: match mail.kind {
            MailKind::Welcome => views::MailKind::Welcome,
            MailKind::ResetLink => views::MailKind::ResetLink,
            MailKind::PasswordChanged => views::MailKind::PasswordChanged,
            MailKind::PasswordDisabled => views::MailKind::PasswordDisabled,
            MailKind::SignInAfterFailures => views::MailKind::SignInAfterFailures,
            MailKind::RefreshTokenReused => views::MailKind::RefreshTokenReused,
        },
        recipient: mail.to.as_str().to_owned(),
        // A withdrawn mail has no subject any more, and would be withdrawn again.
        can_resend: !matches!(mail.state, MailState::Withdrawn { .. }),
        state,
        attempts: mail.attempts,
        queued: mail.queued_at.into(),
        reason: mail.last_error,
    }
}
