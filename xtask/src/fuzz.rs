//! `cargo xtask fuzz`: runs the targets of `vestibule-fuzz` with libFuzzer.
//!
//! Requires a nightly toolchain and cargo-fuzz. New inputs are written to `target/fuzz`; the seeds
//! in the checkout are only read.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

const DRIVER: &str = "crates/fuzz/libfuzzer";
const SEEDS: &str = "crates/fuzz/corpus";
/// Default time for each target, in seconds.
const SECONDS: u32 = 60;

/// Options of `cargo xtask fuzz`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// Name of a target; all targets run in sequence if it is `None`.
    pub(crate) target: Option<String>,
    /// Time for each target.
    pub(crate) seconds: u32,
}

impl Options {
    /// Parses the arguments of `fuzz`.
    ///
    /// # Errors
    ///
    /// Fails if there is more than one target, or no number after `--seconds`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self { target: None, seconds: SECONDS };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            if word == "--seconds" {
                let number = words.next().and_then(|number| number.parse().ok());
                options.seconds = number.context("`--seconds` requires a number")?;
            } else if word.starts_with('-') {
                bail!("unknown option `{word}` for `fuzz`");
            } else if options.target.replace(word.to_owned()).is_some() {
                bail!("`fuzz` takes at most one target");
            }
        }
        Ok(options)
    }
}

/// Runs the targets, up to the first failure.
///
/// # Errors
///
/// Fails if the target does not exist, the driver cannot be built, or a property does not hold.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let all = targets(root)?;
    let chosen: Vec<&String> = match &options.target {
        Some(name) => all.iter().filter(|target| *target == name).collect(),
        None => all.iter().collect(),
    };
    if chosen.is_empty() {
        bail!("unknown target; known targets are {}", all.join(", "));
    }
    let folder = shell::target(root).join("fuzz");
    for target in chosen {
        let corpus = folder.join("corpus").join(target);
        std::fs::create_dir_all(&corpus).context("cannot create the folder for new inputs")?;
        // Rustup's Cargo, not that of the pinned toolchain that runs xtask.
        let mut fuzz = Command::new("cargo");
        fuzz.current_dir(root).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
        fuzz.env("VESTIBULE_FUZZ_TARGET", target);
        fuzz.args(["+nightly", "fuzz", "run", "--fuzz-dir", DRIVER, "--target-dir"]);
        fuzz.arg(&folder).arg("any").arg(corpus);
        fuzz.arg(root.join(SEEDS).join(target)).arg("--");
        fuzz.arg(format!("-max_total_time={}", options.seconds)).arg("-timeout=25");
        fuzz.arg(format!("-artifact_prefix={}/{target}-", folder.display()));
        shell::run(&mut fuzz)?;
    }
    Ok(())
}

/// Returns the names of all targets; each has a folder of seeds.
fn targets(root: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root.join(SEEDS)).context("cannot list the seeds")? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_and_time_are_parsed_in_any_order() {
        let options = |target: Option<&str>, seconds| {
            Some(Options { target: target.map(str::to_owned), seconds })
        };
        let parsed = |words: &[&str]| Options::parse(words).ok();
        assert_eq!(parsed(&[]), options(None, SECONDS));
        assert_eq!(parsed(&["email", "--seconds", "5"]), options(Some("email"), 5));
        assert_eq!(parsed(&["--seconds", "5", "email"]), options(Some("email"), 5));
        for wrong in [&["--seconds"][..], &["--seconds", "x"], &["a", "b"], &["--fast"]] {
            assert_eq!(parsed(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn targets_are_read_from_the_corpus_folder() {
        assert!(targets(&crate::tree::root()).unwrap().contains(&"email".to_owned()));
    }
}
