//! A copy of an SQLite database while it is in use.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use sea_orm::SqlxError;
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sea_orm::sqlx::{self, Connection};

/// How long it waits for whoever switches the file to the write-ahead log at this moment.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// The database is on a server, which has tools of its own.
    #[error("the database is not a file")]
    NotAFile,
    /// The address names no file that is there.
    #[error("there is no database at {path}")]
    Missing {
        /// Where it should be.
        path: String,
    },
    /// A copy replaces nothing.
    #[error("{path} exists already")]
    Exists {
        /// What exists.
        path: String,
    },
    /// The copy cannot be written.
    #[error("the copy cannot be written")]
    Write(#[source] io::Error),
    /// SQLite could not read the one or write the other.
    #[error("the database cannot be copied")]
    Copy(#[source] SqlxError),
}

/// Copies the database at `url` as it is at one moment; whoever uses it goes on meanwhile.
///
/// The copy is readable by its owner alone and on the disk when this answers. Until then the name
/// stands for an empty file, so that half a copy is never taken for one.
///
/// # Errors
/// [`BackupError`]; nothing is left behind.
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
    let options = options.create_if_missing(false).busy_timeout(PATIENCE);
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

/// The name of the copy, taken, and the file that it is written to. Dropping it removes both.
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
        // From here on, what was made is removed.
        let place = Self { copy: copy.to_owned(), part, kept: false };
        create(&place.part)?;
        Ok(place)
    }

    /// Puts the copy under its name, once it is on the disk.
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
            // What cannot be removed could not be made either.
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
