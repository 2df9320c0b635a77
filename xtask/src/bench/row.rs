//! One line of the table: a figure, what it is compared with, and what was aimed at.

use std::fmt;

use super::load::Outcome;

/// A figure of the service.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) what: String,
    /// The middle one of all rounds.
    pub(super) figure: f64,
    pub(super) unit: &'static str,
    /// p50, p95 and p99 in milliseconds.
    pub(super) latency: Option<[f64; 3]>,
    /// What it is divided by, and the middle one of the ratios.
    pub(super) ratio: Option<(String, f64)>,
    /// What the ratio, or else the figure, is aimed at.
    pub(super) aim: Option<Aim>,
}

/// What is aimed at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

impl Row {
    /// A figure that stands for itself.
    pub(super) fn of(what: impl Into<String>, figure: f64, unit: &'static str) -> Self {
        let (what, latency, ratio, aim) = (what.into(), None, None, None);
        Self { what, figure, unit, latency, ratio, aim }
    }

    /// The rate of several rounds, with the latencies of the middle one.
    pub(super) fn rate(what: impl Into<String>, rounds: &[Outcome]) -> Self {
        let mut rounds = rounds.to_vec();
        rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
        let middle = &rounds[rounds.len() / 2];
        let row = Self::of(what, middle.rate, "/s");
        Self { latency: Some(middle.latency), ..row }
    }

    /// Compares with a floor, round by round.
    pub(super) fn over(self, floor: &str, rounds: &[f64], floors: &[f64]) -> Self {
        let ratios: Vec<f64> =
            rounds.iter().zip(floors).map(|(rate, floor)| rate / floor).collect();
        Self { ratio: Some((floor.to_owned(), median(&ratios))), ..self }
    }

    pub(super) fn aiming_at(self, aim: Aim) -> Self {
        Self { aim: Some(aim), ..self }
    }

    /// Whether it is what was aimed at; `None` where nothing was.
    pub(super) fn is_reached(&self) -> Option<bool> {
        let figure = self.ratio.as_ref().map_or(self.figure, |(_, ratio)| *ratio);
        self.aim.map(|aim| match aim {
            Aim::AtLeast(least) => figure >= least,
            Aim::AtMost(most) => figure <= most,
        })
    }

    /// The cells of a table.
    pub(super) fn cells(&self) -> [String; 7] {
        let [p50, p95, p99] = self.latency.map_or_else(Default::default, |all| all.map(shown));
        let ratio = self.ratio.as_ref();
        let aim = match self.aim {
            None => String::new(),
            Some(Aim::AtLeast(least)) => format!("≥ {least}"),
            Some(Aim::AtMost(most)) => format!("≤ {most}"),
        };
        let verdict = match self.is_reached() {
            None => "",
            Some(true) => ", reached",
            Some(false) => ", **not reached**",
        };
        [
            self.what.clone(),
            format!("{}{}", shown(self.figure), self.unit),
            p50,
            p95,
            p99,
            ratio.map_or_else(String::new, |(floor, ratio)| format!("{ratio:.2} of {floor}")),
            format!("{aim}{verdict}"),
        ]
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.cells().join(" | "))
    }
}

/// The middle one.
pub(super) fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The rates of some rounds.
pub(super) fn rates(rounds: &[Outcome]) -> Vec<f64> {
    rounds.iter().map(|outcome| outcome.rate).collect()
}

/// Three digits, and no more than a reader needs.
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
    fn a_ratio_is_taken_within_each_round() {
        // The machine became half as fast in the last round.
        let row =
            Row::of("x", 100.0, "/s").over("floor", &[100.0, 90.0, 50.0], &[200.0, 200.0, 100.0]);
        assert_eq!(row.ratio, Some(("floor".to_owned(), 0.5)));
        assert_eq!(row.is_reached(), None);
        assert_eq!(row.clone().aiming_at(Aim::AtLeast(0.5)).is_reached(), Some(true));
        assert_eq!(row.aiming_at(Aim::AtLeast(0.51)).is_reached(), Some(false));
        assert_eq!(Row::of("x", 9.0, " ms").aiming_at(Aim::AtMost(10.0)).is_reached(), Some(true));
    }

    #[test]
    fn the_middle_one_is_taken() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!(median(&[]).is_nan());
    }
}
