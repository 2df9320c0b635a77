//! The programs of an installed PostgreSQL release, for the shared server and for tests that start
//! their own servers.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::prerequisites::system_user::SystemUser;
use crate::prerequisites::{Provided, packages};
use crate::shell;

/// Environment variable with the folder of the programs.
const PROGRAMS: &str = "VESTIBULE_TEST_POSTGRES_PROGRAMS";
/// Environment variable with the command prefix that runs them as an unprivileged user.
const PREFIX: &str = "VESTIBULE_TEST_POSTGRES_ACCOUNT";

/// Folder in which Debian installs each release.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Finds or installs the programs.
pub(in crate::prerequisites) fn provide(_root: &Path) -> Result<Provided> {
    let variables = vec![
        (PROGRAMS.to_owned(), folder()?.into()),
        (PREFIX.to_owned(), SystemUser::unprivileged()?.prefix()?.into()),
    ];
    Ok(Provided { variables, running: None })
}

/// Returns the folder of the programs, and installs them if they are missing.
pub(super) fn folder() -> Result<PathBuf> {
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    packages::install(&["postgresql"])?;
    installed().context("installed, but the programs were not found")
}

/// Returns the folder of the installed programs.
fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Programs on the search path may be links into Debian's folders.
    let on_path = env::split_paths(&path)
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_owned));
    let on_debian = newest(Path::new(DEBIAN)).map(|release| release.join("bin"));
    let configured = shell::try_read("pg_config", &["--bindir"]).map(PathBuf::from);
    on_path.chain(on_debian).chain(configured).find(|folder| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
    })
}

/// Returns the subfolder with the highest version number.
fn newest(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some((release(path.file_name()?)?, path)))
        .max()
        .map(|(_, path)| path)
}

/// Parses a release such as `17` or `9.6`.
fn release(name: &OsStr) -> Option<Vec<u32>> {
    name.to_str()?.split('.').map(|number| number.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_ordered_as_numbers() {
        let read = |name: &str| release(OsStr::new(name));
        assert!(read("9.6") < read("15"));
        assert!(read("9") < read("10"));
        assert_eq!(read("common"), None);
        assert_eq!(read(""), None);
    }
}
