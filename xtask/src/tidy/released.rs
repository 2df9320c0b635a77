//! Checks that released migrations and the released API document are unchanged.
//!
//! A released migration must never change, because databases have already applied it.
//! `migrations/released.txt` lists each as `<hash>  <file>`, the file relative to `migrations/`.
//! The hash is FNV-1a, which detects edits and is not a protection against attackers.
//!
//! The API document of the newest release is kept for a test of breaking changes.

use crate::finding::Finding;
use crate::tree::{self, File};

const LIST: &str = "migrations/released.txt";
const CHANGES: &str = "CHANGELOG.md";
const DOCUMENT: &str = "docs/released/openapi.json";

/// Compares the listed migrations with the files.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let Some(list) = tree::named(files, LIST) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(list.text.lines()) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((expected, name)) = line.split_once("  ") else {
            findings.push(Finding::new(
                LIST,
                number,
                "invalid line, expected `<hash>  <file>`",
                "write the hash, two spaces and the path relative to migrations/",
            ));
            continue;
        };
        let path = format!("migrations/{name}");
        match tree::named(files, &path).map(|file| hash(&file.text)) {
            Some(actual) if actual == expected => {}
            Some(actual) => findings.push(Finding::new(
                &path,
                1,
                format!(
                    "released migration changed: the hash is {actual}, {expected} was released"
                ),
                "restore it, and add a new migration",
            )),
            None => findings.push(Finding::new(
                LIST,
                number,
                format!("released migration {path} is missing"),
                "restore it, and add a new migration",
            )),
        }
    }
    findings
}

/// Compares the newest release in the changelog with the kept API document.
pub(crate) fn document(files: &[File]) -> Option<Finding> {
    let (line, released) = newest_release(&tree::named(files, CHANGES)?.text)?;
    let kept = tree::named(files, DOCUMENT).and_then(|file| version(&file.text));
    (kept.as_deref() != Some(released)).then(|| {
        let kept = kept.unwrap_or_else(|| "no release".to_owned());
        Finding::new(
            CHANGES,
            line,
            format!("the newest release is {released}, but {DOCUMENT} is that of {kept}"),
            format!("replace it with the output of `git show v{released}:docs/openapi.json`"),
        )
    })
}

/// Returns line and version of the first heading such as `## [1.2.3]`.
fn newest_release(changes: &str) -> Option<(usize, &str)> {
    (1..).zip(changes.lines()).find_map(|(number, line)| {
        let (version, _) = line.strip_prefix("## [")?.split_once(']')?;
        version.starts_with(|first: char| first.is_ascii_digit()).then_some((number, version))
    })
}

/// Returns the version in an API document.
fn version(document: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    document["info"]["version"].as_str().map(str::to_owned)
}

/// Returns the 64-bit FNV-1a hash, ignoring carriage returns, which a checkout may add.
fn hash(text: &str) -> String {
    let hash =
        text.bytes().filter(|byte| *byte != b'\r').fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(hash(""), "cbf29ce484222325");
        assert_eq!(hash("a"), "af63dc4c8601ec8c");
        assert_eq!(hash("foobar"), "85944171f73967e8");
        assert_eq!(hash("a\r\n"), hash("a\n"));
    }

    #[test]
    fn changed_and_missing_migrations_are_found() {
        let migration = File::new("migrations/src/m1.rs", "up");
        let list = File::new(LIST, &format!("# released\n{}  src/m1.rs\n", hash("up")));
        assert_eq!(check(&[migration, list]), []);

        let changed = File::new("migrations/src/m1.rs", "down");
        let list = || {
            File::new(
                LIST,
                &format!("{}  src/m1.rs\n{}  src/m2.rs\nnonsense\n", hash("up"), hash("")),
            )
        };
        assert_eq!(check(&[changed, list()]).len(), 3);
        assert_eq!(check(&[]), []);
    }

    #[test]
    fn an_outdated_api_document_is_found() {
        let unreleased = "# Changelog\n\n## [Unreleased]\n";
        let changes = |text: &str| File::new(CHANGES, &format!("{unreleased}{text}"));
        let kept = |version: &str| {
            File::new(DOCUMENT, &serde_json::json!({ "info": { "version": version } }).to_string())
        };
        let released = "\n## [0.2.0] - 2027-01-31\n\n## [0.1.0] - 2027-01-01\n";
        assert_eq!(document(&[changes("")]), None);
        assert_eq!(document(&[changes(released), kept("0.2.0")]), None);
        assert!(document(&[changes(released)]).is_some());
        assert!(document(&[changes(released), kept("0.1.0")]).is_some());
        assert!(document(&[changes(released), File::new(DOCUMENT, "nonsense")]).is_some());
    }
}
