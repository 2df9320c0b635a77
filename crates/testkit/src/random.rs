//! Deterministic randomness.

use std::sync::atomic::{AtomicU64, Ordering};

use vestibule_domain::ports::Random;

/// A source of random bytes that returns a different but predictable value for each call.
#[derive(Debug, Default)]
pub struct SteadyRandom(AtomicU64);

impl Random for SteadyRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let drawn = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        for (byte, value) in bytes.iter_mut().rev().zip(drawn.to_le_bytes().iter().cycle()) {
            *byte = *value;
        }
    }
}
