//! The `vestibule` program: configuration, composition root, commands, and listeners.
//!
//! [`run`] is the entry point. The composition root, [`app`], creates the adapters from the
//! configuration and the use cases from their ports.

mod app;
mod cli;
mod commands;
mod config;
mod dev_mail;
mod failure;
#[cfg(feature = "fault-injection")]
mod faults;
mod listen;
mod metrics;
mod probe;
mod startup_banner;
mod startup_gate;
mod telemetry;
mod tls;
mod traces;
mod worker;

use std::process::ExitCode;

use clap::Parser;

/// Runs the command line, and returns the exit code.
pub fn run() -> ExitCode {
    commands::run(cli::Cli::parse())
}
