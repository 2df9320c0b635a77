//! Running a program as a user of the operating system other than root.
//!
//! PostgreSQL refuses to run as root, the default user in most containers.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Users to run as instead of root, in order of preference.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// The user that a program runs as.
pub(super) enum SystemUser {
    /// The current user.
    Current,
    /// A user with fewer rights, with its user and group numbers.
    Other { name: &'static str, user: String, group: String },
}

impl SystemUser {
    /// Returns the current user, or an unprivileged one if the current user is root.
    pub(super) fn unprivileged() -> Result<Self> {
        if !is_root() {
            return Ok(Self::Current);
        }
        UNPRIVILEGED
            .into_iter()
            .find_map(|name| {
                Some(Self::Other {
                    name,
                    user: shell::try_read("id", &["-u", name])?,
                    group: shell::try_read("id", &["-g", name])?,
                })
            })
            .context(
                "PostgreSQL does not run as root: create its user with `useradd --system postgres`",
            )
    }

    /// Creates a command that runs a program as this user.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let Self::Other { name, user, group } = self else {
            return Ok(Command::new(program));
        };
        let mut command;
        if shell::try_read("setpriv", &["--version"]).is_some() {
            command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", group, "--clear-groups"]);
        } else if shell::try_read("runuser", &["--version"]).is_some() {
            command = Command::new("runuser");
            command.args(["-u", name, "--"]);
        } else {
            bail!(
                "PostgreSQL does not run as root: install setpriv or runuser (package util-linux)"
            );
        }
        command.arg(program);
        Ok(command)
    }

    /// Returns the command prefix that runs a program as this user; empty for the current user.
    pub(super) fn prefix(&self) -> Result<String> {
        let command = self.command("")?;
        let words: Vec<_> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .filter(|word| !word.is_empty())
            .map(OsStr::to_string_lossy)
            .collect();
        Ok(words.join(" "))
    }

    /// Makes this user the owner of a folder.
    pub(super) fn take_ownership(&self, folder: &Path) -> Result<()> {
        let Self::Other { user, group, .. } = self else {
            return Ok(());
        };
        let owner = format!("{user}:{group}");
        shell::run_quietly(Command::new("chown").arg(owner).arg(folder))
    }
}

/// Returns `true` if the current user is root.
pub(super) fn is_root() -> bool {
    shell::try_read("id", &["-u"]).as_deref() == Some("0")
}
