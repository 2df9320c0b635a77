//! Whether the fast engine computes what it should on this very processor, asked at every start.
//!
//! Which instructions it runs is decided by the machine, not by us, so tests on another machine
//! say little. It has to give the vector of RFC 9106 and, for random inputs of all shapes, the same
//! bytes as the portable engine. Takes a few milliseconds.

use argon2::Params;
use argon2_rust::params::{Memory, TagLen};
use vestibule_domain::error::BoxError;
use vestibule_domain::ports::Random;
use zeroize::Zeroizing;

use crate::engine::{Engine, EngineKind, Input};

/// RFC 9106, section 5.3: 32 KiB, three passes, four lanes, and inputs of one repeated byte each.
const RFC_9106_TAG: [u8; 32] = [
    0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b, 0x53, 0xc9,
    0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9, 0x6b, 0x01, 0xe6, 0x59,
];

/// Memory in KiB, passes, lanes and length of the output. Small, because it is computed twice at
/// every start, and of many shapes: one lane and several, a memory that is no multiple of the lanes,
/// a second pass, outputs shorter and longer than one block of `BLAKE2b`, and a memory for which the
/// fast engine asks the system and not the heap.
const SHAPES: [(u32, u32, u32, usize); 8] = [
    (8, 1, 1, 32),
    (9, 3, 1, 16),
    (67, 2, 1, 64),
    (1024, 2, 1, 32),
    (37, 2, 2, 24),
    (128, 3, 4, 32),
    (32, 10, 3, 64),
    (2304, 1, 1, 32),
];

/// Why the fast engine is not used.
#[derive(Debug, thiserror::Error)]
pub enum Distrust {
    /// It does not give what the standard says.
    #[error("it fails the test vector of RFC 9106")]
    Vector,
    /// The two engines disagree about a random input.
    #[error("it disagrees with the portable engine")]
    Difference,
    /// One of them gave nothing at all.
    #[error("it could not be tested")]
    Failed(#[source] BoxError),
}

/// Puts the fast engine to the test.
pub(crate) fn trust_vectorised(random: &dyn Random) -> Result<(), Distrust> {
    is_of_the_standard(&rfc_9106_tag().map_err(|error| Distrust::Failed(error.into()))?)?;
    let mut candidate = Engine::new(EngineKind::Vectorised);
    agree(&mut candidate, random)
}

fn is_of_the_standard(tag: &[u8; 32]) -> Result<(), Distrust> {
    if *tag == RFC_9106_TAG { Ok(()) } else { Err(Distrust::Vector) }
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

fn agree(candidate: &mut Engine, random: &dyn Random) -> Result<(), Distrust> {
    let mut portable = Engine::new(EngineKind::Portable);
    for (memory_kib, iterations, parallelism, length) in SHAPES {
        let params = Params::new(memory_kib, iterations, parallelism, Some(length))
            .map_err(|error| Distrust::Failed(error.into()))?;
        let (mut drawn, mut salt) = ([0; 1024], [0; 16]);
        random.fill(&mut drawn);
        random.fill(&mut salt);
        // Any length that a password has.
        let length_of_password = usize::from(u16::from_be_bytes([drawn[0], drawn[1]])) % 1024;
        let password = &drawn[..length_of_password];
        let input = Input { params: &params, password, salt: &salt };
        let outputs = [&mut *candidate, &mut portable].map(|engine| {
            let mut output = Zeroizing::new(vec![0; length]);
            engine.compute(&input, &mut output).map(|()| output)
        });
        let [found, expected] = outputs;
        if found.map_err(Distrust::Failed)? != expected.map_err(Distrust::Failed)? {
            return Err(Distrust::Difference);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use vestibule_domain::ports::OsRandom;

    use super::*;

    #[test]
    fn the_engine_of_this_processor_is_trusted() {
        for _ in 0..10 {
            trust_vectorised(&OsRandom).unwrap();
        }
    }

    #[test]
    fn the_portable_engine_gives_the_vector_of_the_standard() {
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
    fn another_tag_than_that_of_the_standard_is_found_out() {
        let mut tag = RFC_9106_TAG;
        assert!(is_of_the_standard(&tag).is_ok());
        tag[31] ^= 1;
        assert!(matches!(is_of_the_standard(&tag), Err(Distrust::Vector)));
    }

    #[test]
    fn an_engine_that_computes_something_else_is_found_out() {
        let mut wrong = Engine::Broken;
        assert!(matches!(agree(&mut wrong, &OsRandom), Err(Distrust::Difference)));
    }
}
