//! `cargo xtask fuzz`: the targets of `vestibule-fuzz` under libFuzzer.
//!
//! Needs a nightly tool chain and cargo-fuzz. What is found goes into `target/fuzz`; the seeds in
//! the checkout are read and not written.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::shell;

const DRIVER: &str = "crates/fuzz/libfuzzer";
const SEEDS: &str = "crates/fuzz/corpus";
/// Each round of a target ends after so many seconds.
const SECONDS: u32 = 60;

/// What to run, and for how long.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Options {
    /// One target; all of them one after the other without it.
    pub(crate) target: Option<String>,
    /// For each target.
    pub(crate) seconds: u32,
}

impl Options {
    /// Reads the words after `fuzz`.
    ///
    /// # Errors
    ///
    /// When there is more than one target, or no number after `--seconds`.
    pub(crate) fn parse(words: &[&str]) -> Result<Self> {
        let mut options = Self { target: None, seconds: SECONDS };
        let mut words = words.iter();
        while let Some(&word) = words.next() {
            if word == "--seconds" {
                let number = words.next().and_then(|number| number.parse().ok());
                options.seconds = number.context("`--seconds` needs a number")?;
            } else if word.starts_with('-') {
                bail!("`fuzz` does not know `{word}`");
            } else if options.target.replace(word.to_owned()).is_some() {
                bail!("`fuzz` takes one target, or none for all of them");
            }
        }
        Ok(options)
    }
}

/// Runs the targets, up to the first that fails.
///
/// # Errors
///
/// When there is no such target, the driver cannot be built, or a property does not hold.
pub(crate) fn run(root: &Path, options: &Options) -> Result<()> {
    let all = targets(root)?;
    let chosen: Vec<&String> = match &options.target {
        Some(name) => all.iter().filter(|target| *target == name).collect(),
        None => all.iter().collect(),
    };
    if chosen.is_empty() {
        bail!("there is no such target; there are {}", all.join(", "));
    }
    let folder = shell::target(root).join("fuzz");
    for target in chosen {
        let found = folder.join("corpus").join(target);
        std::fs::create_dir_all(&found).context("cannot make a folder for what is found")?;
        // Rustup's Cargo, not the one of the pinned tool chain that runs this.
        let mut fuzz = Command::new("cargo");
        fuzz.current_dir(root).env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
        fuzz.env("VESTIBULE_FUZZ_TARGET", target);
        fuzz.args(["+nightly", "fuzz", "run", "--fuzz-dir", DRIVER, "--target-dir"]);
        fuzz.arg(&folder).arg("any").arg(found);
        fuzz.arg(root.join(SEEDS).join(target)).arg("--");
        fuzz.arg(format!("-max_total_time={}", options.seconds)).arg("-timeout=25");
        fuzz.arg(format!("-artifact_prefix={}/{target}-", folder.display()));
        shell::run(&mut fuzz)?;
    }
    Ok(())
}

/// The names of all targets: each has a folder of seeds.
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
    fn a_target_and_a_time_are_read_in_any_order() {
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
    fn the_targets_are_found() {
        assert!(targets(&crate::tree::root()).unwrap().contains(&"email".to_owned()));
    }
}
