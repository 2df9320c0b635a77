//! Clients that generators make of the API document, and the document before those who did not write
//! it. `crates/http/clients` has what they are made with, and says more.

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
