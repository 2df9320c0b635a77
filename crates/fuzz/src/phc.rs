//! Target `phc`: no stored hash can make a sign-in expensive.

use std::cell::LazyCell;
use std::sync::Arc;

use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher};
use vestibule_passwords::{Argon2Hasher, EngineChoice, Settings};
use vestibule_testkit::random::SteadyRandom;

use crate::runtime::block_on;

/// Maximum memory of a stored Argon2 hash, in KiB.
const MAX_MEMORY: u64 = 262_144;
/// Maximum memory times passes of a stored Argon2 hash.
const MAX_WRITTEN: u64 = 10 * MAX_MEMORY;
/// Maximum parameters that a fuzzer can compute: memory in KiB, passes, lanes.
const FAST_ENOUGH: [u64; 3] = [256, 3, 4];

thread_local! {
    static HASHER: LazyCell<Argon2Hasher> = const { LazyCell::new(|| {
        let settings = Settings {
            memory_kib: 32,
            iterations: 1,
            parallelism: 1,
            max_parallel: 1,
            engine: EngineChoice::Auto,
        };
        Argon2Hasher::new(settings, Arc::new(SteadyRandom::default())).unwrap()
    }) };
}

/// Verifies a password against the input as a stored hash.
///
/// # Panics
/// Panics if a hash with parameters above the maximum is accepted, or if a rejected hash is
/// computed.
pub(crate) fn phc(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if HASHER.with(|hasher| hasher.accept_foreign_hash(&text).is_err()) {
        let read = verify(&text);
        return assert!(matches!(read, Err(HashError::Unreadable(_))), "{text:?}: {read:?}");
    }
    // Other schemes are too slow to compute here.
    let Some(requested @ [memory, passes, _]) = requested_parameters(&text) else { return };
    let is_affordable = memory <= MAX_MEMORY && memory.saturating_mul(passes) <= MAX_WRITTEN;
    assert!(is_affordable, "{text:?} was accepted");
    if requested.iter().zip(FAST_ENOUGH).all(|(requested, max)| *requested <= max) {
        let _ = verify(&text);
    }
}

fn verify(text: &str) -> Result<vestibule_domain::ports::Verdict, HashError> {
    let password = Password::parse("correct horse battery staple").unwrap();
    let stored = PasswordHash::from_phc(text.to_owned());
    HASHER.with(|hasher| block_on(hasher.verify(&password, &stored)))
}

/// Returns the parameters in a text, parsed leniently; `None` if it is not Argon2.
fn requested_parameters(text: &str) -> Option<[u64; 3]> {
    let (_, fields) = text.split_once("argon2")?;
    // Defaults of the library for missing parameters.
    let mut requested = [19_456, 2, 1];
    for parameter in fields.split(['$', ',']) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let Some(index) = ["m", "t", "p"].iter().position(|known| *known == name) else {
            continue;
        };
        requested[index] = value.parse().ok()?;
    }
    Some(requested)
}
