//! Collects values from defaults, file, environment and command line; later sources win.

use std::path::Path;

use toml::{Table, Value};

use super::Config;
use super::keys::{KEYS, Key, find};
use super::problem::{Invalid, Problem};
use super::reader::Reader;
use super::settings::{Overrides, Settings};

/// Configuration file used without `--config`.
const DEFAULT_FILE: &str = "vestibule.toml";

/// Reads and validates the configuration.
///
/// # Errors
/// [`Invalid`] with every problem of every source.
pub(crate) fn load(
    overrides: &Overrides,
    environment: impl Iterator<Item = (String, String)>,
) -> Result<(Config, Settings), Invalid> {
    let mut settings = Settings::default();
    let mut problems = Vec::new();
    read_file(overrides.file.as_deref(), &mut settings, &mut problems);
    read_environment(environment, &mut settings, &mut problems);
    if let Some(listen) = &overrides.listen {
        settings.set("server.listen", listen.clone(), "--listen".to_owned());
    }
    if let Some(folder) = &overrides.data_dir {
        let folder = folder.display().to_string();
        settings.set("server.data_dir", folder, "--data-dir".to_owned());
    }
    let mut reader = Reader::new(&settings, problems);
    let config = reader.config(overrides);
    match (config, reader.into_problems()) {
        (Some(config), problems) if problems.is_empty() => Ok((config, settings)),
        (_, problems) => Err(Invalid(problems)),
    }
}

fn read_file(named: Option<&Path>, settings: &mut Settings, problems: &mut Vec<Problem>) {
    let path = named.unwrap_or(Path::new(DEFAULT_FILE));
    let at = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return,
        Err(error) => {
            problems.push(Problem::new(at, format!("cannot be read: {error}")));
            return;
        }
    };
    match text.parse::<Table>() {
        Ok(table) => flatten("", &table, &at, settings, problems),
        Err(error) => {
            // The parser's full message quotes the line, which may contain a password.
            let line = error.span().map_or(0, |span| text[..span.start].lines().count().max(1));
            let remedy = format!("not valid TOML, near line {line}: {}", error.message());
            problems.push(Problem::new(at, remedy));
        }
    }
}

fn flatten(
    prefix: &str,
    table: &Table,
    file: &str,
    settings: &mut Settings,
    problems: &mut Vec<Problem>,
) {
    for (name, value) in table {
        let name = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        if let Value::Table(inner) = value {
            flatten(&name, inner, file, settings, problems);
            continue;
        }
        match (find(&name), as_text(value)) {
            (Some(key), Some(text)) => settings.set(key.name, text, file.to_owned()),
            (Some(key), None) => {
                problems.push(Problem::new(
                    format!("{name} (in {file})"),
                    format!("expected {}", key.accepts),
                ));
            }
            (None, _) => problems.push(unknown(&name, file)),
        }
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(flag) => Some(flag.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        Value::Float(number) => Some(number.to_string()),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// Reports an unknown key and suggests a known one with the same last part. Input is escaped, so
/// that the message stays on one line.
fn unknown(name: &str, source: &str) -> Problem {
    let last = name.rsplit('.').next().unwrap_or(name);
    let meant = KEYS.iter().find(|key| key.name.rsplit('.').next() == Some(last));
    let hint = meant.map_or_else(
        || "`vestibule config init` prints every key".to_owned(),
        |key| format!("did you mean {}?", key.name),
    );
    let at = format!("{} (in {})", name.escape_debug(), source.escape_debug());
    Problem::new(at, format!("unknown key; {hint}"))
}

fn read_environment(
    environment: impl Iterator<Item = (String, String)>,
    settings: &mut Settings,
    problems: &mut Vec<Problem>,
) {
    let mut variables: Vec<(String, String)> =
        environment.filter(|(name, _)| is_ours(name)).collect();
    variables.sort();
    for (variable, value) in variables {
        if let Some(key) = KEYS.iter().find(|key| key.variable() == variable) {
            settings.set(key.name, value, variable);
        } else if let Some(key) = secret_file_key(&variable) {
            match std::fs::read_to_string(&value) {
                Ok(text) => {
                    let text = text.trim_end_matches(['\r', '\n']).to_owned();
                    settings.set(key.name, text, format!("{variable} ({})", value.escape_debug()));
                }
                Err(error) => {
                    let remedy = format!("{} cannot be read: {error}", value.escape_debug());
                    problems.push(Problem::new(variable, remedy));
                }
            }
        } else {
            let name = variable.trim_start_matches("VESTIBULE_").replace("__", ".");
            problems.push(unknown(&name.to_ascii_lowercase(), &variable));
        }
    }
}

/// Returns `true` if the variable configures the service.
///
/// Kubernetes sets `VESTIBULE_SERVICE_…` and `VESTIBULE_PORT…` in every container if a service is
/// called `vestibule`.
fn is_ours(name: &str) -> bool {
    let rest = name.strip_prefix("VESTIBULE_");
    rest.is_some_and(|rest| !rest.starts_with("SERVICE_") && !rest.starts_with("PORT"))
}

/// Returns the environment variables for [`load`], without those that are not Unicode.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    // Without the feature, variables of fault injection are refused as unknown keys.
    #[cfg(feature = "fault-injection")]
    let variables = variables.filter(|(name, _)| !crate::faults::is_ours(name));
    variables
}

fn secret_file_key(variable: &str) -> Option<&'static Key> {
    let name = variable.strip_suffix("_FILE")?;
    KEYS.iter().find(|key| key.secret && key.variable() == name)
}
