//! The programs of an installed Postgres release, for our server and for those that tests stop and set themselves.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::needs::account::Account;
use crate::needs::{Met, packages};
use crate::shell;

/// Where tests find them, and what they put before them.
const PROGRAMS: &str = "VESTIBULE_TEST_POSTGRES_PROGRAMS";
const ACCOUNT: &str = "VESTIBULE_TEST_POSTGRES_ACCOUNT";

/// Where Debian keeps one folder for each release.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Finds or installs them.
pub(in crate::needs) fn meet(_root: &Path) -> Result<Met> {
    let variables = vec![
        (PROGRAMS.to_owned(), folder()?.into()),
        (ACCOUNT.to_owned(), Account::unprivileged()?.words()?.into()),
    ];
    Ok(Met { variables, running: None })
}

/// The folder they are in, after an installation where that is possible and there was none.
pub(super) fn folder() -> Result<PathBuf> {
    if let Some(folder) = installed() {
        return Ok(folder);
    }
    packages::install(&["postgresql"])?;
    installed().context("it was installed, but its programs cannot be found")
}

/// The folder with the server's programs.
fn installed() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // The first may be links to the second.
    let on_path = env::split_paths(&path)
        .filter_map(|folder| folder.join("initdb").canonicalize().ok())
        .filter_map(|program| program.parent().map(Path::to_owned));
    let on_debian = newest(Path::new(DEBIAN)).map(|release| release.join("bin"));
    let configured = shell::ask("pg_config", &["--bindir"]).map(PathBuf::from);
    on_path.chain(on_debian).chain(configured).find(|folder| {
        ["initdb", "pg_ctl", "postgres"].iter().all(|program| folder.join(program).is_file())
    })
}

/// The subfolder named with the highest number.
fn newest(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter_map(|path| Some((release(path.file_name()?)?, path)))
        .max()
        .map(|(_, path)| path)
}

/// `17` is a release, and so is the old style `9.6`.
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
