//! The browser suite, which tests the pages in Chromium against the service binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::prerequisites::{BROWSER_SUITE, Prerequisites};
use crate::shell;
use crate::summary::{self, Summary};

/// Suffix of test files.
const TESTS: &str = ".test.mjs";

/// Number of test files that run at the same time. Each starts a browser and a service.
const PARALLEL: usize = 2;

/// Builds the binary and runs the test files whose names contain one of `words`, or all files if
/// there are none.
///
/// Returns the counts, and `true` if no test failed.
///
/// # Errors
///
/// Fails if a program cannot be started or no file matches.
pub(crate) fn run(
    root: &Path,
    prerequisites: &Prerequisites,
    words: &[String],
) -> Result<(Summary, bool)> {
    let files = files(&root.join(BROWSER_SUITE), words)?;
    if !prerequisites.browser {
        let skipped = u64::try_from(files.len())?;
        eprintln!("skipped: browser suite ({skipped} files)");
        return Ok((Summary { ignored: skipped, ..Summary::default() }, true));
    }
    let binary = match build(root) {
        Ok(binary) => binary,
        Err(error) => {
            eprintln!("error: cannot build the binary for the browser suite: {error:#}");
            return Ok((Summary::failures(1), false));
        }
    };
    let mut node = Command::new("node");
    node.current_dir(root.join(BROWSER_SUITE))
        .args(["--test", "--test-reporter=spec"])
        .arg(format!("--test-concurrency={PARALLEL}"))
        .args(files)
        .envs(prerequisites.variables.iter().cloned())
        .env("VESTIBULE_BINARY", binary)
        // Colour codes would break the counting.
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR");
    let (mut summary, success) =
        summary::run_counted(&mut node, Summary::read_node, &mut std::io::stdout())?;
    if !success && summary.failed == 0 {
        eprintln!("error: the browser suite failed without a failed test; counted as one failure");
        summary.failed = 1;
    }
    Ok((summary, success))
}

/// Returns the names of the test files to run, sorted.
fn files(suite: &Path, words: &[String]) -> Result<Vec<String>> {
    let folder =
        std::fs::read_dir(suite).with_context(|| format!("cannot list {}", suite.display()))?;
    let mut files = Vec::new();
    for entry in folder {
        if let Ok(name) = entry?.file_name().into_string()
            && is_selected(&name, words)
        {
            files.push(name);
        }
    }
    if files.is_empty() {
        bail!("no file in {BROWSER_SUITE} with {} in its name", words.join(" or "));
    }
    files.sort();
    Ok(files)
}

fn is_selected(name: &str, words: &[String]) -> bool {
    name.ends_with(TESTS)
        && (words.is_empty() || words.iter().any(|word| name.contains(word.as_str())))
}

/// Builds the service in the dev profile and returns the path of the binary.
fn build(root: &Path) -> Result<PathBuf> {
    let messages = shell::read(shell::cargo(root).args([
        "build",
        "--locked",
        "--package=vestibule",
        "--bin=vestibule",
        "--message-format=json-render-diagnostics",
    ]))?;
    executable(&messages).context("no executable in the messages of cargo")
}

/// Returns the path of the executable from Cargo's JSON messages, one object per line.
fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn words_select_files() {
        for (name, line, selected) in [
            ("keyboard.test.mjs", "", true),
            ("keyboard.test.mjs", "axe key", true),
            ("keyboard.test.mjs", "axe", false),
            ("package.json", "", false),
            ("service.mjs", "service", false),
        ] {
            assert_eq!(is_selected(name, &words(line)), selected, "{name} {line}");
        }
    }

    #[test]
    fn words_that_select_no_file_are_an_error() {
        let suite = crate::tree::root().join(BROWSER_SUITE);
        assert!(!files(&suite, &[]).unwrap().is_empty());
        assert!(files(&suite, &words("no-such-test")).is_err());
    }

    #[test]
    fn the_binary_is_found_in_cargos_messages() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"sha2"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"vestibule"},"executable":"/t/debug/vestibule"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/debug/vestibule")));
        assert_eq!(executable("warning: nothing\n{\"reason\":\"build-finished\"}"), None);
    }
}
