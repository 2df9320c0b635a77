//! Checks Rust files for module documentation, file names, forbidden attributes and sleeping tests.

use crate::finding::Finding;
use crate::tree::File;

/// Forbidden attributes with the alternatives. Clippy rejects others, such as `allow` on an item.
const FORBIDDEN: [(&str, &str); 3] = [
    ("#[ignore", "run the test or delete it; `cargo xtask test` starts the services it needs"),
    (
        "#[should_panic",
        "assert on the error or on `catch_unwind`, so that only the expected panic passes",
    ),
    ("#![allow(", "use `#![expect(.., reason = \"..\")]`, which warns once it is obsolete"),
];

/// Calls that make tests slow and unreliable.
const SLEEPS: [&str; 2] = ["thread::sleep", "time::sleep"];

/// Checks a file; only Rust files have findings.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !file.has_extension("rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(module_documentation(file));
    findings.extend(file_name(file));
    for (line, text) in (1..).zip(file.text.lines().map(str::trim_start)) {
        for (word, remedy) in FORBIDDEN {
            if text.starts_with(word) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{word}` is forbidden"),
                    remedy,
                ));
            }
        }
        let is_comment = text.starts_with("//");
        if file.is_test() && !is_comment && SLEEPS.iter().any(|sleep| text.contains(sleep)) {
            findings.push(Finding::new(
                &file.path,
                line,
                "a test sleeps",
                "wait for the event itself, or move a test clock",
            ));
        }
    }
    findings
}

fn module_documentation(file: &File) -> Option<Finding> {
    (!file.text.starts_with("//!")).then(|| {
        Finding::new(
            &file.path,
            1,
            "the file does not start with `//!`",
            "describe the contents and the purpose of the module in one to four lines",
        )
    })
}

fn file_name(file: &File) -> Option<Finding> {
    let name = file.path.rsplit('/').next();
    (name == Some("mod.rs")).then(|| {
        Finding::new(
            &file.path,
            1,
            "module file named `mod.rs`",
            "rename it after the module: `foo.rs` beside `foo/`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = File::new(path, text);
        check(&file).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_valid_file_has_no_findings() {
        assert_eq!(found("a.rs", "//! A.\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(found("a.md", "#[ignore]"), Vec::<String>::new());
    }

    #[test]
    fn missing_module_documentation_is_found() {
        assert!(found("a.rs", "fn f() {}\n")[0].starts_with("a.rs:1: error: the file does not"));
    }

    #[test]
    fn forbidden_attributes_are_found_in_code_only() {
        let text = "//! #[ignore]\n    #[ignore = \"later\"]\nconst A: &str = \"#[ignore]\";\n";
        let findings = found("a.rs", text);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with("a.rs:2: error: `#[ignore`"));
        assert_eq!(found("a.rs", "//! A.\n#[should_panic]\n").len(), 1);
        assert_eq!(found("a.rs", "//! A.\n#![allow(x)]\n").len(), 1);
        assert_eq!(found("a/mod.rs", "//! A.\n").len(), 1);
    }

    #[test]
    fn sleeping_tests_are_found() {
        let text = "//! A.\nfn f() { std::thread::sleep(d); }\n";
        assert_eq!(found("a/src/b.rs", text).len(), 0);
        assert_eq!(found("a/tests/b.rs", text).len(), 1);
        assert_eq!(found("a/tests/b.rs", "//! A.\n// thread::sleep\n").len(), 0);
    }
}
