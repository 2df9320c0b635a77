//! Statistical comparison of two series of durations.
//!
//! Welch's t on means without the slowest tenth of either series, in Yuen's form: what is left out
//! still counts in the variance (it is winsorized), so t is not flattered by leaving it out. The
//! slow tail is what other processes do to a machine with two cores, and it falls on both series
//! alike, because they are collected in turns. |t| < 4.5 is the threshold of dudect; a difference
//! that no shift of this size explains by chance is one in a hundred thousand.

use std::time::Duration;

use crate::evidence::{Experiment, rounded};

/// The threshold of |t|.
pub(crate) const SUSPICIOUS: f64 = 4.5;
/// As far from one half the share of longer answers may be: more than three standard errors at two
/// thousand pairs.
const UNEVEN: f64 = 0.03;
/// The slowest part that is left out: one in so many.
const LEFT_OUT: usize = 10;

/// Two series, in milliseconds.
#[derive(Clone, Debug, Default)]
pub(crate) struct Samples {
    known: Vec<f64>,
    unknown: Vec<f64>,
}

/// Result of comparing two series.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comparison {
    pub(crate) t: f64,
    /// Median of the first minus that of the second, in milliseconds.
    median_difference: f64,
    median: f64,
    /// The ninety-fifth percentile of the first minus that of the second, in milliseconds.
    p95_difference: f64,
    p95: f64,
    /// Probability that a sample of the first group is slower than one of the second; 0.5 if they do not
    /// differ (Mann-Whitney).
    pub(crate) auc: f64,
    /// The smallest shift that would have been seen, in milliseconds.
    pub(crate) visible: f64,
    pairs: usize,
}

/// Mean without the slowest, and the square of its standard error.
struct Trimmed {
    mean: f64,
    squared_error: f64,
    median: f64,
    p95: f64,
    deviation: f64,
}

impl Samples {
    pub(crate) fn add(&mut self, known: bool, took: Duration) {
        let series = if known { &mut self.known } else { &mut self.unknown };
        series.push(took.as_secs_f64() * 1000.0);
    }

    pub(crate) fn compare(&self) -> Comparison {
        let (known, unknown) = (trimmed(&self.known), trimmed(&self.unknown));
        let error = (known.squared_error + unknown.squared_error).sqrt();
        let pairs = self.known.len().min(self.unknown.len());
        let deviation = known.deviation.max(unknown.deviation);
        Comparison {
            t: (known.mean - unknown.mean) / error,
            median_difference: known.median - unknown.median,
            median: unknown.median,
            p95_difference: known.p95 - unknown.p95,
            p95: unknown.p95,
            auc: auc(&self.known, &self.unknown),
            visible: SUSPICIOUS * (2.0 / float(pairs)).sqrt() * deviation,
            pairs,
        }
    }
}

impl Comparison {
    pub(crate) fn is_suspicious(&self) -> bool {
        // Also if there is no figure at all.
        self.t.is_nan() || self.t.abs() >= SUSPICIOUS
    }

    /// Returns `true` if all figures are within strict limits, which hold on an idle machine only.
    pub(crate) fn is_equal_in_everything(&self) -> bool {
        !self.is_suspicious()
            && (self.auc - 0.5).abs() <= UNEVEN
            && self.median_difference.abs() < (self.median * 0.02).max(1.0)
            && self.p95_difference.abs() < (self.p95 * 0.1).max(3.0)
    }

    /// Tells everything.
    pub(crate) fn tell(&self, experiment: &mut Experiment) {
        experiment.tried(self.pairs * 2);
        experiment.measure("pairs", self.pairs);
        experiment.measure("median_ms", rounded(self.median));
        experiment.measure("visible_shift_ms", rounded(self.visible));
        experiment.at_most("t", rounded(self.t.abs()), SUSPICIOUS);
        if experiment.is_full() {
            experiment.measure("auc", rounded(self.auc));
            let off = rounded((self.auc - 0.5).abs());
            experiment.at_most("auc_off_one_half", off, UNEVEN);
            let bound = rounded((self.median * 0.02).max(1.0));
            experiment.at_most("median_shift_ms", rounded(self.median_difference.abs()), bound);
            let bound = rounded((self.p95 * 0.1).max(3.0));
            experiment.at_most("p95_shift_ms", rounded(self.p95_difference.abs()), bound);
        }
    }

