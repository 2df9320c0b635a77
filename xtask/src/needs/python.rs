//! Python, and environments of it below `target` with exactly the versions that a list names.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::stamp::Stamp;
use super::{Met, chosen, packages};
use crate::shell;

/// Where the tests of the clients look for the environments; whoever sets it has them there.
const VARIABLE: &str = "VESTIBULE_TEST_PYTHON";

/// The lists of versions, from the root, and where their environments are below the variable's folder.
const LISTS: [(&str, &str); 2] = [
    ("client", "crates/http/clients/python/requirements.txt"),
    ("guide", "docs/guides/verifying-tokens/python/requirements.txt"),
];

/// Left in an environment: the versions that are installed in it.
const STAMP: &str = ".installed";

/// What the client in Python and the recipe in Python need.
pub(super) fn meet(root: &Path) -> Result<Met> {
    let all = match chosen(VARIABLE) {
        Some(all) => all,
        None => environments(root)?,
    };
    Ok(Met { variables: vec![(VARIABLE.to_owned(), all.into())], running: None })
}

/// The folder with an environment for each list.
fn environments(root: &Path) -> Result<PathBuf> {
    let all = shell::target(root).join("clients/python");
    for (name, list) in LISTS {
        environment(&all.join(name), &root.join(list))?;
    }
    Ok(all)
}

/// Makes an environment, anew when other versions are wanted than are in it.
pub(super) fn environment(folder: &Path, list: &Path) -> Result<()> {
    let stamp = Stamp::of(list, folder.join(STAMP))?;
    if is_current(folder, &stamp) {
        return Ok(());
    }
    if shell::ask("python3", &["-c", "import ensurepip, venv"]).is_none() {
        packages::install(&["python3", "python3-venv"])?;
    }
    // As old as Debian 12's.
    if shell::ask("python3", &["-c", "import sys; assert sys.version_info >= (3, 11)"]).is_none() {
        bail!("Python 3.11 or newer is needed");
    }
    eprintln!("installing packages with pip in {}", folder.display());
    let mut python = Command::new("python3");
    shell::quietly(python.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = pip(folder, "install");
    shell::quietly(pip.args(["--quiet", "--no-deps", "--requirement"]).arg(list))?;
    // Complete, or pip says what is missing.
    shell::quietly(&mut self::pip(folder, "check"))?;
    stamp.leave()
}

fn pip(folder: &Path, act: &str) -> Command {
    let mut pip = Command::new(program(folder, "python"));
    pip.args(["-m", "pip", act, "--disable-pip-version-check"]);
    pip
}

/// Where a program of an environment is.
pub(super) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join("bin").join(name)
}

/// Whether all is there; its Python is a link to the system's, which may be another one by now.
fn is_current(folder: &Path, stamp: &Stamp) -> bool {
    program(folder, "python").is_file() && stamp.is_current()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_version_is_exact() {
        let lists = LISTS.into_iter().map(|(_, list)| list);
        for list in lists.chain([super::super::schemathesis::REQUIREMENTS]) {
            let text = fs::read_to_string(crate::tree::root().join(list)).unwrap();
            let lines: Vec<_> = text.lines().filter(|line| !line.starts_with('#')).collect();
            assert!(!lines.is_empty(), "{list}");
            for line in lines {
                let (name, version) = line.split_once("==").unwrap_or_else(|| panic!("{line}"));
                let is_exact = version.starts_with(|c: char| c.is_ascii_digit());
                assert!(!name.is_empty() && is_exact, "{list}: {line}");
            }
        }
    }

    #[test]
    fn an_environment_with_other_versions_is_not_current() {
        let folder = std::env::temp_dir().join(format!("vestibule-pins-{}", std::process::id()));
        let list = folder.join("list");
        let is_current = || is_current(&folder, &Stamp::of(&list, folder.join(STAMP)).unwrap());
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(&list, "a==1").unwrap();
        fs::write(folder.join(STAMP), "a==1").unwrap();
        assert!(!is_current(), "nothing is in it");
        fs::write(program(&folder, "python"), "").unwrap();
        assert!(is_current());
        fs::write(&list, "a==2").unwrap();
        assert!(!is_current());
        fs::remove_dir_all(&folder).unwrap();
    }
}
