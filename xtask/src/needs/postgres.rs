//! A Postgres server for the tests.
//!
//! The one the environment names, or a throwaway cluster of an installed release, which is installed first where that is possible.

mod cluster;

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Met;
use super::account::{Account, is_root};
use crate::shell;
use cluster::Cluster;

/// Where the tests look for the server.
const VARIABLE: &str = "VESTIBULE_TEST_POSTGRES_URL";

/// Where Debian keeps one folder for each release.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Finds or starts a server.
pub(super) fn meet() -> Result<Met> {
    if let Ok(url) = env::var(VARIABLE)
        && !url.is_empty()
    {
        return Ok(Met { variable: (VARIABLE.to_owned(), url), running: None });
    }
    let programs = if let Some(folder) = installed() {
        folder
    } else {
        install().context("it is not installed, and cannot be")?;
        installed().context("it was installed, but its programs cannot be found")?
    };
    let cluster = Cluster::start(&programs, Account::unprivileged()?)?;
    eprintln!("PostgreSQL for the tests listens on port {}", cluster.port());
    let url = format!("postgres://postgres@127.0.0.1:{}/postgres", cluster.port());
    Ok(Met { variable: (VARIABLE.to_owned(), url), running: Some(Box::new(cluster)) })
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

/// Installs the server with Debian's tool, if the rights are there without asking for a password.
fn install() -> Result<()> {
    if shell::ask("apt-get", &["--version"]).is_none() {
        bail!("install it by hand, there is no apt-get");
    }
    let sudo: &[&str] = if is_root() {
        &[]
    } else if shell::ask("sudo", &["-n", "true"]).is_some() {
        &["sudo", "-n"]
    } else {
        bail!("run `sudo apt-get install postgresql`");
    };
    eprintln!("PostgreSQL is not installed: installing it with apt-get");
    apt_get(sudo, &["update"])?;
    apt_get(sudo, &["install", "--yes", "--no-install-recommends", "postgresql"])
}

fn apt_get(sudo: &[&str], arguments: &[&str]) -> Result<()> {
    let apt_get =
        ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--option=DPkg::Lock::Timeout=120"];
    let words = [sudo, &apt_get, arguments].concat();
    shell::quietly(Command::new(words[0]).args(&words[1..]))
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
