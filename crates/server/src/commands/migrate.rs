//! `vestibule migrate`.

use sea_orm::DatabaseConnection;
use vestibule_migrations::{MigrateError, Status};
use vestibule_storage::SeaStore;

use super::{configuration, print_line, public_url};
use crate::app::{Server, compose};
use crate::cli::{Migrate, Place};
use crate::failure::Failure;

/// Migrates, or tells how far the database is.
pub(super) async fn run(place: &Place, action: Migrate) -> Result<(), Failure> {
    let config = configuration(place)?;
    let app = compose(&config, &public_url(&config)?, Server::MustBeThere).await?;
    match action {
        Migrate::Up => {
            for name in up(&app.store).await? {
                print_line(&format!("applied  {name}"));
            }
            print_line("The database is up to date.");
        }
        Migrate::Status => {
            let Status { applied, pending } =
                vestibule_migrations::status(app.store.connection()).await.map_err(failure)?;
            for name in applied {
                print_line(&format!("applied  {name}"));
            }
            for name in pending {
                print_line(&format!("pending  {name}"));
            }
        }
    }
    Ok(())
}

/// Applies what is pending and answers with its names.
pub(super) async fn up(store: &SeaStore) -> Result<Vec<String>, Failure> {
    vestibule_migrations::migrate(store.connection()).await.map_err(failure)
}

/// Whether nothing was ever migrated.
pub(super) async fn is_empty(store: &SeaStore) -> Result<bool, Failure> {
    let status = vestibule_migrations::status(store.connection()).await.map_err(failure)?;
    Ok(status.applied.is_empty())
}

/// Migrates a database that is empty, and refuses one that is not up to date.
pub(super) async fn up_if_empty(store: &SeaStore) -> Result<(), Failure> {
    if is_empty(store).await? {
        up(store).await?;
    }
    refuse_pending(store.connection()).await
}

/// Refuses a database that is not up to date.
pub(super) async fn refuse_pending(db: &DatabaseConnection) -> Result<(), Failure> {
    let pending = vestibule_migrations::pending(db).await.map_err(failure)?;
    if pending.is_empty() {
        return Ok(());
    }
    let at = format!("the database lacks {}", pending.join(", "));
    Err(Failure::configuration(
        at,
        "run `vestibule migrate up`, or start `vestibule serve` without --no-migrate",
    ))
}

fn failure(error: MigrateError) -> Failure {
    match error {
        error @ MigrateError::NewerSchema { .. } => {
            Failure::configuration(error.to_string(), "run the newer version of Vestibule")
        }
        error @ MigrateError::Database(_) => Failure::Other(error.into()),
    }
}
