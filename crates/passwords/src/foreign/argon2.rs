//! Argon2 in its three variants and both versions, in the notation of its reference implementation.
//!
//! More lanes are taken than for our own hashes: Django uses eight. They cost nothing, as they are
//! computed one after another.

use ::argon2::{Algorithm, Block, Params, Version};
use zeroize::Zeroizing;

use super::fields::{self, Fault};
use super::{Reading, Recipe};

/// As much as a hash of our own may take: 256 MiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// As much as a hash of our own may write: ten times that memory.
const MAX_WRITTEN_KIB: u64 = 10 * 256 * 1024;
/// The least that Argon2 is defined for.
const MIN_SALT_BYTES: usize = 8;

pub(super) struct Argon2 {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
}

impl Argon2 {
    /// Reads `v=19$m=..,t=..,p=..$salt$hash`.
    pub(super) fn read(algorithm: Algorithm, rest: &str) -> Reading {
        let (version, rest) = match rest.split_once('$') {
            Some(("v=19", rest)) => (Version::V0x13, rest),
            Some(("v=16", rest)) => (Version::V0x10, rest),
            Some((field, _)) if field.starts_with("v=") => {
                return Err(Fault::Malformed("its version is neither 16 nor 19"));
            }
            // Hashes from before there was a second version do not name theirs.
            _ => (Version::V0x10, rest),
        };
        let [costs, salt, output] = fields::split(rest)?;
        let [memory, passes, lanes] = fields::named_numbers(costs, ["m", "t", "p"])?;
        if memory > MAX_MEMORY_KIB {
            return Err(Fault::TooExpensive("it takes more than 256 MiB of memory"));
        }
        if u64::from(memory) * u64::from(passes) > MAX_WRITTEN_KIB {
            return Err(Fault::TooExpensive("it makes too many passes over its memory"));
        }
        let salt = fields::base64_salt(salt)?;
        if salt.len() < MIN_SALT_BYTES {
            return Err(Fault::Malformed("its salt is shorter than Argon2 allows"));
        }
        let output = fields::base64_output(output)?;
        let params = Params::new(memory, passes, lanes, Some(output.len()))
            .map_err(|_| Fault::Malformed("Argon2 is not defined for its costs"))?;
        Ok((Recipe::Argon2(Self { algorithm, version, params, salt }), output))
    }

    pub(super) fn compute(
        &self,
        password: &[u8],
        output: &mut [u8],
    ) -> Result<(), ::argon2::Error> {
        // Wiped at the end: what is left would save somebody who reads our memory the work.
        let mut memory = Zeroizing::new(vec![Block::new(); self.params.block_count()]);
        let argon2 = ::argon2::Argon2::new(self.algorithm, self.version, self.params.clone());
        argon2.hash_password_into_with_memory(password, &self.salt, output, &mut memory[..])
    }
}
