//! Wires everything and runs it.
//!
//! [`compose`](app::compose) is the composition root: it builds every adapter from the
//! configuration and hands the use cases their ports. Nothing else knows more than one adapter.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod failure;
pub mod telemetry;

mod dev_mail;
mod first_run;
mod worker;
