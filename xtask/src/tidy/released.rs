//! What was released stays.
//!
//! A migration never changes: somebody's database already ran it. `migrations/released.txt` lists each as `<hash>  <file>`, the file below `migrations/`.
//! The hash is FNV-1a, which catches an edit and is not meant to stop an attacker.
//!
//! The API document of the newest release is kept, so that a test can tell what would break its clients.

use crate::finding::Finding;
use crate::tree::{self, File};

const LIST: &str = "migrations/released.txt";
const CHANGES: &str = "CHANGELOG.md";
const DOCUMENT: &str = "docs/released/openapi.json";

/// Compares the listed migrations with the files; without a list nothing was released.
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
            findings.push(Finding::failure(
                LIST,
                number,
                "the line is not `<hash>  <file>`",
                "write the hash, two blanks and the file's path below migrations/",
            ));
            continue;
        };
        let path = format!("migrations/{name}");
        match tree::named(files, &path).map(|file| hash(&file.text)) {
            Some(actual) if actual == expected => {}
            Some(actual) => findings.push(Finding::failure(
                &path,
                1,
                format!("a released migration changed: {expected} was released, this is {actual}"),
                "restore it, and write a new migration",
            )),
            None => findings.push(Finding::failure(
                LIST,
                number,
                format!("the released migration {path} is gone"),
                "restore it, and write a new migration",
            )),
        }
    }
    findings
}

/// Compares the newest release of the change log with the document that is kept.
pub(crate) fn document(files: &[File]) -> Option<Finding> {
    let (line, released) = newest_release(&tree::named(files, CHANGES)?.text)?;
    let kept = tree::named(files, DOCUMENT).and_then(|file| version(&file.text));
    (kept.as_deref() != Some(released)).then(|| {
        let kept = kept.unwrap_or_else(|| "nothing".to_owned());
        Finding::failure(
            CHANGES,
            line,
            format!("{released} is released, and {DOCUMENT} is that of {kept}"),
            format!("copy docs/openapi.json of {released} there: `git show v{released}:docs/openapi.json`"),
        )
    })
}

/// The first heading `## [1.2.3]`: its line, and the version.
fn newest_release(changes: &str) -> Option<(usize, &str)> {
    (1..).zip(changes.lines()).find_map(|(number, line)| {
        let (version, _) = line.strip_prefix("## [")?.split_once(']')?;
        version.starts_with(|first: char| first.is_ascii_digit()).then_some((number, version))
    })
}

/// What an API document says of itself.
fn version(document: &str) -> Option<String> {
    let document: serde_json::Value = serde_json::from_str(document).ok()?;
    document["info"]["version"].as_str().map(str::to_owned)
}

/// FNV-1a with 64 bits; line endings do not count, a checkout may change them.
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
    fn the_hash_is_the_published_one() {
        assert_eq!(hash(""), "cbf29ce484222325");
        assert_eq!(hash("a"), "af63dc4c8601ec8c");
        assert_eq!(hash("foobar"), "85944171f73967e8");
        assert_eq!(hash("a\r\n"), hash("a\n"));
    }

    #[test]
    fn changes_and_losses_are_found() {
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
    fn the_document_is_that_of_the_newest_release() {
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
