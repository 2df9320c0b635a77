//! Baseline `hashes`: Argon2id hashing at OWASP's minimum parameters.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;

/// OWASP's minimum: 19 MiB, two passes, one lane.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;

/// A function that computes one hash.
type Hash = Box<dyn FnMut() -> anyhow::Result<()>>;

/// Returns the number of hashes per second of an engine. Each thread reuses its memory, as in the
/// service.
pub(crate) fn rate(engine: &str, threads: usize, seconds: u64) -> anyhow::Result<f64> {
    let start: fn() -> anyhow::Result<Hash> = match engine {
        "fast" => fast,
        "portable" => portable,
        _ => bail!("unknown engine {engine:?}"),
    };
    let (count, time) = (AtomicU64::new(0), Duration::from_secs(seconds));
    let begun = Instant::now();
    let elapsed = std::thread::scope(|scope| {
        let work = || {
            let mut hash = start()?;
            while begun.elapsed() < time {
                hash()?;
                count.fetch_add(1, Ordering::Relaxed);
            }
            anyhow::Ok(())
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        for thread in threads {
            match thread.join() {
                Ok(outcome) => outcome?,
                Err(_) => bail!("a thread panicked"),
            }
        }
        Ok(begun.elapsed())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    Ok(count.into_inner() as f64 / elapsed.as_secs_f64())
}

fn fast() -> anyhow::Result<Hash> {
    let params = argon2_rust::Params::builder()
        .memory(argon2_rust::params::Memory::kib(MEMORY_KIB.into()))
        .passes(PASSES)
        .build()?;
    let (id, version) = (argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13);
    let mut hasher = argon2_rust::Argon2::new(id, version, params).hasher();
    Ok(Box::new(move || Ok(hasher.hash_into(b"correct horse", &[7; 16], &mut [0; 32])?)))
}

fn portable() -> anyhow::Result<Hash> {
    let params = argon2::Params::new(MEMORY_KIB, PASSES, 1, Some(32))?;
    let mut memory = vec![argon2::Block::new(); params.block_count()];
    let (id, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
    let argon2 = argon2::Argon2::new(id, version, params);
    Ok(Box::new(move || {
        let output = &mut [0; 32];
        argon2.hash_password_into_with_memory(b"correct horse", &[7; 16], output, &mut memory)?;
        Ok(())
    }))
}
