//! Checks `Cargo.lock` for minimum versions of dependencies without relevant security advisories.
//!
//! `cargo deny` checks more, but requires a network; this check works offline.

use crate::finding::Finding;
use crate::tree::File;

/// A crate, the first fixed release of each compatible line, and the advisory.
type Minimum = (&'static str, &'static [&'static str], &'static str);

const MINIMUM_VERSIONS: [Minimum; 8] = [
    ("h2", &["0.4.16"], "RUSTSEC-2026-0258"),
    ("idna", &["1.0.0"], "RUSTSEC-2024-0421"),
    ("rand", &["0.8.6", "0.9.3", "0.10.1"], "RUSTSEC-2026-0097"),
    ("rustls", &["0.23.5"], "RUSTSEC-2024-0336"),
    ("rustls-webpki", &["0.103.13"], "RUSTSEC-2026-0104"),
    ("sqlx", &["0.9.0"], "RUSTSEC-2024-0363"),
    ("time", &["0.3.47"], "RUSTSEC-2026-0009"),
    ("tracing-subscriber", &["0.3.20"], "RUSTSEC-2025-0055"),
];

/// Checks a file; only `Cargo.lock` has findings.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    if file.path != "Cargo.lock" {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (line, name, version) in packages(&file.text) {
        let Some((_, minimums, advisory)) =
            MINIMUM_VERSIONS.iter().find(|minimum| minimum.0 == name)
        else {
            continue;
        };
        if !is_fixed(version, minimums) {
            findings.push(Finding::new(
                &file.path,
                line,
                format!("{name} {version} is below {} ({advisory})", minimums.join(", ")),
                format!("cargo update -p {name}@{version}"),
            ));
        }
    }
    findings
}

/// Returns line, name and version of every package in a lock file.
fn packages(lock: &str) -> Vec<(usize, &str, &str)> {
    let lines: Vec<&str> = lock.lines().collect();
    (1..)
        .zip(lines.windows(2))
        .filter_map(|(line, pair)| {
            Some((line, quoted(pair[0], "name")?, quoted(pair[1], "version")?))
        })
        .collect()
}

fn quoted<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    line.strip_prefix(key)?.strip_prefix(" = \"")?.strip_suffix('"')
}

/// Compares a version with the newest minimum whose line is not newer than that of the version.
fn is_fixed(version: &str, minimums: &[&str]) -> bool {
    let version = Version::parse(version);
    minimums
        .iter()
        .map(|minimum| Version::parse(minimum))
        .filter(|minimum| minimum.line() <= version.line())
        .max()
        .is_some_and(|minimum| version >= minimum)
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version {
    numbers: [u64; 3],
    /// `false` for a pre-release, which is older than the release.
    released: bool,
}

impl Version {
    /// Parses a version as Cargo writes it; parts that are not numbers count as zero.
    fn parse(text: &str) -> Self {
        let text = text.split('+').next().unwrap_or_default();
        let (numbers, suffix) = text.split_once('-').unwrap_or((text, ""));
        let mut parts = numbers.split('.').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        Self { numbers: [next(), next(), next()], released: suffix.is_empty() }
    }

    /// Returns the part that compatible releases share.
    fn line(&self) -> (u64, u64) {
        match self.numbers {
            [0, minor, _] => (0, minor),
            [major, ..] => (major, 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_versions_are_below_the_minimum() {
        for (version, good) in [
            ("0.4.15", false),
            ("0.4.16", true),
            ("0.4.16-rc.1", false),
            ("0.4.20", true),
            ("0.3.99", false),
            ("0.5.0", true),
            ("1.0.0", true),
        ] {
            assert_eq!(is_fixed(version, &["0.4.16"]), good, "{version}");
        }
    }

    #[test]
    fn every_line_has_its_own_minimum() {
        let minimums = ["0.8.6", "0.9.3", "0.10.1"];
        for (version, good) in [
            ("0.7.9", false),
            ("0.8.5", false),
            ("0.8.6", true),
            ("0.9.2", false),
            ("0.10.0", false),
            ("0.10.1+build", true),
            ("0.11.0", true),
        ] {
            assert_eq!(is_fixed(version, &minimums), good, "{version}");
        }
    }

    #[test]
    fn the_lock_file_is_parsed() {
        let lock = "version = 4\n\n[[package]]\nname = \"h2\"\nversion = \"0.4.1\"\n\n[[package]]\nname = \"serde\"\nversion = \"1.0.0\"\n";
        assert_eq!(packages(lock), [(4, "h2", "0.4.1"), (8, "serde", "1.0.0")]);
        let file = File::new("Cargo.lock", lock);
        let findings = check(&file);
        assert_eq!(findings.len(), 1);
        assert!(findings[0].to_string().contains("h2 0.4.1 is below 0.4.16"));
    }
}
