//! Results of experiments, stored as lines of JSON.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The result of a test of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ResultLine(Value);

impl ResultLine {
    /// Parses a line of JSON.
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// Returns a text field; empty if there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap_or_default()
    }

    pub(super) fn passed(&self) -> bool {
        self.0["pass"] == true
    }

    /// Returns the figures of a field in their order.
    pub(super) fn figures(&self, name: &str) -> Vec<(String, String)> {
        let figures = self.0[name].as_object().into_iter().flatten();
        let shown = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        figures.map(|(name, value)| (name.clone(), shown(value))).collect()
    }

    /// Adds the fault of a mutant.
    pub(super) fn with_fault(mut self, fault: &str) -> Self {
        self.0["fault"] = fault.into();
        self
    }

    /// Returns `true` if both results are of the same test on the same database.
    pub(super) fn is_same_test(&self, other: &Self) -> bool {
        ["id", "title", "backend"].iter().all(|name| self.text(name) == other.text(name))
    }

    /// Returns `true` if this result replaces an older one.
    fn replaces(&self, other: &Self) -> bool {
        self.is_same_test(other)
            && ["scale", "fault"].iter().all(|name| self.text(name) == other.text(name))
    }
}

impl std::fmt::Display for ResultLine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// Reads the results in a file; none if it does not exist.
pub(super) fn read(path: &Path) -> Result<Vec<ResultLine>> {
    let text = if path.exists() {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
    } else {
        String::new()
    };
    let lines = text.lines().map(ResultLine::parse);
    lines.collect::<Result<_>>().with_context(|| format!("invalid JSON in {}", path.display()))
}

/// Adds results to a file and removes those that they replace.
pub(super) fn save(path: &Path, new: &[ResultLine]) -> Result<()> {
    let mut lines = read(path)?;
    lines.retain(|old| !new.iter().any(|line| line.replaces(old)));
    lines.extend_from_slice(new);
    let lines: Vec<String> = lines.iter().map(ResultLine::to_string).collect();
    fs::write(path, lines.join("\n") + "\n")
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> ResultLine {
        ResultLine::parse(text).unwrap()
    }

    #[test]
    fn a_newer_result_replaces_the_older() {
        let path = std::env::temp_dir().join(format!("evidence-{}", std::process::id()));
        let old = line(r#"{"id":"E02","title":"a","backend":"SQLite","pass":false}"#);
        let other = line(r#"{"id":"E02","title":"a","backend":"PostgreSQL","pass":true}"#);
        let new = line(r#"{"id":"E02","title":"a","backend":"SQLite","pass":true}"#);
        save(&path, &[old, other.clone()]).unwrap();
        save(&path, std::slice::from_ref(&new)).unwrap();
        assert_eq!(read(&path).unwrap(), [other, new]);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn figures_are_formatted_unchanged() {
        let line = line(r#"{"measured":{"a":1,"b":0.5},"limit":{"a":"= 1"}}"#);
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(line.figures("measured"), [pair("a", "1"), pair("b", "0.5")]);
        assert_eq!(line.figures("limit"), [pair("a", "= 1")]);
        assert_eq!(line.figures("nothing"), []);
        assert!(!line.passed());
    }
}
