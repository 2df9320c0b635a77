//! `vestibule user export`: the data of one account, or all accounts for another system.

use std::io::{ErrorKind, Write as _};

use serde_json::{Map, Value, json};
use vestibule_domain::error::Error;
use vestibule_domain::model::audit::{Actor, AuditEvent};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::MailRecord;
use vestibule_domain::model::session::Session;
use vestibule_domain::model::user::{User, UserFilter};

use vestibule_domain::use_cases::admin_context::AdminContext;

use super::user_lookup::{PAGE, as_json, find};
use super::{mail, rfc3339};
use crate::app::App;
use crate::cli::Export;
use crate::failure::Failure;

/// Exports one account or all accounts.
pub(super) async fn run(app: &App, options: &Export) -> Result<(), Failure> {
    match &options.user {
        Some(user) => person(app, &find(app, user).await?).await,
        None => all_accounts(app, options.with_password_hashes).await,
    }
}

/// Prints the data that a user may request (GDPR, article 15): all but the password hash.
async fn person(app: &App, user: &User) -> Result<(), Failure> {
    let sessions = app.administration.sessions(&AdminContext::operator(), user).await?;
    let mut events: Vec<AuditEvent> = Vec::new();
    loop {
        let before = events.last().map(|event| event.id);
        let page = app
            .administration
            .events(&AdminContext::operator(), Some(user.id), before, PAGE)
            .await?;
        let is_last = page.len() < PAGE as usize;
        events.extend(page);
        if is_last {
            break;
        }
    }
    let mails = mails_to(app, user).await?;
    let all = json!({
        "account": as_json(user),
        "language": user.language.map(Language::tag),
        "sessions": sessions.iter().map(session).collect::<Value>(),
        "events": events.iter().map(event).collect::<Value>(),
        "mails": mails.iter().map(mail::as_json).collect::<Value>(),
    });
    write(&format!("{all:#}\n"))?;
    Ok(())
}

/// Returns the mails to one user, reading all mails page by page.
async fn mails_to(app: &App, user: &User) -> Result<Vec<MailRecord>, Failure> {
    let (mut theirs, mut before) = (Vec::new(), None);
    loop {
        let page = app.administration.mails(&AdminContext::operator(), before, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        before = page.last().map(|mail| mail.id);
        theirs.extend(page.into_iter().filter(|mail| mail.to == user.email));
        if is_last {
            return Ok(theirs);
        }
    }
}

fn session(session: &Session) -> Value {
    let client = &session.client;
    json!({
        "id": session.id.to_string(),
        "created_at": rfc3339(session.created_at),
        "last_seen_at": rfc3339(session.last_seen_at),
        "ip": client.ip.map(|ip| ip.to_string()),
        "user_agent": client.user_agent(),
    })
}

fn event(event: &AuditEvent) -> Value {
    let administrator = match event.by {
        Actor::Administrator(id) => Some(id.to_string()),
        _ => None,
    };
    json!({
        "at": rfc3339(event.at),
        "kind": event.kind.name(),
        "by": event.by.name(),
        "administrator_id": administrator,
        "ip": event.client.ip.map(|ip| ip.to_string()),
        "user_agent": event.client.user_agent(),
    })
}

/// Prints all accounts as JSON lines, in the format of `user import`.
async fn all_accounts(app: &App, with_hashes: bool) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let filter = UserFilter::default();
        let page = app.administration.list(&AdminContext::operator(), &filter, after, PAGE).await?;
        let mut lines = String::new();
        for user in &page {
            lines.push_str(&line(app, user, with_hashes).await?.to_string());
            lines.push('\n');
        }
        if !write(&lines)? {
            return Ok(());
        }
        after = page.last().map(|user| user.id);
        if page.len() < PAGE as usize {
            return Ok(());
        }
    }
}

/// Writes a line. Returns `false` if the pipe is closed. A full disk is an error, so that a partial
/// export is not taken for a whole one.
fn write(lines: &str) -> std::io::Result<bool> {
    let mut out = std::io::stdout().lock();
    match out.write_all(lines.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error),
    }
}

async fn line(app: &App, user: &User, with_hashes: bool) -> Result<Value, Error> {
    let mut fields = match as_json(user) {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    if let Some(language) = user.language {
        fields.insert("language".to_owned(), language.tag().into());
    }
    if with_hashes
        && let Some(hash) =
            app.administration.password_hash(&AdminContext::operator(), user).await?
    {
        fields.insert("password_hash".to_owned(), hash.as_phc().into());
    }
    Ok(fields.into())
}
