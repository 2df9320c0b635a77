//! Hashes: whichever engine computes them, they are the same.

use std::sync::Arc;

use vestibule_domain::password::Password;
use vestibule_domain::ports::{PasswordHasher, Verdict};
use vestibule_passwords::{Argon2Hasher, EngineChoice, EngineKind, Settings};
use vestibule_testkit::random::SteadyRandom;

use crate::runtime::block_on;

/// Four bytes of parameters, and a password.
///
/// # Panics
/// When one engine does not recognise what the other has written.
pub(crate) fn argon2(data: &[u8]) {
    let Some((&[memory, more_memory, iterations, parallelism], password)) =
        data.split_first_chunk()
    else {
        return;
    };
    let Ok(password) = Password::parse(&String::from_utf8_lossy(password)) else { return };
    let parallelism = 1 + u32::from(parallelism % 4);
    // Up to half a MiB, also what is no multiple of the lanes.
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
