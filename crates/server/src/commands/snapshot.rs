//! The copy of an SQLite database before a migration.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;

use anyhow::Context as _;
use time::macros::format_description;
use vestibule_migrations::Status;
use vestibule_storage::{BackupError, backup};

use super::now;
use crate::config::Config;
use crate::failure::Failure;

/// The folder of the copies in `server.data_dir`.
const FOLDER: &str = "snapshots";

/// Copies the database, for a downgrade to the version before. SQLite only.
///
/// Called by the process that holds the migration lock.
///
/// # Errors
/// If the copy cannot be written; the database is then not migrated.
pub(super) async fn take(config: &Config, status: &Status) -> Result<(), Failure> {
    let folder = config.data_dir.join(FOLDER);
    let moment =
        format_description!("[year][month][day]T[hour][minute][second].[subsecond digits:6]Z");
    let moment = now().format(&moment).context("the time of the copy")?;
    let last = status.applied.last().map_or("", String::as_str);
    let copy = folder.join(format!("{moment}-{last}.db"));
    match make(config, &folder, &copy).await {
        Ok(()) => {
            let copy = copy.display().to_string();
            tracing::info!(copy, "database copied before migration");
            Ok(())
        }
        Err(BackupError::NotAFile) => Ok(()),
        Err(error) => Err(anyhow::Error::from(error)
            .context(format!("not migrated: copying the database to {} failed", folder.display()))
            .into()),
    }
}

async fn make(config: &Config, folder: &Path, copy: &Path) -> Result<(), BackupError> {
    let url = config.database_url.expose();
    if url.starts_with("sqlite:") {
        let created = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        created.and_then(|()| clear_away(folder)).map_err(BackupError::Write)?;
    }
    backup(url, copy).await
}

/// Deletes incomplete copies of interrupted runs.
fn clear_away(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let is_part = entry.path().extension().is_some_and(|extension| extension == "part");
        let metadata = entry.metadata()?;
        if metadata.is_file() && (is_part || metadata.len() == 0) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
