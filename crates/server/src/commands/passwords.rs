//! Passwords on the command line: prompted for, or read from standard input; never an argument,
//! which other users of the machine could read.

use std::io::{IsTerminal, Read};

use anyhow::{Context, anyhow};
use vestibule_domain::model::password::{Password, PasswordError};
use vestibule_domain::model::policy::PasswordPolicy;

use crate::failure::Failure;

/// Reads a new password and checks its length.
pub(super) fn choose(from_stdin: bool, policy: &PasswordPolicy) -> Result<Password, Failure> {
    let text = if from_stdin { read_stdin()? } else { ask()? };
    Password::choose(&text, policy.min_length)
        .map_err(|error: PasswordError| Failure::Other(anyhow!(error)))
}

/// Returns the first line without its line end.
fn read_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin().take(16 * 1024).read_to_string(&mut text).context("reading the password")?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn ask() -> Result<String, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(anyhow!("not a terminal; use --password-stdin").into());
    }
    let first = rpassword::prompt_password("New password: ").context("reading the password")?;
    let second = rpassword::prompt_password("Repeat password: ").context("reading the password")?;
    if first != second {
        return Err(anyhow!("the two passwords do not match; nothing was changed").into());
    }
    Ok(first)
}
