//! The collected values before validation, and the options that override them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Secret;

/// Command line options that override the configuration.
#[derive(Clone, Debug, Default)]
pub(crate) struct Overrides {
    /// `--config`; the file must exist.
    pub(crate) file: Option<PathBuf>,
    /// `--listen`.
    pub(crate) listen: Option<String>,
    /// `--data-dir`.
    pub(crate) data_dir: Option<PathBuf>,
    /// `--dev`.
    pub(crate) dev: bool,
    /// `true` for commands that do not serve requests and need no public URL.
    pub(crate) public_url_optional: bool,
}

/// A value as text, with its source.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) text: Secret,
    pub(crate) source: String,
}

/// All configured values by key, not yet validated.
#[derive(Clone, Default)]
pub(crate) struct Settings(pub(crate) BTreeMap<&'static str, Setting>);

impl Settings {
    /// Sets a value, replacing one of an earlier source.
    pub(crate) fn set(&mut self, name: &'static str, text: String, source: String) {
        self.0.insert(name, Setting { text: Secret::new(text), source });
    }
}
