//! The database, opened by its URL.

use vestibule_domain::error::chain;
use vestibule_storage::{ConnectError, SeaStore, sqlite_file};

use super::Server;
use crate::config::{Config, Problem};

/// Number of connections to PostgreSQL; SQLite has its own pools.
const MAX_CONNECTIONS: u32 = 16;

/// Opens the database.
///
/// # Errors
/// A [`Problem`] with its URL.
pub(super) async fn store(config: &Config, server: Server) -> Result<SeaStore, Problem> {
    let settings = vestibule_storage::Settings {
        url: config.database_url.expose().to_owned(),
        max_connections: MAX_CONNECTIONS,
        max_staleness: config.max_staleness,
    };
    let store = match server {
        Server::Required => SeaStore::connect(&settings).await,
        Server::MayComeLater => SeaStore::open(&settings).await,
    };
    store.map_err(|error| no_store(config, &error))
}

/// Returns the remedy for a database that cannot be opened.
pub(crate) fn no_store(config: &Config, error: &ConnectError) -> Problem {
    let remedy = match sqlite_file(config.database_url.expose()) {
        Some(file) => format!(
            "check that {} and its folder belong to the user who runs this, and that a folder for \
             temporary files can be written to",
            file.display()
        ),
        None => "check that the database runs, and the URL and password".to_owned(),
    };
    Problem::new("database.url", format!("{}; {remedy}", chain(error)))
}
