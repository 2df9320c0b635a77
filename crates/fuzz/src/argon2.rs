//! Target `argon2`: both engines compute the same hashes.

use std::sync::Arc;

use vestibule_domain::model::password::Password;
use vestibule_domain::ports::{PasswordHasher, Verdict};
use vestibule_passwords::{Argon2Hasher, EngineChoice, EngineKind, Settings};
use vestibule_testkit::random::SteadyRandom;

use crate::runtime::block_on;

/// Hashes a password with one engine and verifies it with the other.
///
/// Input: four bytes of parameters, and the password.
///
/// # Panics
/// Panics if one engine does not accept the hash of the other.
pub(crate) fn argon2(data: &[u8]) {
    let Some((&[memory, more_memory, iterations, parallelism], password)) =
        data.split_first_chunk()
    else {
        return;
    };
    let Ok(password) = Password::parse(&String::from_utf8_lossy(password)) else { return };
    let parallelism = 1 + u32::from(parallelism % 4);
    // Up to half a MiB, including sizes that are not a multiple of the lanes.
    let memory_kib = 8 * parallelism + u32::from(memory) + u32::from(more_memory);
    let with = |engine| {
        let iterations = 1 + u32::from(iterations % 10);
        let settings = Settings { memory_kib, iterations, parallelism, max_parallel: 1, engine };
        Argon2Hasher::new(settings, Arc::new(SteadyRandom::default())).unwrap()
    };
    let (fast, portable) = (with(EngineChoice::Auto), with(EngineChoice::Portable));
    assert_eq!(fast.engine(), EngineKind::Vectorised);
    let hash = block_on(fast.hash(&password)).unwrap();
    assert_eq!(block_on(portable.verify(&password, &hash)).unwrap(), Verdict::Match);
}
