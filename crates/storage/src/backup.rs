//! Online backup of an SQLite database.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::SqlxError;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, Connection};

/// Time to wait for a process that is just enabling the write-ahead log.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The reason why a backup failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database is on a server, which has its own backup tools.
    #[error("the database is not a file")]
    NotAFile,
    /// The database file does not exist.
    #[error("there is no database at {path}")]
    Missing {
        /// Path of the database.
        path: String,
    },
    /// The backup file exists; it is not overwritten.
    #[error("{path} already exists")]
    Exists {
        /// Path of the existing file.
        path: String,
    },
    /// The backup cannot be written.
    #[error("cannot write the backup")]
    Write(#[source] io::Error),
    /// SQLite could not read the database or write the backup.
    #[error("cannot copy the database")]
    Copy(#[source] SqlxError),
}

/// Copies a consistent snapshot of the database at `url`, which can be in use meanwhile.
///
/// The copy is readable only by its owner, and is synced to disk when this returns. Until then the
/// file at `copy` is empty, so that an incomplete copy is never taken for a backup.
///
/// # Errors
/// [`BackupError`]; no file is left behind.
pub async fn backup(url: &str, copy: &Path) -> Result<(), BackupError> {
    if !url.starts_with("sqlite:") {
        return Err(BackupError::NotAFile);
    }
    let options = SqliteConnectOptions::from_str(url).map_err(BackupError::Copy)?;
    let database = options.get_filename().to_owned();
    if !database.is_file() {
        return Err(BackupError::Missing { path: database.display().to_string() });
    }
    let place = Place::reserve(copy)?;
    let options = options.create_if_missing(false).busy_timeout(BUSY_TIMEOUT);
    let mut connection =
        SqliteConnection::connect_with(&options).await.map_err(BackupError::Copy)?;
    let target = place.part.display().to_string();
    sqlx::query("VACUUM INTO ?")
        .bind(target)
        .execute(&mut connection)
        .await
        .map_err(BackupError::Copy)?;
    connection.close().await.map_err(BackupError::Copy)?;
    place.keep().map_err(BackupError::Write)
}

/// The reserved path of the copy, and the temporary file it is written to. Removes both on drop.
struct Place {
    copy: PathBuf,
    part: PathBuf,
    kept: bool,
}

impl Place {
    fn reserve(copy: &Path) -> Result<Self, BackupError> {
        create(copy)?;
        let name = copy.file_name().unwrap_or_default().to_string_lossy();
        let part = copy.with_file_name(format!(".{name}.{}.part", std::process::id()));
        // From here on, created files are removed on drop.
        let place = Self { copy: copy.to_owned(), part, kept: false };
        create(&place.part)?;
        Ok(place)
    }

    /// Syncs the temporary file and renames it to the copy.
    fn keep(mut self) -> io::Result<()> {
        File::open(&self.part)?.sync_all()?;
        std::fs::rename(&self.part, &self.copy)?;
        self.kept = true;
        let folder = self.copy.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.kept {
            // Best effort: there is no way to report an error here.
            let _ = std::fs::remove_file(&self.part);
            let _ = std::fs::remove_file(&self.copy);
        }
    }
}

fn create(path: &Path) -> Result<(), BackupError> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(BackupError::Exists { path: path.display().to_string() })
        }
        Err(error) => Err(BackupError::Write(error)),
    }
}
