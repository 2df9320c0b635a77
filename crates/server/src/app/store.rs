//! The database, by its address.

use vestibule_domain::error::chain;
use vestibule_storage::{ConnectError, SeaStore, sqlite_file};

use super::Server;
use crate::config::{Config, Problem};

/// Connections to a database server; SQLite has its own figures.
const MAX_CONNECTIONS: u32 = 16;

/// Opens the database.
///
/// # Errors
/// A [`Problem`] with its address.
pub(super) async fn store(config: &Config, server: Server) -> Result<SeaStore, Problem> {
    let settings = vestibule_storage::Settings {
        url: config.database_url.expose().to_owned(),
        max_connections: MAX_CONNECTIONS,
        recall: config.recall,
    };
    let store = match server {
        Server::MustBeThere => SeaStore::connect(&settings).await,
        Server::MayComeLater => SeaStore::open(&settings).await,
    };
    store.map_err(|error| no_store(config, &error))
}

/// What to do about a database that cannot be worked with.
pub(crate) fn no_store(config: &Config, error: &ConnectError) -> Problem {
    let remedy = match sqlite_file(config.database_url.expose()) {
        Some(file) => format!(
            "check that {} and its folder belong to the user who runs this, and that a folder for \
             temporary files can be written to",
            file.display()
        ),
        None => "check that the database runs and that the address and its password are right"
            .to_owned(),
    };
    Problem::new("database.url", format!("{}; {remedy}", chain(error)))
}
