//! Runs every target on its seeds, on random changes of them, and on random bytes.
//!
//! The inputs are the same in every run; finding new ones is left to a fuzzer.
#![expect(clippy::unwrap_used, reason = "an unexpected error fails the test")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use vestibule_fuzz::TARGETS;

fn corpus() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/corpus"))
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(corpus().join(name)).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Generates seeds with random changes, and random bytes.
fn inputs(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..4),
        ".{0,3}".prop_map(String::into_bytes),
        Just(b"\r\n".to_vec()),
    ];
    let changes = prop::collection::vec((any::<Index>(), 0..4_usize, piece), 0..5);
    let mutated = (prop::sample::select(seeds), changes).prop_map(|(mut bytes, changes)| {
        for (at, length, piece) in changes {
            let from = at.index(bytes.len() + 1);
            let to = (from + length).min(bytes.len());
            bytes.splice(from..to, piece);
        }
        bytes
    });
    prop_oneof![8 => mutated, 2 => prop::collection::vec(any::<u8>(), 0..120)]
}

/// Runs a target on its seeds and on random inputs.
///
/// # Panics
/// Panics with the smallest input found for which the property does not hold.
fn holds(name: &str) {
    let target = TARGETS.into_iter().find(|target| target.name == name).unwrap();
    let seeds = seeds(name);
    for seed in &seeds {
        (target.run)(seed);
    }
    let config = Config { cases: target.tries, failure_persistence: None, ..Config::default() };
    let random = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let run = |input: Vec<u8>| -> Result<(), TestCaseError> {
        (target.run)(&input);
        Ok(())
    };
    TestRunner::new_with_rng(config, random).run(&inputs(seeds), run).unwrap();
}

macro_rules! targets {
    ($($name:ident)*) => {
        const TESTED: &[&str] = &[$(stringify!($name)),*];
        $(#[test] fn $name() { holds(stringify!($name)); })*
    };
}

targets! {
    argon2 client cookies email forgery form json key mail next password phc sequence token
}

#[test]
fn every_target_is_tested_and_has_seeds() {
    assert_eq!(TARGETS.map(|target| target.name), TESTED);
    let folders = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().file_name());
    let mut folders: Vec<_> = folders.map(|name| name.into_string().unwrap()).collect();
    folders.sort();
    assert_eq!(folders, TESTED);
    assert!(TESTED.iter().all(|name| seeds(name).len() >= 3));
}
