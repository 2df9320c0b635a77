//! Running a program under the right account.
//!
//! Postgres refuses to run as root, which is who one is in most containers.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// Accounts to fall back on as root, the best first.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Whose rights a program gets.
pub(super) enum Account {
    /// Those of whoever runs this.
    Own,
    /// Those of somebody with fewer rights, by user and group number.
    Other { name: &'static str, user: String, group: String },
}

impl Account {
    /// An account that is not root's.
    pub(super) fn unprivileged() -> Result<Self> {
        if !is_root() {
            return Ok(Self::Own);
        }
        UNPRIVILEGED
            .into_iter()
            .find_map(|name| {
                Some(Self::Other {
                    name,
                    user: shell::ask("id", &["-u", name])?,
                    group: shell::ask("id", &["-g", name])?,
                })
            })
            .context("it refuses to run as root, and there is no account `postgres` or `nobody`")
    }

    /// A program under this account.
    pub(super) fn command(&self, program: impl AsRef<OsStr>) -> Result<Command> {
        let Self::Other { name, user, group } = self else {
            return Ok(Command::new(program));
        };
        let mut command;
        if shell::ask("setpriv", &["--version"]).is_some() {
            command = Command::new("setpriv");
            command.args(["--reuid", user, "--regid", group, "--clear-groups"]);
        } else if shell::ask("runuser", &["--version"]).is_some() {
            command = Command::new("runuser");
            command.args(["-u", name, "--"]);
        } else {
            bail!("it refuses to run as root, and neither setpriv nor runuser is there");
        }
        command.arg(program);
        Ok(command)
    }

    /// The words before a program that put it under this account; none for one's own.
    pub(super) fn words(&self) -> Result<String> {
        let command = self.command("")?;
        let words: Vec<_> = std::iter::once(command.get_program())
            .chain(command.get_args())
            .filter(|word| !word.is_empty())
            .map(OsStr::to_string_lossy)
            .collect();
        Ok(words.join(" "))
    }

    /// Makes this account the owner of a folder.
    pub(super) fn own(&self, folder: &Path) -> Result<()> {
        let Self::Other { user, group, .. } = self else {
            return Ok(());
        };
        let owner = format!("{user}:{group}");
        shell::quietly(Command::new("chown").arg(owner).arg(folder))
    }
}

/// Whether everything is allowed.
pub(super) fn is_root() -> bool {
    shell::ask("id", &["-u"]).as_deref() == Some("0")
}
