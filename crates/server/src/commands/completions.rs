//! `vestibule completions`.

use clap::CommandFactory;
use clap_complete::{Shell, generate};

use super::print;
use crate::cli::Cli;

/// Prints the completion script of a shell.
pub(super) fn run(shell: Shell) {
    let mut script = Vec::new();
    generate(shell, &mut Cli::command(), "vestibule", &mut script);
    print(&String::from_utf8_lossy(&script));
}
