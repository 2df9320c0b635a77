//! Finding programs, and installing them with Debian's tool where that needs no password.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::account::is_root;
use crate::shell;

/// Where the shell would find a program.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file())
}

/// Installs packages, and says so.
///
/// # Errors
///
/// When the rights or the tool are not there; the error says what to do by hand.
pub(super) fn install(packages: &[&str]) -> Result<()> {
    attempt(packages).with_context(|| match packages {
        [one] => format!("{one} is not installed, and cannot be"),
        several => format!("{} are not installed, and cannot be", several.join(" and ")),
    })
}

fn attempt(packages: &[&str]) -> Result<()> {
    if shell::ask("apt-get", &["--version"]).is_none() {
        bail!("install by hand, there is no apt-get");
    }
    let names = packages.join(" ");
    let sudo: &[&str] = if is_root() {
        &[]
    } else if shell::ask("sudo", &["-n", "true"]).is_some() {
        &["sudo", "-n"]
    } else {
        bail!("run `sudo apt-get install {names}`");
    };
    eprintln!("not installed: {names}; installing with apt-get");
    apt_get(sudo, &["update"])?;
    apt_get(sudo, &[&["install", "--yes", "--no-install-recommends"], packages].concat())
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
    fn programs_are_found_where_the_shell_finds_them() {
        assert!(on_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(on_path("no-such-program-anywhere"), None);
    }
}
