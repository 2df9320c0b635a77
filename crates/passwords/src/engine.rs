//! Engines that compute Argon2id, and the memory they reuse.
//!
//! There are two implementations with the same output. One uses the widest vector instructions of
//! the processor and has not been audited; the other is portable, widely used and takes about three
//! times as long. Fresh memory costs page faults at every hash, so an engine reuses its memory and
//! wipes it after each hash.

use argon2::{Argon2, Block, Params};
use argon2_rust::params::Memory;
use argon2_rust::{Backend, Hasher, detected_backend};
use vestibule_domain::error::BoxError;

/// An implementation of Argon2id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineKind {
    /// The crate `argon2-rust`, with the vector instructions of this processor.
    Vectorised,
    /// The crate `argon2`.
    Portable,
}

/// An implementation with the memory it keeps between hashes.
pub(crate) enum Engine {
    /// The crate `argon2-rust`, which wipes the memory before a call returns.
    Vectorised(Box<Hasher>),
    /// The crate `argon2`, with blocks that `compute` wipes.
    Portable(Vec<Block>),
    /// Returns zeros.
    #[cfg(test)]
    Broken,
}

/// Input and cost parameters of a hash.
pub(crate) struct Input<'a> {
    pub(crate) params: &'a Params,
    pub(crate) password: &'a [u8],
    pub(crate) salt: &'a [u8],
}

impl EngineKind {
    /// Returns the name of the implementation and the instructions it uses, for logs.
    pub fn describe(self) -> String {
        match self {
            Self::Vectorised => {
                format!("argon2-rust with {}", instructions(detected_backend()))
            }
            Self::Portable => "argon2".to_owned(),
        }
    }
}

fn instructions(backend: Backend) -> &'static str {
    match backend {
        Backend::Avx512 => "AVX-512",
        Backend::Avx2 => "AVX2",
        Backend::Sse2 => "SSE2",
        Backend::Neon => "NEON",
        _ => "no vector instructions",
    }
}

impl Engine {
    /// Creates an engine without memory.
    pub(crate) fn new(kind: EngineKind) -> Self {
        match kind {
            EngineKind::Vectorised => Self::Vectorised(Box::new(
                argon2_rust::Argon2::new(
                    argon2_rust::Algorithm::Argon2id,
                    argon2_rust::Version::V0x13,
                    argon2_rust::Params::default(),
                )
                .hasher(),
            )),
            EngineKind::Portable => Self::Portable(Vec::new()),
        }
    }

    /// Computes a hash with the length of `output`.
    pub(crate) fn compute(&mut self, input: &Input<'_>, output: &mut [u8]) -> Result<(), BoxError> {
        let Input { params, password, salt } = *input;
        match self {
            Self::Vectorised(hasher) => {
                hasher.set_argon2(vectorised(params, output.len())?);
                hasher.hash_into(password, salt, output)?;
            }
            Self::Portable(memory) => {
                let blocks = params.block_count();
                if memory.len() < blocks {
                    memory.resize(blocks, Block::new());
                }
                let memory = &mut memory[..blocks];
                let computed = portable(params).hash_password_into_with_memory(
                    password,
                    salt,
                    output,
                    &mut *memory,
                );
                // The blocks would save an attacker who can read the memory the work.
                memory.fill(Block::new());
                computed?;
            }
            #[cfg(test)]
            Self::Broken => output.fill(0),
        }
        Ok(())
    }

    /// Releases memory above `blocks` blocks of 1 KiB.
    ///
    /// A hash with older parameters can need more memory than the current parameters.
    pub(crate) fn release_above(&mut self, blocks: usize) {
        match self {
            Self::Vectorised(hasher) if hasher.reserved_blocks() > blocks => hasher.clear(),
            Self::Vectorised(_) => {}
            Self::Portable(memory) => {
                memory.truncate(blocks);
                memory.shrink_to(blocks);
            }
            #[cfg(test)]
            Self::Broken => {}
        }
    }

    /// Returns the number of allocated blocks.
    #[cfg(test)]
    pub(crate) fn allocated_blocks(&self) -> usize {
        match self {
            Self::Vectorised(hasher) => hasher.reserved_blocks(),
            Self::Portable(memory) => memory.capacity(),
            Self::Broken => 0,
        }
    }
}

