//! The `vestibule` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    vestibule::run()
}
