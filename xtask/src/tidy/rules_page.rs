//! Checks that docs/rules.md names every configuration key and no unknown one.

use std::collections::HashSet;

use crate::finding::Finding;
use crate::markdown;
use crate::tree::{self, File};

/// Generated configuration reference.
const KEYS: &str = "docs/configuration.md";
/// Manually written page of rules.
const RULES: &str = "docs/rules.md";

/// Compares the two pages.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let text = |path| tree::named(files, path).map_or("", |file| &file.text);
    let keys: HashSet<&str> = text(KEYS).lines().filter_map(key).collect();
    let sections: HashSet<&str> = keys.iter().map(|key| section(key)).collect();
    let named = named(text(RULES));
    let unknown = named
        .iter()
        .filter(|(_, name)| sections.contains(section(name)) && !keys.contains(name.as_str()))
        .map(|(line, name)| (*line, format!("unknown key `{name}`")));
    let mut missing: Vec<&str> = keys.iter().copied().collect();
    missing.retain(|key| !named.iter().any(|(_, name)| name == key));
    let missing = missing.into_iter().map(|key| (1, format!("the key `{key}` is missing")));
    let remedy = "name each key of docs/configuration.md with the rule it changes";
    unknown
        .chain(missing)
        .map(|(line, problem)| Finding::new(RULES, line, problem, remedy))
        .collect()
}

/// Returns the key in a row of the table.
fn key(row: &str) -> Option<&str> {
    row.strip_prefix("| `")?.split_once("`<br>").map(|(key, _)| key)
}

fn section(key: &str) -> &str {
    key.split('.').next().unwrap_or_default()
}

/// Returns possible keys with their lines; `.port` after `mail.host` is `mail.port`.
fn named(text: &str) -> Vec<(usize, String)> {
    let mut named: Vec<(usize, String)> = Vec::new();
    let mut before = String::new();
    for (number, line, is_prose) in markdown::lines(text) {
        for span in markdown::code_spans(line).filter(|_| is_prose) {
            let word = span.split_whitespace().next().unwrap_or_default();
            let is_file = [".md", ".rs"].iter().any(|end| word.ends_with(end));
            let is_key = |letter: char| letter.is_ascii_alphanumeric() || "._".contains(letter);
            if is_file || !word.contains('.') || !word.chars().all(is_key) {
                continue;
            }
            if !word.starts_with('.') {
                word.clone_into(&mut before);
                named.push((number, before.clone()));
            } else if let Some((table, _)) = before.rsplit_once('.') {
                named.push((number, format!("{table}{word}")));
            }
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rules: &str) -> usize {
        let keys = "| key | default |\n| `mail.host`<br>`VESTIBULE_MAIL__HOST` | – |\n\
                    | `mail.tls.port`<br>`X` | 1 |\n| `mail.tls.name`<br>`X` | 1 |\n";
        check(&[File::new(KEYS, keys), File::new(RULES, rules)]).len()
    }

    #[test]
    fn a_missing_key_is_found() {
        assert_eq!(
            found("`mail.host = x`, `mail.tls.port`, `.name`; see `mail.rs` and `other.key`"),
            0
        );
        assert_eq!(found("`mail.host` and `mail.tls.port`"), 1);
        assert_eq!(found("```\n`mail.host`, `mail.tls.port`, `.name`\n```"), 3);
    }

    #[test]
    fn an_unknown_key_is_found() {
        assert_eq!(found("`mail.host`, `mail.tls.port`, `.name`, `.other`, `mail.nonsense`"), 2);
    }
}
