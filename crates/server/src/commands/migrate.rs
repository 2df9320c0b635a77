//! `vestibule migrate`.

use sea_orm::DatabaseConnection;
use serde_json::json;
use vestibule_migrations::Status;
use vestibule_storage::SeaStore;

use super::{configuration, print_json, print_line, public_url, snapshot};
use crate::app::{App, Server, compose};
use crate::cli::{Migrate, Place};
use crate::failure::Failure;

/// Applies migrations, or shows their status.
pub(super) async fn run(place: &Place, action: Migrate, json: bool) -> Result<(), Failure> {
    let config = configuration(place)?;
    let app = compose(&config, &public_url(&config)?, Server::Required).await?;
    match action {
        Migrate::Up => {
            for name in up(&app).await? {
                print_line(&format!("applied  {name}"));
            }
            print_line("The database is up to date.");
        }
        Migrate::Status => {
            let Status { applied, pending } = status(&app.store).await?;
            if json {
                print_json(&json!({ "applied": applied, "pending": pending }));
                return Ok(());
            }
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

/// Applies pending migrations and returns their names. A non-empty SQLite file is copied first.
pub(super) async fn up(app: &App) -> Result<Vec<String>, Failure> {
    let copy = async |status: &Status| {
        if status.applied.is_empty() { Ok(()) } else { snapshot::take(app.config(), status).await }
    };
    vestibule_migrations::migrate_after(app.store.connection(), copy).await
}

/// Returns the status of the migrations.
pub(super) async fn status(store: &SeaStore) -> Result<Status, Failure> {
    Ok(vestibule_migrations::status(store.connection()).await?)
}

/// Returns `true` if no migration was applied.
pub(super) async fn is_empty(store: &SeaStore) -> Result<bool, Failure> {
    Ok(status(store).await?.applied.is_empty())
}

/// Migrates a database that is empty, and refuses one that is not up to date.
pub(super) async fn up_if_empty(app: &App) -> Result<(), Failure> {
    if is_empty(&app.store).await? {
        up(app).await?;
    }
    refuse_pending(app.store.connection()).await
}

/// Refuses a database that is not up to date.
pub(super) async fn refuse_pending(db: &DatabaseConnection) -> Result<(), Failure> {
    let pending = vestibule_migrations::pending(db).await?;
    if pending.is_empty() {
        return Ok(());
    }
    let at = format!("the database lacks {}", pending.join(", "));
    Err(Failure::configuration(
        at,
        "run `vestibule migrate up`, or start `vestibule serve` without --no-migrate",
    ))
}
