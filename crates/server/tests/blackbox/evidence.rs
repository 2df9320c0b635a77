//! Experiments: tests that tell what they measured.
//!
//! Every experiment is a test of this suite, and runs at short scale with it. `cargo xtask evidence`
//! runs it at full scale and reads the one line of JSON it leaves in the file that
//! `VESTIBULE_EVIDENCE_OUT` names; what a mutant of the service must fail is the same test.
//!
//! `VESTIBULE_EVIDENCE_SEED` repeats a run, `VESTIBULE_EVIDENCE_<FIGURE>` sets one of its figures.

mod bystander;
mod dice;
mod nodes;
mod report;

use std::fmt::Display;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

pub(crate) use self::bystander::Bystander;
pub(crate) use self::dice::Dice;
pub(crate) use self::nodes::{Nodes, copy_keys};
use crate::database::Database;

/// Size of an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scale {
    /// Small enough for a suite that runs with every change.
    Short,
    /// Large enough for the published figures.
    Full,
}

impl Scale {
    fn of_this_run() -> Self {
        match std::env::var("VESTIBULE_EVIDENCE").as_deref() {
            Ok("full") => Self::Full,
            Ok(other) if other != "short" => panic!("VESTIBULE_EVIDENCE is short or full: {other}"),
            _ => Self::Short,
        }
    }
}

/// A test that tells what it measured, whatever becomes of it.
#[must_use = "an experiment is concluded"]
pub(crate) struct Experiment {
    id: &'static str,
    title: &'static str,
    backend: &'static str,
    scale: Scale,
    seed: u64,
    began: Instant,
    n: u64,
    measured: Map<String, Value>,
    limit: Map<String, Value>,
    /// The limits that were not kept.
    broken: Vec<String>,
    concluded: bool,
}

impl Experiment {
    /// Begins the experiment `id` of the catalogue; `title` is the promise it puts to the test.
    pub(crate) fn begin(id: &'static str, title: &'static str, database: &Database) -> Self {
        report::remember_panics();
        let seed = figure("SEED").unwrap_or_else(|| u64::from(std::process::id()));
        eprintln!("{id}: seed {seed}");
        Self {
            id,
            title,
            backend: database.name(),
            scale: Scale::of_this_run(),
            seed,
            began: Instant::now(),
            n: 0,
            measured: Map::new(),
            limit: Map::new(),
            broken: Vec::new(),
            concluded: false,
        }
    }

    /// Names the backend, where it is not the one database.
    pub(crate) fn on(&mut self, backend: &'static str) {
        self.backend = backend;
    }

    /// Chance that the seed repeats.
    pub(crate) fn dice(&self) -> Dice {
        Dice::new(self.seed)
    }

    pub(crate) fn is_full(&self) -> bool {
        self.scale == Scale::Full
    }

    /// A figure of this scale; `VESTIBULE_EVIDENCE_<NAME>` sets it for both.
    pub(crate) fn figure(&self, name: &str, short: u64, full: u64) -> usize {
        let of_scale = if self.is_full() { full } else { short };
        let chosen = figure(&name.to_ascii_uppercase()).unwrap_or(of_scale);
        usize::try_from(chosen).unwrap()
    }

    /// So many more cases were tried.
    pub(crate) fn tried(&mut self, cases: usize) {
        self.n += u64::try_from(cases).unwrap();
    }

    /// A figure that is told and not judged.
    pub(crate) fn measure(&mut self, name: &str, value: impl Into<Value>) {
        self.measured.insert(name.to_owned(), value.into());
    }

    pub(crate) fn exactly<T>(&mut self, name: &str, value: T, wanted: T)
    where
        T: Into<Value> + Display + PartialEq + Copy,
    {
        let kept = value == wanted;
        self.judge(name, value, &format!("= {wanted}"), kept);
    }

    pub(crate) fn at_most<T>(&mut self, name: &str, value: T, limit: T)
    where
        T: Into<Value> + Display + PartialOrd + Copy,
    {
        let kept = value <= limit;
        self.judge(name, value, &format!("≤ {limit}"), kept);
    }

    pub(crate) fn at_least<T>(&mut self, name: &str, value: T, limit: T)
    where
        T: Into<Value> + Display + PartialOrd + Copy,
    {
        let kept = value >= limit;
        self.judge(name, value, &format!("≥ {limit}"), kept);
    }

    fn judge(&mut self, name: &str, value: impl Into<Value> + Display, limit: &str, kept: bool) {
        if !kept {
            self.broken.push(format!("{name} is {value}, not {limit}"));
        }
        self.limit.insert(name.to_owned(), limit.into());
        self.measure(name, value);
    }

    /// Leaves the line, and fails the test if a limit was not kept.
    #[track_caller]
    pub(crate) fn conclude(mut self) {
        self.concluded = true;
        self.leave_line();
        assert!(self.broken.is_empty(), "{}: {}", self.id, self.broken.join("; "));
    }

    fn leave_line(&self) {
        let mut line = json!({
            "id": self.id,
            "title": self.title,
            "backend": self.backend,
            "scale": if self.is_full() { "full" } else { "short" },
            "pass": self.broken.is_empty(),
            "n": self.n,
            "measured": self.measured,
            "limit": self.limit,
            "seed": self.seed,
            "commit": std::env::var("VESTIBULE_EVIDENCE_COMMIT").unwrap_or_default(),
            "when": report::now(),
            "seconds": rounded(self.began.elapsed().as_secs_f64()),
        });
        if !self.broken.is_empty() {
            line["why"] = self.broken.join("; ").into();
        }
        eprintln!("{line}");
        if let Some(path) = std::env::var_os("VESTIBULE_EVIDENCE_OUT") {
            // One write: lines of experiments that end together do not mix.
            let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
            file.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    }
}

/// A panic on the way is a result as well.
impl Drop for Experiment {
    fn drop(&mut self) {
        if !self.concluded {
            self.broken.push(report::last_panic());
            self.leave_line();
            assert!(std::thread::panicking(), "{}: begun and not concluded", self.id);
        }
    }
}

/// Milliseconds, to the microsecond.
pub(crate) fn millis(duration: Duration) -> f64 {
    rounded(duration.as_secs_f64() * 1000.0)
}

/// To three digits: more is noise.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// The value below which so many hundredths of the series are.
pub(crate) fn percentile(series: &mut [Duration], hundredths: usize) -> Duration {
    assert!(!series.is_empty(), "a percentile of nothing");
    series.sort_unstable();
    let at = (series.len() * hundredths / 100).min(series.len() - 1);
    series[at]
}

fn figure(name: &str) -> Option<u64> {
    let variable = format!("VESTIBULE_EVIDENCE_{name}");
    let text = std::env::var(&variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is a number: {text}")))
}
