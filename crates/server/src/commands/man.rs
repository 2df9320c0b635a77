//! `vestibule man`.

use anyhow::anyhow;
use clap::CommandFactory;
use clap_mangen::Man;

use super::print;
use crate::cli::Cli;
use crate::failure::Failure;

/// Prints a manual page, for `man -l -` or a file in section 1.
pub(super) fn run(path: &[String]) -> Result<(), Failure> {
    let mut command = Cli::command();
    command.build();
    for name in path {
        let found = command.find_subcommand(name).cloned();
        command = found.ok_or_else(|| anyhow!("unknown command `{}`", path.join(" ")))?;
    }
    let mut page = Vec::new();
    let source = concat!("vestibule ", env!("CARGO_PKG_VERSION"));
    Man::new(command).source(source).render(&mut page)?;
    print(&String::from_utf8_lossy(&page));
    Ok(())
}
