//! Property tests of the configuration, with any file and environment.
//!
//! The inputs are the same in every run.

use std::fmt::Write as _;
use std::fs;
use std::ops::RangeInclusive;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use time::Duration;

use super::keys::{KEYS, Key};
use super::{Config, Invalid, Overrides, init_file, load, show};

/// Part of every configured secret, and of nothing else.
const MARK: &str = "hunter2";
const YEAR: Duration = Duration::days(365);

type Variables = Vec<(String, String)>;

fn try_all<S: Strategy>(
    cases: u32,
    inputs: S,
    test: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let runs = Runs { cases, failure_persistence: None, ..Runs::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(runs, random).run(&inputs, test).unwrap();
}

/// Generates values: defaults, durations, numbers and noise.
fn values() -> impl Strategy<Value = String> {
    let defaults: Vec<&str> = KEYS.iter().filter_map(|key| key.default).collect();
    let unit = select(vec!["ns", "ms", "s", "m", "h", "d", "w", "M", "y", "days", "", "ß"]);
    prop_oneof![
        2 => select(defaults).prop_map(str::to_owned),
        3 => (any::<u64>().prop_map(|n| n >> (n % 64)), unit).prop_map(|(n, unit)| format!("{n}{unit}")),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => "[0-9.:/a-f]{0,24}",
        2 => "\\PC{0,12}",
        1 => "(?s).{0,16}",
        1 => select(vec!["true", "https://a.example", "postgres://u:p@h/d", "a@b.example", "none"])
            .prop_map(str::to_owned),
    ]
}

fn variables() -> impl Strategy<Value = Variables> {
    let known = (any::<Index>(), values()).prop_map(|(index, value)| {
        let key = &KEYS[index.index(KEYS.len())];
        let value = if key.secret { format!("{value}{MARK}") } else { value };
        (key.variable(), value)
    });
    let unknown = "(?s).{0,16}".prop_map(|name| (format!("VESTIBULE_{name}"), MARK.to_owned()));
    let file = values().prop_map(|path| ("VESTIBULE_MAIL__PASSWORD_FILE".to_owned(), path));
    prop::collection::vec(prop_oneof![8 => known, 1 => unknown, 1 => file], 0..6)
}

fn read(overrides: &Overrides, variables: Variables) -> Result<Config, Invalid> {
    let (config, settings) = load(overrides, variables.into_iter())?;
    let shown = show(&settings);
    assert!(!format!("{shown:?}").contains(MARK), "{shown:?}");
    assert!(!format!("{config:?}").contains(MARK), "{config:?}");
    Ok(config)
}

/// Returns `true` if each problem is one line with a key or variable and without a secret.
fn is_well_reported(invalid: &Invalid) -> bool {
    let text = invalid.to_string();
    let one_line_each = text.lines().count() == invalid.0.len();
    let names = |line: &str| {
        let starts = |key: &Key| line.starts_with(key.name) || line.starts_with(&key.variable());
        KEYS.iter().any(starts) || line.contains("unknown key")
    };
    one_line_each && !text.contains(MARK) && !text.is_empty() && text.lines().all(names)
}

fn is_within_ranges(config: &Config) -> bool {
    let within = |value: Duration, range: RangeInclusive<Duration>| range.contains(&value);
    let policy = &config.policy;
    within(policy.reset.ttl, Duration::MINUTE..=Duration::DAY)
        && within(policy.sessions.access_ttl, Duration::MINUTE..=Duration::DAY)
        && within(policy.sessions.idle_ttl, Duration::MINUTE..=YEAR)
        && within(policy.sessions.absolute_ttl, policy.sessions.idle_ttl..=YEAR)
        && within(policy.audit.keep, Duration::DAY..=YEAR * 10)
        && config.trusted_proxies.iter().all(|network| network.prefix_len() > 0)
        && policy.passwords.min_length >= 8
        && config.passwords.memory_kib >= 19_456
        && (2..=10).contains(&config.passwords.iterations)
        && policy.limits.reset_submit.get() <= 10_000
}

#[test]
fn any_environment_is_loaded_or_rejected_with_an_error() {
    try_all(3000, variables(), |variables| {
        let overrides = Overrides { dev: true, ..Overrides::default() };
        match read(&overrides, variables) {
            Ok(config) => prop_assert!(is_within_ranges(&config), "{config:?}"),
            Err(invalid) => prop_assert!(is_well_reported(&invalid), "{invalid}"),
        }
        Ok(())
    });
}

/// Formatting an accepted duration and parsing it again gives the same value.
#[test]
fn any_duration_that_is_accepted_has_one_meaning() {
    try_all(3000, values(), |text| {
        let ttl = |text: &str| {
            let variables = vec![("VESTIBULE_RESET__TTL".to_owned(), text.to_owned())];
            let overrides = Overrides { dev: true, ..Overrides::default() };
            read(&overrides, variables).map(|config| config.policy.reset.ttl)
        };
        if let Ok(first) = ttl(&text) {
            let written = humantime::format_duration(first.unsigned_abs()).to_string();
            prop_assert_eq!(Some(first), ttl(&written).ok(), "{:?} and {:?}", text, written);
        }
        Ok(())
    });
}

/// Tests random changes of the file that `config init` prints.
#[test]
fn any_file_is_loaded_or_rejected_with_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vestibule.toml");
    // Uncommented, so that the values are read.
    let valid = init_file().replace("\n# ", "\n").replace("\n#", "\n");
    let piece = prop_oneof![
        "\\PC{0,3}",
        select(vec!["\n", "\"", "[", "]]", "=", "''", "\u{0}", "."]).prop_map(str::to_owned)
    ];
    let keys = prop::collection::vec((any::<Index>(), values()), 0..8);
    let changes = prop::collection::vec((any::<Index>(), 0..3_usize, piece), 0..4);
    try_all(500, (keys, changes), |(keys, changes)| {
        let mut text = if keys.is_empty() { valid.clone() } else { String::new() };
        for (index, value) in keys {
            let name = KEYS.get(index.index(KEYS.len() + 2)).map_or_else(
                || toml::Value::String(format!("{value}.{value}")).to_string(),
                |key| key.name.to_owned(),
            );
            writeln!(text, "{name} = {}", toml::Value::String(value)).unwrap();
        }
        let mut characters: Vec<char> = text.chars().collect();
        for (at, length, piece) in changes {
            let from = at.index(characters.len() + 1);
            let to = (from + length).min(characters.len());
            characters.splice(from..to, piece.chars());
        }
        fs::write(&path, characters.into_iter().collect::<String>()).unwrap();
        let file = Some(path.clone());
        match read(&Overrides { file, dev: true, ..Overrides::default() }, Variables::new()) {
            Ok(config) => prop_assert!(is_within_ranges(&config), "{config:?}"),
            Err(invalid) => {
                let text = invalid.to_string();
                prop_assert_eq!(text.lines().count(), invalid.0.len(), "{}", text);
            }
        }
        Ok(())
    });
}
