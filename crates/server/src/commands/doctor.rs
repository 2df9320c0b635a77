//! `vestibule doctor`: checks an installation and prints how to fix problems.
//!
//! Changes nothing. A database that does not exist yet is not created.

mod local;
mod network;

use std::path::Path;

use serde_json::{Value, json};
use vestibule_storage::sqlite_file;

use super::{print_json, print_line};
use crate::app::{App, Server, compose};
use crate::cli::Place;
use crate::config::{Config, environment, load};
use crate::failure::Failure;

/// The state of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No problem.
    Good,
    /// Works, but could be better or safer.
    Doubtful,
    /// Must be fixed.
    Bad,
}

/// The result of a check.
struct Finding {
    state: State,
    /// Name of the check.
    about: &'static str,
    /// The finding.
    found: String,
    /// The fix.
    fix: Option<String>,
}

impl Finding {
    fn good(about: &'static str, found: impl Into<String>) -> Self {
        Self { state: State::Good, about, found: found.into(), fix: None }
    }

    fn doubtful(about: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Doubtful, about, found: found.into(), fix: Some(fix.into()) }
    }

    fn bad(about: &'static str, found: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Bad, about, found: found.into(), fix: Some(fix.into()) }
    }

    fn word(&self) -> &'static str {
        match self.state {
            State::Good => "ok",
            State::Doubtful => "warning",
            State::Bad => "problem",
        }
    }
}

/// Runs all checks, and fails if something must be fixed.
pub(super) async fn run(place: &Place, json: bool) -> Result<(), Failure> {
    let findings = examine(place).await;
    if json {
        print_json(&findings.iter().map(as_json).collect());
    } else {
        for finding in &findings {
            print_line(&format!("{:<8} {:<14} {}", finding.word(), finding.about, finding.found));
            if let Some(fix) = &finding.fix {
                print_line(&format!("{:23} -> {fix}", ""));
            }
        }
    }
    let bad = findings.iter().filter(|finding| finding.state == State::Bad).count();
    match bad {
        0 => Ok(()),
        1 => Err(anyhow::anyhow!("1 problem must be fixed").into()),
        _ => Err(anyhow::anyhow!("{bad} problems must be fixed").into()),
    }
}

fn as_json(finding: &Finding) -> Value {
    json!({
        "state": finding.word(),
        "about": finding.about,
        "found": finding.found,
        "fix": finding.fix,
    })
}

async fn examine(place: &Place) -> Vec<Finding> {
    let (config, _) = match load(&place.overrides(), environment()) {
        Ok(loaded) => loaded,
        Err(invalid) => return problems(&Failure::Configuration(invalid)),
    };
    let mut findings = vec![Finding::good("configuration", "valid")];
    findings.extend(local::settings(&config));
    let missing = missing(&config);
    if !missing.is_empty() {
        findings.extend(missing);
        return findings;
    }
    let composed = match super::public_url(&config) {
        Ok(url) => compose(&config, &url, Server::MayComeLater).await,
        Err(failure) => Err(failure),
    };
    match composed {
        Ok(app) => {
            findings.extend(look_at(&app, &config).await);
            app.store.close().await;
        }
        Err(failure) => findings.extend(problems(&failure)),
    }
    findings
}

async fn look_at(app: &App, config: &Config) -> Vec<Finding> {
    let mut findings = local::database(app).await;
    let migrated = local::migrations(app).await;
    let is_readable = migrated.state == State::Good;
    findings.push(migrated);
    findings.extend(local::keys(app));
    if is_readable {
        findings.extend(local::contents(app).await);
    }
    findings.extend(local::redis(app));
    findings.push(local::hashing(app).await);
    findings.extend(network::public_url(app, config).await);
    findings.extend(network::collector(config).await);
    findings
}

/// Returns the findings for errors that prevent a start, one for each line.
fn problems(failure: &Failure) -> Vec<Finding> {
    match failure {
        Failure::Configuration(invalid) => {
            let finding = |problem: &crate::config::Problem| {
                Finding::bad("configuration", &problem.at, &problem.remedy)
            };
            invalid.0.iter().map(finding).collect()
        }
        Failure::Other(error) => {
            let fix = "fix the cause above; `vestibule serve` cannot start either";
            vec![Finding::bad("start", format!("{error:#}"), fix)]
        }
    }
}

/// Returns what is missing before the first start; further checks would create it.
fn missing(config: &Config) -> Vec<Finding> {
    let fix = "`vestibule serve` makes it; if there should be one, this is the configuration of \
               another installation";
    let is_missing = |about, what: &str, path: &Path| {
        let found = format!("{what} at {} yet", path.display());
        (!path.exists()).then(|| Finding::doubtful(about, found, fix))
    };
    let database = sqlite_file(config.database_url.expose());
    let database = database.and_then(|path| is_missing("database", "no database", &path));
    let keys = is_missing("keys", "no keys", &config.data_dir.join("keys"));
    database.into_iter().chain(keys).collect()
}
