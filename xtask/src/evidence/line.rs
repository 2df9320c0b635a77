//! The line of JSON that an experiment leaves.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// What an experiment says about itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line(Value);

impl Line {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(Self(serde_json::from_str(text)?))
    }

    /// A text of it; empty if it has none of that name.
    pub(super) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    pub(super) fn number(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap_or_default()
    }

    pub(super) fn passed(&self) -> bool {
        self.0["pass"] == true
    }

    /// The figures, in their order; what is not there has none.
    pub(super) fn figures(&self, name: &str) -> Vec<(String, String)> {
        let figures = self.0[name].as_object().into_iter().flatten();
        let shown = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
        figures.map(|(name, value)| (name.clone(), shown(value))).collect()
    }

    /// Marks it as what a mutant has come to.
    pub(super) fn of_mutant(mut self, fault: &str) -> Self {
        self.0["fault"] = fault.into();
        self
    }

    /// Whether it is the same test on the same database.
    pub(super) fn is_of_the_test_of(&self, other: &Self) -> bool {
        ["id", "title", "backend"].iter().all(|name| self.text(name) == other.text(name))
    }

    /// Whether a later run would have left this line as well.
    fn is_about_the_same(&self, other: &Self) -> bool {
        self.is_of_the_test_of(other)
            && ["scale", "fault"].iter().all(|name| self.text(name) == other.text(name))
    }
}

impl std::fmt::Display for Line {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(out)
    }
}

/// The lines in a file; none if there is none.
pub(super) fn read(path: &Path) -> Result<Vec<Line>> {
    let text = if path.exists() {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?
    } else {
        String::new()
    };
    let lines = text.lines().map(Line::parse);
    lines.collect::<Result<_>>().with_context(|| format!("not JSON: {}", path.display()))
}

/// Adds lines to those in a file, in place of earlier ones about the same.
pub(super) fn keep(path: &Path, new: &[Line]) -> Result<()> {
    let mut lines = read(path)?;
    lines.retain(|old| !new.iter().any(|line| line.is_about_the_same(old)));
    lines.extend_from_slice(new);
    let lines: Vec<String> = lines.iter().map(Line::to_string).collect();
    fs::write(path, lines.join("\n") + "\n")
        .with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line::parse(text).unwrap()
    }

    #[test]
    fn a_newer_line_takes_the_place_of_the_older() {
        let path = std::env::temp_dir().join(format!("evidence-{}", std::process::id()));
        let old = line(r#"{"id":"E02","title":"a","backend":"SQLite","pass":false}"#);
        let other = line(r#"{"id":"E02","title":"a","backend":"PostgreSQL","pass":true}"#);
        let new = line(r#"{"id":"E02","title":"a","backend":"SQLite","pass":true}"#);
        keep(&path, &[old, other.clone()]).unwrap();
        keep(&path, std::slice::from_ref(&new)).unwrap();
        assert_eq!(read(&path).unwrap(), [other, new]);
        fs::remove_file(path).unwrap();
    }

    #[test]
    fn figures_are_shown_as_they_are() {
        let line = line(r#"{"measured":{"a":1,"b":0.5},"limit":{"a":"= 1"}}"#);
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        assert_eq!(line.figures("measured"), [pair("a", "1"), pair("b", "0.5")]);
        assert_eq!(line.figures("limit"), [pair("a", "= 1")]);
        assert_eq!(line.figures("nothing"), []);
        assert!(!line.passed());
    }
}
