//! `vestibule mail`.

use anyhow::anyhow;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{MailRecord, MailState};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_mail::describe;

use super::{open, print_json, print_line, rfc3339};
use crate::app::App;
use crate::cli::{Mail, Place};
use crate::failure::Failure;

/// Number of mails that are read at a time.
const PAGE: u32 = 500;

/// Sends a test mail, lists mails, or sends one again.
pub(super) async fn run(place: &Place, action: Mail) -> Result<(), Failure> {
    let app = open(place).await?;
    match action {
        Mail::Test { to } => test(&app, &to).await,
        Mail::List { limit, json } => list(&app, limit, json).await,
        Mail::Resend { id } => resend(&app, &id).await,
    }
}

async fn test(app: &App, to: &str) -> Result<(), Failure> {
    let to = EmailAddress::parse(to).map_err(anyhow::Error::from)?;
    let (operator, no_client) = (AdminContext::operator(), ClientInfo::default());
    let tested = match app.smtp.test(&operator, to, Language::English, &no_client).await {
        Err(Error::MailNotSetUp) => {
            let remedy = "not set: set mail.host and mail.from_address, or save SMTP settings at \
                          /admin/settings";
            return Err(Failure::configuration("mail.host", remedy));
        }
        tested => tested?,
    };
    match tested.reply {
        Ok(receipt) => {
            print_line(&format!("Sent. Reply of the SMTP server: {}", receipt.reply));
            Ok(())
        }
        Err(error) => Err(anyhow!(describe(&error, &app.locales, Language::English)).into()),
    }
}

/// Returns at most `wanted` mails, the newest first.
pub(super) async fn all(app: &App, limit: u32) -> Result<Vec<MailRecord>, Failure> {
    let mut mails: Vec<MailRecord> = Vec::new();
    let mut room = limit;
    while room > 0 {
        let before = mails.last().map(|mail| mail.id);
        let wanted = room.min(PAGE);
        let page = app.administration.mails(&AdminContext::operator(), before, wanted).await?;
        let found = u32::try_from(page.len()).unwrap_or(PAGE);
        mails.extend(page);
        if found < wanted {
            break;
        }
        room -= found;
    }
    Ok(mails)
}

async fn list(app: &App, limit: u32, json: bool) -> Result<(), Failure> {
    let mails = all(app, limit).await?;
    if json {
        print_json(&mails.iter().map(as_json).collect());
    } else {
        for mail in &mails {
            print_line(&as_line(mail));
        }
    }
    Ok(())
}

async fn resend(app: &App, id: &str) -> Result<(), Failure> {
    let id: Uuid =
        id.parse().map_err(|_| anyhow!("{id:?} is not a mail id; see `vestibule mail list`"))?;
    match app.administration.resend(&AdminContext::operator(), MailId::from_uuid(id)).await {
        Ok(()) => {
            print_line(&format!("{id} is queued; the worker of the running service sends it"));
            Ok(())
        }
        Err(Error::NotFound) => Err(anyhow!(
            "there is no mail {id}, or it is on its way at this moment; \
             `vestibule mail list` tells"
        )
        .into()),
        Err(error) => Err(error.into()),
    }
}

/// Returns the due time of a waiting mail, or the time at which it was settled.
fn moments(state: MailState) -> (Option<OffsetDateTime>, Option<OffsetDateTime>) {
    match state {
        MailState::Waiting { due_at } => (Some(due_at), None),
        MailState::Sent { at } | MailState::Failed { at } | MailState::Withdrawn { at } => {
            (None, Some(at))
        }
    }
}

pub(super) fn as_json(mail: &MailRecord) -> Value {
    let (due_at, ended_at) = moments(mail.state);
    json!({
        "id": mail.id.to_string(),
        "kind": mail.kind.name(),
        "to": mail.to.as_str(),
        "state": mail.state.name(),
        "attempts": mail.attempts,
        "queued_at": rfc3339(mail.queued_at),
        "due_at": due_at.map(rfc3339),
        "ended_at": ended_at.map(rfc3339),
        "last_error": mail.last_error,
    })
}

fn as_line(mail: &MailRecord) -> String {
    let (state, kind) = (mail.state.name(), mail.kind.name());
    let reason = mail.last_error.as_deref().map(|reason| format!("  {reason}"));
    let queued_at = rfc3339(mail.queued_at);
    let reason = reason.unwrap_or_default();
    format!("{}  {queued_at}  {state:<9}  {kind:<22}  {}{reason}", mail.id, mail.to.as_str())
}
