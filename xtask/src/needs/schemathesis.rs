//! Schemathesis, which asks the service everything its own document allows.
//!
//! A Python environment of its own under `target`, with exactly the versions that the tests name.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Met, packages};
use crate::shell;

/// Where the tests look for the program; whoever sets it chooses another one.
const VARIABLE: &str = "VESTIBULE_TEST_SCHEMATHESIS";

/// The versions, from the root: of the program and of everything it needs.
const REQUIREMENTS: &str = "crates/server/tests/blackbox/schemas/requirements.txt";

/// Left in the environment: the versions that are installed in it.
const STAMP: &str = ".installed";

/// Finds the program, or installs it.
pub(super) fn meet(root: &Path) -> Result<Met> {
    let program = match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => installed(root)?,
    };
    let variables = vec![(VARIABLE.to_owned(), OsString::from(program))];
    Ok(Met { variables, running: None })
}

/// The program in its environment, which is made anew when other versions are wanted.
fn installed(root: &Path) -> Result<PathBuf> {
    let list = root.join(REQUIREMENTS);
    let wanted = fs::read(&list).with_context(|| format!("cannot read {}", list.display()))?;
    let environment = root.join("target/schemathesis");
    let program = environment.join("bin/st");
    if is_current(&environment, &wanted) && program.is_file() {
        return Ok(program);
    }
    if shell::ask("python3", &["-c", "import ensurepip, venv"]).is_none() {
        packages::install(&["python3", "python3-venv"])?;
    }
    eprintln!("installing schemathesis with pip");
    let mut python = Command::new("python3");
    shell::quietly(python.args(["-m", "venv", "--clear"]).arg(&environment))?;
    let mut pip = Command::new(environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps", "--disable-pip-version-check"])
        .arg("--requirement")
        .arg(&list);
    shell::quietly(&mut pip)?;
    // Complete, or pip says what is missing.
    let mut pip = Command::new(environment.join("bin/python"));
    shell::quietly(pip.args(["-m", "pip", "check", "--disable-pip-version-check"]))?;
    let stamp = environment.join(STAMP);
    fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
    Ok(program)
}

fn is_current(environment: &Path, wanted: &[u8]) -> bool {
    fs::read(environment.join(STAMP)).is_ok_and(|installed| installed == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_is_exact() {
        let list = fs::read_to_string(crate::tree::root().join(REQUIREMENTS)).unwrap();
        assert!(list.lines().any(|line| line.starts_with("schemathesis==")));
        for line in list.lines().filter(|line| !line.starts_with('#')) {
            let (name, version) = line.split_once("==").unwrap_or_else(|| panic!("{line}"));
            assert!(
                !name.is_empty() && version.starts_with(|c: char| c.is_ascii_digit()),
                "{line}"
            );
        }
    }

    #[test]
    fn an_environment_with_other_versions_is_not_current() {
        let folder = std::env::temp_dir().join(format!("vestibule-pins-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        assert!(!is_current(&folder, b"a==1\n"));
        fs::write(folder.join(STAMP), "a==1\n").unwrap();
        assert!(is_current(&folder, b"a==1\n"));
        assert!(!is_current(&folder, b"a==2\n"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
