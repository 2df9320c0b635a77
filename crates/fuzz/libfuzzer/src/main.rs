//! Runs the fuzz target named by `VESTIBULE_FUZZ_TARGET` with libFuzzer.
//!
//! One program for all targets, because each would link the whole service.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vestibule_fuzz::{TARGETS, Target};

const VARIABLE: &str = "VESTIBULE_FUZZ_TARGET";

static TARGET: LazyLock<Target> = LazyLock::new(|| {
    let name = std::env::var(VARIABLE).unwrap_or_default();
    let found = TARGETS.into_iter().find(|target| target.name == name);
    found.unwrap_or_else(|| panic!("unknown target in {VARIABLE}: `{name}`"))
});

fuzz_target!(|data: &[u8]| (TARGET.run)(data));