    pub(crate) fn report(&self, what: &str) {
        let Self { t, median_difference, median, visible, pairs, auc, .. } = self;
        eprintln!(
            "{what}: {pairs} pairs, t = {t:.2}, AUC {auc:.3}, median {median:.3} ms, difference of medians \
             {median_difference:+.3} ms, a shift of {visible:.3} ms would be seen"
        );
    }
}

fn trimmed(series: &[f64]) -> Trimmed {
    let mut sorted = series.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let (count, kept) = (sorted.len(), sorted.len() - sorted.len() / LEFT_OUT);
    let mean = sorted[..kept].iter().sum::<f64>() / float(kept);
    let (median, p95) = (sorted[count / 2], sorted[count * 95 / 100]);

    let slowest_kept = sorted[kept - 1];
    sorted[kept..].fill(slowest_kept);
    let winsorized = sorted.iter().sum::<f64>() / float(count);
    let squares: f64 = sorted.iter().map(|value| (value - winsorized).powi(2)).sum();
    let squared_error = squares / (float(kept) * float(kept - 1));
    let deviation = (squared_error * float(count)).sqrt();
    Trimmed { mean, squared_error, median, p95, deviation }
}

/// Of all pairs of one value of each series, those in which the first is the larger; equal ones are
/// half.
fn auc(first: &[f64], second: &[f64]) -> f64 {
    let mut sorted = second.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let larger = first.iter().map(|value| {
        let below = sorted.partition_point(|other| other < value);
        let not_above = sorted.partition_point(|other| other <= value);
        f64::midpoint(float(below), float(not_above))
    });
    larger.sum::<f64>() / (float(first.len()) * float(second.len()))
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).expect("a number of samples"))
}

/// Durations with a slow tail, from a generator of fixed seed: 5 ms, give or take 0.5 ms.
fn made_up(shift: Duration, seed: u64) -> Samples {
    let mut state = seed;
    let mut next = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 44
    };
    let mut samples = Samples::default();
    for _ in 0..2000 {
        for known in [true, false] {
            let tail = if next() % 20 == 0 { next() % 50_000 } else { 0 };
            let took = Duration::from_micros(5000 + next() % 1000 + tail);
            samples.add(known, if known { took + shift } else { took });
        }
    }
    samples
}

#[test]
fn equal_series_are_not_suspected_and_shifted_ones_are() {
    let mut suspected = 0;
    for seed in 0..200 {
        suspected += u32::from(made_up(Duration::ZERO, seed).compare().is_suspicious());
        assert!(made_up(Duration::from_micros(100), seed).compare().is_suspicious());
    }
    assert_eq!(suspected, 0);
}

#[test]
fn t_is_the_one_of_the_textbook_when_nothing_is_left_out() {
    // Nine values, of which a tenth is none: Welch's t, computed by hand.
    let mut samples = Samples::default();
    for (known, unknown) in (1..=9).zip(3..=11) {
        samples.add(true, Duration::from_millis(known));
        samples.add(false, Duration::from_millis(unknown));
    }
    let compared = samples.compare();
    let expected = -2.0 / (7.5_f64 / 9.0 + 7.5 / 9.0).sqrt();
    assert!((compared.t - expected).abs() < 1e-9, "{compared:?}");
    // Of the 81 pairs 21 have the larger value first, and seven are equal.
    assert!((compared.auc - 24.5 / 81.0).abs() < 1e-9, "{compared:?}");
}
