//! Operations for administrators: accounts, mails, SMTP settings, and the audit log.

mod admin_credentials;
mod audit_log;
mod mails;
mod settings;
mod users;

use poem_openapi::ApiResponse;
use uuid::Uuid;
use vestibule_domain::error::Error;

use crate::error::{Act, ApiError};

pub(crate) use audit_log::AuditLogApi;
pub(crate) use mails::MailsApi;
pub(crate) use settings::SettingsApi;
pub(crate) use users::UsersApi;

/// The request was accepted.
#[derive(ApiResponse)]
enum Accepted {
    /// Accepted; the worker processes it within seconds.
    #[oai(status = 202)]
    Noted,
}

/// Success without content.
#[derive(ApiResponse)]
enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

fn failed(error: Error) -> ApiError {
    ApiError::of(Act::Other, error)
}

/// Default number of entries per page.
fn usual_limit() -> u32 {
    50
}

/// Cuts a list that was read with one extra entry, and returns the cursor if there are more.
fn cut<T>(mut entries: Vec<T>, limit: u32, id: impl Fn(&T) -> Uuid) -> (Vec<T>, Option<Uuid>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let cursor = entries.last().filter(|_| has_more).map(id);
    (entries, cursor)
}
