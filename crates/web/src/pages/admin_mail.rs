//! The mails: what waits, went out, failed, and why.

use poem::http::StatusCode;
use poem::web::Query;
use poem::{Response, handler};
use serde::Deserialize;
use uuid::Uuid;
use vestibule_domain::error::Error;
use vestibule_domain::id::MailId;
use vestibule_domain::mail::{MailKind, MailRecord, MailState};

use super::{Id, next_page};
use crate::fault::Fault;
use crate::flash::Flash;
use crate::paths;
use crate::views::{self, MailLogNotice, MailRow};
use crate::visit::Visit;

const PER_PAGE: u32 = 25;

#[derive(Deserialize)]
pub(super) struct Address {
    cursor: Option<Uuid>,
}

#[handler]
pub(super) async fn show(mut visit: Visit, address: Query<Address>) -> Result<Response, Fault> {
    let by = visit.authority()?;
    let before = address.0.cursor.map(MailId::from_uuid);
    let mut mails = visit.site.state.administration.mails(&by, before, PER_PAGE + 1).await?;
    let next = next_page(paths::ADMIN_MAIL, "", &mut mails, PER_PAGE, |mail| mail.id.to_string());
    let notice = match visit.forget_flash() {
        Some(Flash::Mail { notice }) => Some(notice),
        _ => None,
    };
    let rows = mails.into_iter().map(row).collect();
    visit.admin_page(StatusCode::OK, &views::MailLog { rows, next, notice }).await
}

#[handler]
pub(super) async fn resend(visit: Visit, id: Id) -> Result<Response, Fault> {
    let mut visit = visit.at(paths::ADMIN_MAIL);
    let by = visit.authority()?;
    let id = MailId::from_uuid(id.0);
    let notice = match visit.site.state.administration.resend(&by, id).await {
        Ok(()) => MailLogNotice::Queued,
        Err(Error::NotFound) => MailLogNotice::NotPossible,
        Err(Error::Unavailable(_)) => MailLogNotice::Failed,
        Err(error) => return Err(error.into()),
    };
    visit.tell(Flash::Mail { notice });
    Ok(visit.redirect(paths::ADMIN_MAIL))
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
        // A mail that was withdrawn has lost its subject, and would be withdrawn again.
        can_resend: !matches!(mail.state, MailState::Withdrawn { .. }),
        state,
        attempts: mail.attempts,
        queued: mail.queued_at.into(),
        reason: mail.last_error,
    }
}
