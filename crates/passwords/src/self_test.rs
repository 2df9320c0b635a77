//! Self-test of the vectorised engine at every start.
//!
//! The processor determines the instructions that the engine uses, so tests on another machine are
//! not sufficient. The engine must compute the test vector of RFC 9106 and, for random inputs with
//! different parameters, the same output as the portable engine. Takes a few milliseconds.

use argon2::Params;
use argon2_rust::params::{Memory, TagLen};
use vestibule_domain::error::BoxError;
use vestibule_domain::ports::Random;
use zeroize::Zeroizing;

use crate::engine::{Engine, EngineKind, Input};

/// Tag of RFC 9106, section 5.3: 32 KiB, three passes, four lanes, inputs of one repeated byte.
const RFC_9106_TAG: [u8; 32] = [
    0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
    0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
];

/// Memory in KiB, passes, lanes and length of the output.
///
/// The costs are small, because each hash is computed twice at every start. They cover one and
/// several lanes, memory that is not a multiple of the lanes, a second pass, outputs shorter and
/// longer than a block of `BLAKE2b`, and memory that the vectorised engine allocates from the
/// system instead of the heap.
const PARAMETERS: [(u32, u32, u32, usize); 8] = [
    (8, 1, 1, 32),
    (9, 3, 1, 16),
    (67, 2, 1, 64),
    (1024, 2, 1, 32),
    (37, 2, 2, 24),
    (128, 3, 4, 32),
    (32, 10, 3, 64),
    (2304, 1, 1, 32),
];

/// The reason why the vectorised engine is not used.
#[derive(Debug, thiserror::Error)]
pub enum SelfTestError {
    /// The output differs from the test vector of the standard.
    #[error("wrong output for the test vector of RFC 9106")]
    Vector,
    /// The output of the two engines differs for a random input.
    #[error("the output differs from that of the portable engine")]
    Difference,
    /// An engine returned an error.
    #[error("the self-test failed to run")]
    Failed(#[source] BoxError),
}

/// Tests the vectorised engine.
pub(crate) fn test_vectorised(random: &dyn Random) -> Result<(), SelfTestError> {
    check_tag(&rfc_9106_tag().map_err(|error| SelfTestError::Failed(error.into()))?)?;
    let mut candidate = Engine::new(EngineKind::Vectorised);
    compare_with_portable(&mut candidate, random)
}

fn check_tag(tag: &[u8; 32]) -> Result<(), SelfTestError> {
    if *tag == RFC_9106_TAG { Ok(()) } else { Err(SelfTestError::Vector) }
}

fn rfc_9106_tag() -> Result<[u8; 32], argon2_rust::Error> {
    let params = argon2_rust::Params::builder()
        .memory(Memory::kib(32))
        .passes(3)
        .lanes(4)
        .threads(1)
        .tag_len(TagLen::bytes(32))
        .build()?;
    let (id, version) = (argon2_rust::Algorithm::Argon2id, argon2_rust::Version::V0x13);
    let mut tag = [0; 32];
    argon2_rust::Argon2::new(id, version, params)
        .hash_into_with_ad(&[1; 32], &[2; 16], &[3; 8], &[4; 12], &mut tag)?;
    Ok(tag)
}

fn compare_with_portable(candidate: &mut Engine, random: &dyn Random) -> Result<(), SelfTestError> {
    let mut portable = Engine::new(EngineKind::Portable);
    for (memory_kib, iterations, parallelism, length) in PARAMETERS {
        let params = Params::new(memory_kib, iterations, parallelism, Some(length))
            .map_err(|error| SelfTestError::Failed(error.into()))?;
        let (mut drawn, mut salt) = ([0; 1024], [0; 16]);
        random.fill(&mut drawn);
        random.fill(&mut salt);
        // Any possible length of a password.
        let length_of_password = usize::from(u16::from_be_bytes([drawn[0], drawn[1]])) % 1024;
        let password = &drawn[..length_of_password];
        let input = Input { params: &params, password, salt: &salt };
        let outputs = [&mut *candidate, &mut portable].map(|engine| {
            let mut output = Zeroizing::new(vec![0; length]);
            engine.compute(&input, &mut output).map(|()| output)
        });
        let [actual, expected] = outputs;
        if actual.map_err(SelfTestError::Failed)? != expected.map_err(SelfTestError::Failed)? {
            return Err(SelfTestError::Difference);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use vestibule_domain::ports::OsRandom;

    use super::*;

    #[test]
    fn the_vectorised_engine_passes_on_this_processor() {
        for _ in 0..10 {
            test_vectorised(&OsRandom).unwrap();
        }
    }

    #[test]
    fn the_portable_engine_computes_the_test_vector() {
        let params = argon2::ParamsBuilder::new()
            .m_cost(32)
            .t_cost(3)
            .p_cost(4)
            .data(argon2::AssociatedData::new(&[4; 12]).unwrap())
            .build()
            .unwrap();
        let (id, version) = (argon2::Algorithm::Argon2id, argon2::Version::V0x13);
        let argon2 = argon2::Argon2::new_with_secret(&[3; 8], id, version, params).unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        assert_eq!(tag, RFC_9106_TAG);
    }

    #[test]
    fn a_wrong_tag_is_detected() {
        let mut tag = RFC_9106_TAG;
        assert!(check_tag(&tag).is_ok());
        tag[31] ^= 1;
        assert!(matches!(check_tag(&tag), Err(SelfTestError::Vector)));
    }

    #[test]
    fn an_engine_with_wrong_output_is_detected() {
        let mut wrong = Engine::Broken;
        let outcome = compare_with_portable(&mut wrong, &OsRandom);
        assert!(matches!(outcome, Err(SelfTestError::Difference)));
    }
}
