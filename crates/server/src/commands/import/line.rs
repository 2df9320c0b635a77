//! A line of an import: one account as JSON.

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;
use vestibule_domain::error::chain;
use vestibule_domain::model::email::{EmailAddress, MAX_EMAIL_BYTES};
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::administration::ImportedUser;

use crate::app::App;

/// The reason why a line is not imported.
pub(super) struct Refusal {
    /// The email address, if the line contains one.
    pub(super) email: Option<String>,
    /// The problem; never contains the hash.
    pub(super) reason: String,
}

impl Refusal {
    /// Formats untrusted text of the file for the terminal, escaped.
    pub(super) fn of(email: &str, reason: String) -> Self {
        let email: String = email.escape_debug().take(MAX_EMAIL_BYTES).collect();
        Self { email: Some(email), reason }
    }

    pub(super) fn nameless(reason: &str) -> Self {
        Self { email: None, reason: reason.to_owned() }
    }
}

/// Maximum length of a field name in a message.
const MAX_REASON: usize = 200;

/// The fields of a line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    email: String,
    id: Option<Uuid>,
    username: Option<String>,
    password_hash: Option<String>,
    #[serde(default = "yes")]
    is_active: bool,
    #[serde(default)]
    is_admin: bool,
    created_at: Option<String>,
    language: Option<String>,
}

fn yes() -> bool {
    true
}

/// Parses a line; returns `None` if it is blank.
pub(super) fn read(
    app: &App,
    line: &[u8],
    drop_unusable_hashes: bool,
) -> Result<Option<ImportedUser>, Refusal> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let fields: Fields = serde_json::from_slice(line).map_err(|error| Refusal {
        email: None,
        reason: format!("not an account: {}", without_value(&error)),
    })?;
    let refuse = |reason: String| Refusal::of(&fields.email, reason);
    let email = EmailAddress::parse(&fields.email)
        .map_err(|error| refuse(format!("invalid email: {error}")))?;
    let username = fields.username.as_deref().map(Username::parse).transpose();
    let username = username.map_err(|error| refuse(format!("invalid username: {error}")))?;
    let created_at = fields.created_at.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339));
    let created_at = created_at.transpose().ok().filter(|moment| moment.is_none_or(is_kept));
    let created_at = created_at.ok_or_else(|| {
        refuse("created_at is not a time such as 2026-01-31T12:00:00Z, from 1970 on".to_owned())
    })?;
    let language = match fields.language.as_deref() {
        None => None,
        Some(tag) => Some(Language::from_tag(tag).ok_or_else(|| {
            refuse(format!(
                "language is not one of {}",
                Language::ALL.map(Language::tag).join(", ")
            ))
        })?),
    };
    let hash = match fields
        .password_hash
        .as_deref()
        .map(|hash| app.administration.accept_foreign_hash(hash))
    {
        None => None,
        Some(Ok(hash)) => Some(hash),
        Some(Err(_)) if drop_unusable_hashes => None,
        Some(Err(error)) => {
            let why = std::error::Error::source(&error).map_or_else(|| chain(&error), chain);
            return Err(refuse(format!("unsupported password hash: {why}")));
        }
    };
    Ok(Some(ImportedUser {
        email,
        id: fields.id.map(UserId::from_uuid),
        username,
        hash,
        is_active: fields.is_active,
        is_admin: fields.is_admin,
        created_at,
        language,
    }))
}

/// Earliest time of creation, because ids start with the time.
fn is_kept(moment: OffsetDateTime) -> bool {
    moment >= OffsetDateTime::UNIX_EPOCH
}

/// Returns the problem and its position, without the text, which may contain a hash.
fn without_value(error: &serde_json::Error) -> String {
    let kind = match error.classify() {
        serde_json::error::Category::Syntax => "invalid JSON",
        serde_json::error::Category::Eof => "the object does not end on this line",
        serde_json::error::Category::Data | serde_json::error::Category::Io => {
            let text = error.to_string();
            // `unknown field`, `missing field` and `duplicate field` contain the field name only.
            let named = ["unknown field", "missing field", "duplicate field"];
            if named.iter().any(|start| text.starts_with(start)) {
                return text.escape_debug().take(MAX_REASON).collect();
            }
            "a field has the wrong type"
        }
    };
    format!("{kind}, at column {}", error.column())
}
