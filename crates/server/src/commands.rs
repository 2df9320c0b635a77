//! The commands: each calls a use case and prints the result.

mod after_restore;
mod backup;
mod completions;
mod config;
mod doctor;
mod export;
mod healthcheck;
mod import;
mod keys;
mod mail;
mod man;
mod migrate;
mod move_database;
mod passwords;
mod progress;
mod serve;
mod snapshot;
mod user_lookup;
mod users;

use std::process::ExitCode;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use vestibule_domain::ports::{Clock, SystemClock};

use crate::app::{App, Server, compose};
use crate::cli::{Cli, Command, Place};
use crate::config::{Config, Overrides, PublicUrl, environment, load};
use crate::failure::Failure;

/// Runs a command, prints its error, and returns the exit code.
pub(crate) fn run(cli: Cli) -> ExitCode {
    // One TLS library for the SMTP server and the database server. A second installation, as
    // in tests, finds the first one in place.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    match runtime.block_on(dispatch(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => fail(&failure),
    }
}

#[expect(clippy::print_stderr, reason = "this is where a command's errors end")]
fn fail(failure: &Failure) -> ExitCode {
    for line in failure.to_string().lines() {
        eprintln!("error: {line}");
    }
    ExitCode::from(failure.exit_code())
}

async fn dispatch(cli: Cli) -> Result<(), Failure> {
    let place = cli.place;
    match cli.command {
        Command::Serve(options) => serve::serve(&place, &options).await,
        Command::Worker => serve::worker(&place).await,
        Command::Migrate { action, json } => migrate::run(&place, action, json).await,
        Command::Backup { file } => backup::run(&place, &file).await,
        Command::Doctor { json } => doctor::run(&place, json).await,
        Command::Move(options) => move_database::run(&place, &options).await,
        Command::AfterRestore => after_restore::run(&place).await,
        Command::Config { action } => config::run(&place, &action),
        Command::User { action } => users::user(&place, action).await,
        Command::Admin { action } => users::admin(&place, action).await,
        Command::Mail { action } => mail::run(&place, action).await,
        Command::Keys { action } => keys::run(&place, action),
        Command::Openapi { yaml } => {
            let json = vestibule_http::openapi_json;
            print(&if yaml { vestibule_http::openapi_yaml() } else { json() });
            Ok(())
        }
        Command::Healthcheck => healthcheck::run(&place).await,
        Command::Completions { shell } => {
            completions::run(shell);
            Ok(())
        }
        Command::Man { command } => man::run(&command),
    }
}

/// Writes the result of a command to standard output.
///
/// A closed pipe, as with `head`, is not an error.
fn print(text: &str) {
    use std::io::Write as _;
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn print_line(text: &str) {
    print(&format!("{text}\n"));
}

/// Prints a value as indented JSON.
fn print_json(value: &serde_json::Value) {
    print_line(&format!("{value:#}"));
}

/// Loads the configuration for a command that needs no public URL.
fn configuration(place: &Place) -> Result<Config, Failure> {
    let overrides = Overrides { public_url_optional: true, ..place.overrides() };
    Ok(load(&overrides, environment())?.0)
}

/// Returns the public URL, or the one that `serve --dev` uses.
fn public_url(config: &Config) -> Result<PublicUrl, Failure> {
    match &config.public_url {
        Some(url) => Ok(url.clone()),
        None => PublicUrl::parse(&format!("http://{}", config.listen))
            .map_err(|remedy| Failure::configuration("server.public_url", remedy)),
    }
}

/// Wires the service for a command.
///
/// Migrates an empty database only: others may be in use by processes of an older version.
async fn open(place: &Place) -> Result<App, Failure> {
    let config = configuration(place)?;
    let app = compose(&config, &public_url(&config)?, Server::Required).await?;
    migrate::up_if_empty(&app).await?;
    Ok(app)
}

fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

fn now() -> OffsetDateTime {
    SystemClock.now()
}
