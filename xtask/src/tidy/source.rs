//! Rules for Rust files: they introduce themselves, stay small, and hide nothing from the tests.

use crate::finding::Finding;
use crate::tree::File;

/// Lines before the tests at which a file is long, and at which it is too long.
const SOURCE_CEILING: (usize, usize) = (300, 500);
/// The same for test targets.
const TEST_CEILING: (usize, usize) = (500, 800);

/// Attributes that are not used, and what to do instead. Clippy refuses the others, such as `allow`
/// in front of an item.
const FORBIDDEN: [(&str, &str); 3] = [
    ("#[ignore", "a test runs or is deleted; what it needs, `cargo xtask test` starts"),
    (
        "#[should_panic",
        "assert on the error, or on `catch_unwind`, so that the right panic is meant",
    ),
    ("#![allow(", "use `#![expect(.., reason = \"..\")]`, which goes away with its cause"),
];

/// Calls that make a test slow where it is right and wrong where it is slow.
const SLEEPS: [&str; 2] = ["thread::sleep", "time::sleep"];

/// Checks one file; anything but Rust passes.
pub(crate) fn check(file: &File) -> Vec<Finding> {
    if !file.has_extension("rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    findings.extend(introduction(file));
    findings.extend(name(file));
    findings.extend(size(file));
    for (line, text) in (1..).zip(file.text.lines().map(str::trim_start)) {
        for (word, remedy) in FORBIDDEN {
            if text.starts_with(word) {
                findings.push(Finding::failure(
                    &file.path,
                    line,
                    format!("`{word}` is not used here"),
                    remedy,
                ));
            }
        }
        let is_comment = text.starts_with("//");
        if file.is_test() && !is_comment && SLEEPS.iter().any(|sleep| text.contains(sleep)) {
            findings.push(Finding::failure(
                &file.path,
                line,
                "a test sleeps",
                "wait for the event itself, or move a test clock",
            ));
        }
    }
    findings
}

fn introduction(file: &File) -> Option<Finding> {
    (!file.text.starts_with("//!")).then(|| {
        Finding::failure(
            &file.path,
            1,
            "the file does not begin with `//!`",
            "say in one to five sentences what it is for, and what it leaves to others",
        )
    })
}

fn name(file: &File) -> Option<Finding> {
    let name = file.path.rsplit('/').next();
    (name == Some("mod.rs")).then(|| {
        Finding::failure(
            &file.path,
            1,
            "a module file is named `mod.rs`",
            "name it after the module: `foo.rs` beside `foo/`",
        )
    })
}

fn size(file: &File) -> Option<Finding> {
    let (ceiling, lines) = if file.is_test() {
        (TEST_CEILING, file.text.lines().count())
    } else {
        (SOURCE_CEILING, lines_before_tests(&file.text))
    };
    let remedy = "split it by what its parts are for";
    if lines > ceiling.1 {
        let problem = format!("{lines} lines without tests, the ceiling is {}", ceiling.1);
        Some(Finding::failure(&file.path, lines, problem, remedy))
    } else if lines > ceiling.0 {
        let problem = format!("{lines} lines without tests, {} is long", ceiling.0);
        Some(Finding::warning(&file.path, lines, problem, remedy))
    } else {
        None
    }
}

/// Lines up to the inline test module; a `#[cfg(test)]` on anything else does not count.
fn lines_before_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    lines
        .windows(2)
        .position(|pair| {
            pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod ") && pair[1].ends_with('{')
        })
        .unwrap_or(lines.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        let file = File::new(path, text);
        check(&file).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn a_good_file_has_no_findings() {
        assert_eq!(found("a.rs", "//! A.\nfn f() {}\n"), Vec::<String>::new());
        assert_eq!(found("a.md", "#[ignore]"), Vec::<String>::new());
    }

    #[test]
    fn a_file_introduces_itself() {
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
    fn sleeping_is_for_sources_only() {
        let text = "//! A.\nfn f() { std::thread::sleep(d); }\n";
        assert_eq!(found("a/src/b.rs", text).len(), 0);
        assert_eq!(found("a/tests/b.rs", text).len(), 1);
        assert_eq!(found("a/tests/b.rs", "//! A.\n// thread::sleep\n").len(), 0);
    }

    #[test]
    fn the_ceiling_is_counted_without_the_test_module() {
        let body = "fn f() {}\n".repeat(290);
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "    // x\n".repeat(400));
        assert_eq!(found("a.rs", &format!("//! A.\n{body}{tests}")).len(), 0);
        let early = format!("//! A.\n#[cfg(test)]\nmod mocks;\n{}", body.repeat(2));
        assert!(found("a.rs", &early)[0].contains("error: 583 lines"));
        assert!(found("a.rs", &format!("//! A.\n{}", "\n".repeat(310)))[0].contains("warning"));
        assert_eq!(found("a/tests/b.rs", &format!("//! A.\n{body}")).len(), 0);
    }
}