fn portable(params: &Params) -> Argon2<'static> {
    Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params.clone())
}

/// Converts the parameters for the vectorised implementation.
///
/// Lanes are computed one after another, because there is already one hash per core.
fn vectorised(params: &Params, output: usize) -> Result<argon2_rust::Argon2, BoxError> {
    let params = argon2_rust::Params::builder()
        .memory(Memory::kib(params.m_cost().into()))
        .passes(params.t_cost())
        .lanes(params.p_cost())
        .threads(1)
        .tag_len(argon2_rust::params::TagLen::bytes(u64::try_from(output)?))
        .build()?;
    Ok(argon2_rust::Argon2::new(
        argon2_rust::Algorithm::Argon2id,
        argon2_rust::Version::V0x13,
        params,
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KINDS: [EngineKind; 2] = [EngineKind::Vectorised, EngineKind::Portable];

    fn compute(engine: &mut Engine, params: &Params, length: usize) -> Vec<u8> {
        let mut output = vec![0; length];
        let input = Input { params, password: b"correct horse", salt: b"battery staple" };
        engine.compute(&input, &mut output).unwrap();
        output
    }

    proptest! {
        // Each case computes two hashes in an unoptimised build.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn both_engines_agree_on_any_input_with_little_memory(
            memory_kib in 0..512_u32,
            iterations in 1..=10_u32,
            parallelism in 1..=4_u32,
            length in 16..=64_usize,
            password in proptest::collection::vec(any::<u8>(), 0..=1024),
            salt in proptest::collection::vec(any::<u8>(), 8..=48),
        ) {
            let memory_kib = memory_kib.max(8 * parallelism);
            let params = Params::new(memory_kib, iterations, parallelism, Some(length)).unwrap();
            let input = Input { params: &params, password: &password, salt: &salt };
            let outputs = KINDS.map(|kind| {
                let mut output = vec![0; length];
                Engine::new(kind).compute(&input, &mut output).unwrap();
                output
            });
            prop_assert_eq!(&outputs[0], &outputs[1]);
        }
    }

    #[test]
    fn both_engines_agree_with_as_much_memory_as_in_production() {
        for (memory_kib, iterations, parallelism) in
            [(19_456, 2, 1), (19_457, 1, 4), (65_536, 1, 3), (262_144, 1, 1)]
        {
            let params = Params::new(memory_kib, iterations, parallelism, Some(32)).unwrap();
            let [fast, portable] = KINDS.map(|kind| compute(&mut Engine::new(kind), &params, 32));
            assert_eq!(fast, portable, "{memory_kib} KiB");
        }
    }

    #[test]
    fn a_hash_does_not_depend_on_the_previous_hash() {
        for kind in KINDS {
            let mut used = Engine::new(kind);
            for (memory_kib, iterations, parallelism) in [(64, 1, 1), (256, 2, 4), (8, 3, 1)] {
                let params = Params::new(memory_kib, iterations, parallelism, Some(32)).unwrap();
                let fresh = compute(&mut Engine::new(kind), &params, 32);
                assert_eq!(compute(&mut used, &params, 32), fresh, "{kind:?}");
            }
        }
    }

    #[test]
    fn memory_is_kept_up_to_a_limit() {
        for kind in KINDS {
            let mut engine = Engine::new(kind);
            let allocated = |engine: &mut Engine, memory_kib| {
                compute(engine, &Params::new(memory_kib, 1, 1, Some(32)).unwrap(), 32);
                engine.release_above(64);
                engine.allocated_blocks()
            };
            assert_eq!(allocated(&mut engine, 64), 64, "{kind:?}");
            assert!(allocated(&mut engine, 1000) <= 64, "{kind:?}");
            engine.release_above(0);
            assert_eq!(engine.allocated_blocks(), 0, "{kind:?}");
        }
    }

    #[test]
    fn the_portable_engine_wipes_its_memory() {
        let mut engine = Engine::new(EngineKind::Portable);
        compute(&mut engine, &Params::new(64, 1, 1, Some(32)).unwrap(), 32);
        let Engine::Portable(memory) = engine else { unreachable!("the engine is portable") };
        assert_eq!(memory.len(), 64);
        assert!(memory.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)));
    }
}
