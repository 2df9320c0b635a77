//! Argon2 in its three variants and two versions, in the notation of the reference implementation.
//!
//! More lanes are allowed than for our own hashes: Django uses eight. They add no cost, because
//! they are computed one after another.

use ::argon2::{Algorithm, Block, Params, Version};
use zeroize::Zeroizing;

use super::phc_fields::{self, InvalidHash};
use super::{Kdf, Parsed};

/// Maximum memory, the same as for our own hashes: 256 MiB.
const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Maximum memory traffic, the same as for our own hashes: ten times that memory.
const MAX_WRITTEN_KIB: u64 = 10 * 256 * 1024;
/// Minimum length of a salt, defined by Argon2.
const MIN_SALT_BYTES: usize = 8;

pub(super) struct Argon2 {
    algorithm: Algorithm,
    version: Version,
    params: Params,
    salt: Vec<u8>,
}

impl Argon2 {
    /// Parses `v=19$m=..,t=..,p=..$salt$hash`.
    pub(super) fn parse(algorithm: Algorithm, rest: &str) -> Parsed {
        let (version, rest) = match rest.split_once('$') {
            Some(("v=19", rest)) => (Version::V0x13, rest),
            Some(("v=16", rest)) => (Version::V0x10, rest),
            Some((field, _)) if field.starts_with("v=") => {
                return Err(InvalidHash::Malformed("the version is neither 16 nor 19"));
            }
            // Hashes older than version 19 have no version field.
            _ => (Version::V0x10, rest),
        };
        let [costs, salt, output] = phc_fields::split(rest)?;
        let [memory, passes, lanes] = phc_fields::named_numbers(costs, ["m", "t", "p"])?;
        if memory > MAX_MEMORY_KIB {
            return Err(InvalidHash::TooExpensive("more than 256 MiB of memory"));
        }
        if u64::from(memory) * u64::from(passes) > MAX_WRITTEN_KIB {
            return Err(InvalidHash::TooExpensive("too many passes over the memory"));
        }
        let salt = phc_fields::base64_salt(salt)?;
        if salt.len() < MIN_SALT_BYTES {
            return Err(InvalidHash::Malformed("the salt is too short for Argon2"));
        }
        let output = phc_fields::base64_output(output)?;
        let params = Params::new(memory, passes, lanes, Some(output.len()))
            .map_err(|_| InvalidHash::Malformed("invalid cost parameters"))?;
        Ok((Kdf::Argon2(Self { algorithm, version, params, salt }), output))
    }

    pub(super) fn compute(
        &self,
        password: &[u8],
        output: &mut [u8],
    ) -> Result<(), ::argon2::Error> {
        // Wiped on drop: the blocks would save an attacker who can read the memory the work.
        let mut memory = Zeroizing::new(vec![Block::new(); self.params.block_count()]);
        let argon2 = ::argon2::Argon2::new(self.algorithm, self.version, self.params.clone());
        argon2.hash_password_into_with_memory(password, &self.salt, output, &mut memory[..])
    }
}
