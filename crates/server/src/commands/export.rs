//! `vestibule user export`: everything about one person, or all accounts for another system.

use std::io::{ErrorKind, Write as _};

use serde_json::{Map, Value, json};
use vestibule_domain::audit::{AuditEvent, Doer};
use vestibule_domain::error::Error;
use vestibule_domain::language::Language;
use vestibule_domain::mail::MailRecord;
use vestibule_domain::session::Session;
use vestibule_domain::user::{User, UserFilter};

use super::accounts::{PAGE, as_json, find, operator};
use super::{mail, rfc3339};
use crate::app::App;
use crate::cli::Export;
use crate::failure::Failure;

/// Prints them.
pub(super) async fn run(app: &App, options: &Export) -> Result<(), Failure> {
    match &options.user {
        Some(user) => person(app, &find(app, user).await?).await,
        None => everybody(app, options.with_password_hashes).await,
    }
}

/// What a person may ask for (GDPR, article 15): all but their password hash, which tells them
/// nothing.
async fn person(app: &App, user: &User) -> Result<(), Failure> {
    let sessions = app.administration.sessions(&operator(), user).await?;
    let mut events: Vec<AuditEvent> = Vec::new();
    loop {
        let before = events.last().map(|event| event.id);
        let page = app.administration.events(&operator(), Some(user.id), before, PAGE).await?;
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

/// The mails to one person; no more of the others is kept than is read at a time.
async fn mails_to(app: &App, user: &User) -> Result<Vec<MailRecord>, Failure> {
    let (mut theirs, mut before) = (Vec::new(), None);
    loop {
        let page = app.administration.mails(&operator(), before, PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        before = page.last().map(|mail| mail.id);
        theirs.extend(page.into_iter().filter(|mail| mail.to == user.email));
        if is_last {
            return Ok(theirs);
        }
    }
}

fn session(session: &Session) -> Value {
    let caller = &session.caller;
    json!({
        "id": session.id.to_string(),
        "created_at": rfc3339(session.created_at),
        "last_seen_at": rfc3339(session.last_seen_at),
        "ip": caller.ip.map(|ip| ip.to_string()),
        "user_agent": caller.user_agent(),
    })
}

fn event(event: &AuditEvent) -> Value {
    let administrator = match event.by {
        Doer::Administrator(id) => Some(id.to_string()),
        _ => None,
    };
    json!({
        "at": rfc3339(event.at),
        "kind": event.kind.name(),
        "by": event.by.name(),
        "administrator_id": administrator,
        "ip": event.caller.ip.map(|ip| ip.to_string()),
        "user_agent": event.caller.user_agent(),
    })
}

/// One object a line, as `user import` reads them.
async fn everybody(app: &App, with_hashes: bool) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let filter = UserFilter::default();
        let page = app.administration.list(&operator(), &filter, after, PAGE).await?;
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

/// Answers whether anybody still reads. A file that is full is an error: half an export must not
/// pass for one.
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
    if with_hashes && let Some(hash) = app.administration.password_hash(&operator(), user).await? {
        fields.insert("password_hash".to_owned(), hash.as_phc().into());
    }
    Ok(fields.into())
}
