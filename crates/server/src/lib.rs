//! Wires everything and runs it.
//!
//! [`run`] is the whole program. The composition root is [`app`]: it builds every adapter from the
//! configuration and hands the use cases their ports. Nothing else knows more than one adapter.

mod app;
mod cli;
mod commands;
mod config;
mod dev_mail;
mod failure;
#[cfg(feature = "fault-injection")]
mod faults;
mod first_run;
mod listen;
mod metrics;
mod probe;
mod reception;
mod telemetry;
mod tls;
mod traces;
mod worker;

use std::process::ExitCode;

use clap::Parser;

/// Does what the command line says, and answers with the exit code.
pub fn run() -> ExitCode {
    commands::run(cli::Cli::parse())
}
