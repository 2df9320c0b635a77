//! Generated clients of the OpenAPI document, a linter, and the check for breaking changes; see
//! `crates/http/clients`.

mod document;
mod python;
mod rust;
mod typescript;

use crate::database::Database;
use crate::service::{Service, Setup};

/// A service whose mails the clients can read by themselves.
async fn service() -> Service {
    Setup::on(Database::sqlite()).with_argument("--dev").start().await
}
