//! The `vestibule` command.

use std::process::ExitCode;

use clap::Parser;
use vestibule::cli::Cli;

fn main() -> ExitCode {
    vestibule::commands::run(Cli::parse())
}
