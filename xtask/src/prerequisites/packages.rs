//! Finding programs, and installing them with apt-get if that requires no password.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::system_user::is_root;
use crate::shell;

/// Returns the path of a program on the search path.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file())
}

/// Installs Debian packages and prints a message.
///
/// # Errors
///
/// Fails if permissions or apt-get are missing; the error contains the command to run.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    attempt(packages).with_context(|| match packages {
        [one] => format!("{one} is not installed and cannot be installed"),
        several => format!("{} are not installed and cannot be installed", several.join(" and ")),
    })
}

fn attempt(packages: &[&str]) -> Result<()> {
    if shell::try_read("apt-get", &["--version"]).is_none() {
        bail!("there is no apt-get, install manually");
    }
    let names = packages.join(" ");
    let sudo: &[&str] = if is_root() {
        &[]
    } else if shell::try_read("sudo", &["-n", "true"]).is_some() {
        &["sudo", "-n"]
    } else {
        bail!("run `sudo apt-get install {names}`");
    };
    eprintln!("installing {names} with apt-get");
    apt_get(sudo, &["update"])?;
    apt_get(sudo, &[&["install", "--yes", "--no-install-recommends"], packages].concat())
}

fn apt_get(sudo: &[&str], arguments: &[&str]) -> Result<()> {
    let apt_get =
        ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "--option=DPkg::Lock::Timeout=120"];
    let words = [sudo, &apt_get, arguments].concat();
    shell::run_quietly(Command::new(words[0]).args(&words[1..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_on_the_search_path() {
        assert!(on_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(on_path("no-such-program-anywhere"), None);
    }
}
