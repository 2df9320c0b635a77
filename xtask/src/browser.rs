//! Running the browser suite: the pages in a real browser, served by the real binary.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::needs::Needs;
use crate::shell;
use crate::summary::Summary;
use crate::test::streamed;

/// Where the suite is, from the root.
pub(crate) const SUITE: &str = "crates/web/browser";

/// How a file with tests ends.
const TESTS: &str = ".test.mjs";

/// As many files at a time. Each has a browser and a service of its own.
const PARALLEL: usize = 2;

/// Builds the binary, runs the files of the suite whose names have one of the words in them, and
/// counts. Without words it is all files.
///
/// # Errors
///
/// When a program cannot be started.
pub(crate) fn counted(root: &Path, needs: &Needs, words: &[String]) -> Result<(Summary, bool)> {
    let files = files(&root.join(SUITE), words)?;
    if !needs.browser {
        let skipped = u64::try_from(files.len())?;
        eprintln!("skipped: the browser suite, {skipped} files");
        return Ok((Summary { ignored: skipped, ..Summary::default() }, true));
    }
    let binary = match build(root) {
        Ok(binary) => binary,
        Err(error) => {
            eprintln!("error: no binary for the browser suite: {error:#}");
            return Ok((Summary::failures(1), false));
        }
    };
    let mut node = Command::new("node");
    node.current_dir(root.join(SUITE))
        .args(["--test", "--test-reporter=spec"])
        .arg(format!("--test-concurrency={PARALLEL}"))
        .args(files)
        .envs(needs.variables.iter().cloned())
        .env("VESTIBULE_BINARY", binary)
        // Colours would hide the counts.
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR");
    let (mut summary, success) = streamed(&mut node, Summary::read_node, &mut std::io::stdout())?;
    if !success && summary.failed == 0 {
        eprintln!("error: the browser suite failed, but no test did; that counts as a failure");
        summary.failed = 1;
    }
    Ok((summary, success))
}

/// The names of the files to run, sorted.
fn files(suite: &Path, words: &[String]) -> Result<Vec<String>> {
    let folder =
        std::fs::read_dir(suite).with_context(|| format!("cannot list {}", suite.display()))?;
    let mut files = Vec::new();
    for entry in folder {
        if let Ok(name) = entry?.file_name().into_string()
            && is_chosen(&name, words)
        {
            files.push(name);
        }
    }
    if files.is_empty() {
        bail!("no file of {SUITE} has {} in its name", words.join(" or "));
    }
    files.sort();
    Ok(files)
}

fn is_chosen(name: &str, words: &[String]) -> bool {
    name.ends_with(TESTS)
        && (words.is_empty() || words.iter().any(|word| name.contains(word.as_str())))
}

/// Builds the service as it is and answers where it is, wherever the target folder may be.
fn build(root: &Path) -> Result<PathBuf> {
    let messages = shell::read(shell::cargo(root).args([
        "build",
        "--locked",
        "--package=vestibule",
        "--bin=vestibule",
        "--message-format=json-render-diagnostics",
    ]))?;
    executable(&messages).context("cargo did not say where the binary is")
}

/// The program in what Cargo says about a build, one JSON object a line.
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
    fn words_pick_files() {
        for (name, line, chosen) in [
            ("keyboard.test.mjs", "", true),
            ("keyboard.test.mjs", "axe key", true),
            ("keyboard.test.mjs", "axe", false),
            ("package.json", "", false),
            ("service.mjs", "service", false),
        ] {
            assert_eq!(is_chosen(name, &words(line)), chosen, "{name} {line}");
        }
    }

    #[test]
    fn a_word_that_picks_nothing_is_told() {
        let suite = crate::tree::root().join(SUITE);
        assert!(!files(&suite, &[]).unwrap().is_empty());
        assert!(files(&suite, &words("no-such-test")).is_err());
    }

    #[test]
    fn the_binary_is_found_in_what_cargo_says() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"sha2"},"executable":null}
{"reason":"compiler-artifact","target":{"name":"vestibule"},"executable":"/t/debug/vestibule"}
{"reason":"build-finished","success":true}
"#;
        assert_eq!(executable(messages), Some(PathBuf::from("/t/debug/vestibule")));
        assert_eq!(executable("warning: nothing\n{\"reason\":\"build-finished\"}"), None);
    }
}
