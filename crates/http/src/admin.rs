//! Operations for administrators: other people's accounts, the mails, where mail goes, and what
//! happened.

mod authority;
mod events;
mod mails;
mod settings;
mod users;

use poem_openapi::ApiResponse;
use uuid::Uuid;
use vestibule_domain::error::Error;

use crate::error::{Act, ApiError};

pub(crate) use events::Events;
pub(crate) use mails::Mails;
pub(crate) use settings::Settings;
pub(crate) use users::Users;

/// Something is about to happen.
#[derive(ApiResponse)]
enum Accepted {
    /// Noted; a worker sees to it within moments.
    #[oai(status = 202)]
    Noted,
}

/// Something has happened, and there is nothing to say about it.
#[derive(ApiResponse)]
enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

fn failed(error: Error) -> ApiError {
    ApiError::of(Act::Other, error)
}

/// How many entries a list has if nobody says.
fn usual_limit() -> u32 {
    50
}

/// Cuts a list that was read one entry further than asked for, and names the last entry if there
/// are more behind it.
fn cut<T>(mut entries: Vec<T>, limit: u32, id: impl Fn(&T) -> Uuid) -> (Vec<T>, Option<Uuid>) {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = entries.len() > limit;
    entries.truncate(limit);
    let cursor = entries.last().filter(|_| has_more).map(id);
    (entries, cursor)
}
