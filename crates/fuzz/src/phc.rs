//! Stored hashes: whoever can write to the store cannot make a sign-in expensive.

use std::cell::LazyCell;
use std::sync::Arc;

use vestibule_domain::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher};
use vestibule_passwords::{Argon2Hasher, EngineChoice, Settings};
use vestibule_testkit::random::SteadyRandom;

use crate::runtime::block_on;

/// The most memory in KiB that a stored hash of Argon2 may ask for.
const MOST_MEMORY: u64 = 262_144;
/// The most that it may write in all: ten passes over as much.
const MOST_WRITTEN: u64 = 10 * MOST_MEMORY;
/// What a fuzzer has the time for: memory in KiB, passes, lanes.
const CHEAP: [u64; 3] = [256, 3, 4];

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

/// A text as a stored hash that a password is compared with.
///
/// # Panics
/// When a hash is taken that asks for more than is allowed, or one that was not taken is compared.
pub(crate) fn phc(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if HASHER.with(|hasher| hasher.adopt(&text).is_err()) {
        let read = verify(&text);
        return assert!(matches!(read, Err(HashError::Unreadable(_))), "{text:?}: {read:?}");
    }
    // Of other schemes there is nothing to compute here in a fuzzer's time.
    let Some(asked @ [memory, passes, _]) = asked_for(&text) else { return };
    let is_affordable = memory <= MOST_MEMORY && memory.saturating_mul(passes) <= MOST_WRITTEN;
    assert!(is_affordable, "{text:?} was taken");
    if asked.iter().zip(CHEAP).all(|(asked, most)| *asked <= most) {
        let _ = verify(&text);
    }
}

fn verify(text: &str) -> Result<vestibule_domain::ports::Verdict, HashError> {
    let password = Password::parse("correct horse battery staple").unwrap();
    let stored = PasswordHash::from_phc(text.to_owned());
    HASHER.with(|hasher| block_on(hasher.verify(&password, &stored)))
}

/// What a text asks for, read as generously as can be; `None` if it is not even Argon2.
fn asked_for(text: &str) -> Option<[u64; 3]> {
    let (_, fields) = text.split_once("argon2")?;
    // What a hash does not say is as large as the library's defaults.
    let mut asked = [19_456, 2, 1];
    for parameter in fields.split(['$', ',']) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let Some(place) = ["m", "t", "p"].iter().position(|known| *known == name) else {
            continue;
        };
        asked[place] = value.parse().ok()?;
    }
    Some(asked)
}
