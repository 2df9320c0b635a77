//! A Postgres server for the tests.
//!
//! The one the environment names, or a throwaway cluster of an installed release, which is installed first where that is possible.

mod cluster;

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::account::Account;
use super::{Met, packages};
use crate::shell;
use cluster::Cluster;

/// Where the tests look for the server.
const VARIABLE: &str = "VESTIBULE_TEST_POSTGRES_URL";

/// Where tests that stop a server of their own find its programs, and what they put before them.
const PROGRAMS: &str = "VESTIBULE_TEST_POSTGRES_PROGRAMS";
const ACCOUNT: &str = "VESTIBULE_TEST_POSTGRES_ACCOUNT";

/// Where Debian keeps one folder for each release.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Finds or starts a server.
pub(super) fn meet(_root: &Path) -> Result<Met> {
    let programs = if let Some(folder) = installed() {
        folder
    } else {
        packages::install(&["postgresql"])?;
        installed().context("it was installed, but its programs cannot be found")?
    };
    let account = Account::unprivileged()?;
    let mut variables = vec![
        (PROGRAMS.to_owned(), programs.clone().into()),
        (ACCOUNT.to_owned(), account.words()?.into()),
    ];
    if let Ok(url) = env::var(VARIABLE)
        && !url.is_empty()
    {
        variables.push((VARIABLE.to_owned(), url.into()));
        return Ok(Met { variables, running: None });
    }
    let cluster = Cluster::start(&programs, account)?;
    eprintln!("PostgreSQL for the tests listens on port {}", cluster.port());
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port());
    variables.push((VARIABLE.to_owned(), url.into()));
    Ok(Met { variables, running: Some(Box::new(cluster)) })
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
