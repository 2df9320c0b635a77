//! Rows of the result tables: a figure, its ratio to a baseline and a target.

use std::fmt;

use super::load::Outcome;

/// A result of a benchmark.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) label: String,
    /// Median of all rounds.
    pub(super) figure: f64,
    pub(super) unit: &'static str,
    /// Latency at p50, p95 and p99, in milliseconds.
    pub(super) latency: Option<[f64; 3]>,
    /// Name of the baseline, and the median of the ratios.
    pub(super) ratio: Option<(String, f64)>,
    /// Target of the ratio, or of the figure if there is no ratio.
    pub(super) target: Option<Target>,
}

/// A bound that a result is expected to meet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// Creates a row with a figure only.
    pub(super) fn of(label: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        let (label, latency, ratio, target) = (label.into(), None, None, None);
        Self { label, figure, unit, latency, ratio, target }
    }

    /// Creates a row with the median rate of several rounds and the latencies of that round.
    pub(super) fn rate(label: impl Into<String>, rounds: &[Outcome]) -> Self {
        let mut rounds = rounds.to_vec();
        rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let middle = &rounds[rounds.len() / 2];
        let row = Self::of(label, middle.rate, "/s");
        Self { latency: Some(middle.latency), ..row }
    }

    /// Adds the ratio to a baseline, computed for each round.
    pub(super) fn over(self, baseline: &str, rounds: &[f64], baselines: &[f64]) -> Self {
        let ratios: Vec<f64> =
            rounds.iter().zip(baselines).map(|(rate, baseline)| rate / baseline).collect();
        Self { ratio: Some((baseline.to_owned(), median(&ratios))), ..self }
    }

    /// Adds a target.
    pub(super) fn with_target(self, target: Target) -> Self {
        Self { target: Some(target), ..self }
    }

    /// Returns `true` if the target is met; `None` if there is no target.
    pub(super) fn is_met(&self) -> Option<bool> {
        let figure = self.ratio.as_ref().map_or(self.figure, |(_, ratio)| *ratio);
        self.target.map(|target| match target {
            Target::AtLeast(least) => figure >= least,
            Target::AtMost(most) => figure <= most,
        })
    }

    /// Returns the cells of the table row.
    pub(super) fn cells(&self) -> [String; 3] {
        let latency = self.latency.map(|all| format!(" ({})", all.map(shown).join("/")));
        let target = self.target.map(|target| match target {
            Target::AtLeast(least) => format!("≥{least}"),
            Target::AtMost(most) => format!("≤{most}"),
        });
        let verdict = if self.is_met() == Some(true) { "" } else { ", **not reached**" };
        let target = target.map(|target| format!("{target}{verdict}"));
        let ratio = self.ratio.as_ref();
        let ratio = ratio.map(|(baseline, ratio)| format!("{ratio:.2} of {baseline}"));
        [
            self.label.clone(),
            format!("{}{}{}", shown(self.figure), self.unit, latency.unwrap_or_default()),
            [ratio, target].into_iter().flatten().collect::<Vec<_>>().join("; "),
        ]
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cells().join(" | "))
    }
}

/// Returns the median; NaN for no figures.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Returns the rates of several rounds.
pub(super) fn rates(rounds: &[Outcome]) -> Vec<f64> {
    rounds.iter().map(|outcome| outcome.rate).collect()
}

/// Formats a figure with three significant digits, or as an integer.
fn shown(figure: f64) -> String {
    match figure.abs() {
        size if size >= 1000.0 => format!("{figure:.0}"),
        size if size >= 100.0 => format!("{figure:.0}"),
        size if size >= 10.0 => format!("{figure:.1}"),
        _ => format!("{figure:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_computed_for_each_round() {
        // The machine became half as fast in the last round.
        let row = Row::of("x", 100.0, "/s").over(
            "baseline",
            &[100.0, 90.0, 50.0],
            &[200.0, 200.0, 100.0],
        );
        assert_eq!(row.ratio, Some(("baseline".to_owned(), 0.5)));
        assert_eq!(row.is_met(), None);
        assert_eq!(row.clone().with_target(Target::AtLeast(0.5)).is_met(), Some(true));
        assert_eq!(row.with_target(Target::AtLeast(0.51)).is_met(), Some(false));
        assert_eq!(Row::of("x", 9.0, " ms").with_target(Target::AtMost(10.0)).is_met(), Some(true));
    }

    #[test]
    fn ratio_and_target_share_a_cell() {
        let row = Row::of("x", 9.0, " ms").with_target(Target::AtMost(10.0));
        assert_eq!(row.cells(), ["x", "9.00 ms", "≤10"]);
        let row = row.over("baseline", &[1.0], &[2.0]).with_target(Target::AtLeast(0.9));
        assert_eq!(row.cells()[2], "0.50 of baseline; ≥0.9, **not reached**");
    }

    #[test]
    fn the_median_is_returned() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }
}
