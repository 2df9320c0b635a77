//! Python, and virtual environments below `target` with the pinned versions of a requirements file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use super::stamp::Stamp;
use super::{Provided, packages, path_from_env};
use crate::shell;

/// Environment variable with the folder of the virtual environments; nothing is installed if it is
/// set.
const VARIABLE: &str = "VESTIBULE_TEST_PYTHON";

/// Folders of virtual environments, each with its requirements file from the root.
const LISTS: [(&str, &str); 2] = [
    ("client", "crates/http/clients/python/requirements.txt"),
    ("guide", "docs/guides/verifying-tokens/python/requirements.txt"),
];

/// Copy of the requirements file in a virtual environment.
const STAMP: &str = ".installed";

/// Provides the virtual environments for the Python client and the Python guide.
pub(super) fn provide(root: &Path) -> Result<Provided> {
    let all = match path_from_env(VARIABLE) {
        Some(all) => all,
        None => environments(root)?,
    };
    Ok(Provided { variables: vec![(VARIABLE.to_owned(), all.into())], running: None })
}

/// Creates a virtual environment for each requirements file; returns the folder that contains them.
fn environments(root: &Path) -> Result<PathBuf> {
    let all = shell::target(root).join("clients/python");
    for (name, list) in LISTS {
        environment(&all.join(name), &root.join(list))?;
    }
    Ok(all)
}

/// Creates a virtual environment, unless it exists with the required versions.
pub(super) fn environment(folder: &Path, list: &Path) -> Result<()> {
    let stamp = Stamp::of(list, folder.join(STAMP))?;
    if is_current(folder, &stamp) {
        return Ok(());
    }
    if shell::try_read("python3", &["-c", "import ensurepip, venv"]).is_none() {
        packages::install(&["python3", "python3-venv"])?;
    }
    // The version of Debian 12.
    if shell::try_read("python3", &["-c", "import sys; assert sys.version_info >= (3, 11)"])
        .is_none()
    {
        bail!("Python 3.11 or newer is required");
    }
    eprintln!("installing packages with pip in {}", folder.display());
    let mut python = Command::new("python3");
    shell::run_quietly(python.args(["-m", "venv", "--clear"]).arg(folder))?;
    let mut pip = pip(folder, "install");
    shell::run_quietly(pip.args(["--quiet", "--no-deps", "--requirement"]).arg(list))?;
    // Fails if a dependency is missing.
    shell::run_quietly(&mut self::pip(folder, "check"))?;
    stamp.write()
}

fn pip(folder: &Path, subcommand: &str) -> Command {
    let mut pip = Command::new(program(folder, "python"));
    pip.args(["-m", "pip", subcommand, "--disable-pip-version-check"]);
    pip
}

/// Returns the path of a program in a virtual environment.
pub(super) fn program(folder: &Path, name: &str) -> PathBuf {
    folder.join("bin").join(name)
}

/// Returns `true` if the environment is complete. Its Python links to the system's, which an
/// upgrade may have removed.
fn is_current(folder: &Path, stamp: &Stamp) -> bool {
    program(folder, "python").is_file() && stamp.is_current()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_version_is_pinned() {
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
    fn an_environment_with_other_versions_is_out_of_date() {
        let folder = std::env::temp_dir().join(format!("vestibule-pins-{}", std::process::id()));
        let list = folder.join("list");
        let is_current = || is_current(&folder, &Stamp::of(&list, folder.join(STAMP)).unwrap());
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::write(&list, "a==1").unwrap();
        fs::write(folder.join(STAMP), "a==1").unwrap();
        assert!(!is_current(), "it is empty");
        fs::write(program(&folder, "python"), "").unwrap();
        assert!(is_current());
        fs::write(&list, "a==2").unwrap();
        assert!(!is_current());
        fs::remove_dir_all(&folder).unwrap();
    }
}
