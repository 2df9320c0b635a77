//! `vestibule backup`.

use std::path::Path;

use anyhow::anyhow;
use vestibule_storage::{BackupError, backup};

use super::{configuration, print_line};
use crate::cli::Place;
use crate::failure::Failure;

/// Backs up an SQLite database while it is in use.
pub(super) async fn run(place: &Place, file: &Path) -> Result<(), Failure> {
    let config = configuration(place)?;
    match backup(config.database_url.expose(), file).await {
        Ok(()) => {
            print_line(&format!(
                "{} is a backup of the database. Store it safely.",
                file.display()
            ));
            Ok(())
        }
        Err(BackupError::NotAFile) => Err(anyhow!(
            "the database is on a PostgreSQL server, which has its own tools: \
             pg_dump --format=custom --file={} --dbname=…, with what stands in database.url; \
             or pg_basebackup",
            file.display()
        )
        .into()),
        Err(error) => Err(Failure::Other(error.into())),
    }
}
