//! PHC strings of our own hashes, with limits on their cost.
//!
//! An attacker who can write to the store must not be able to make a sign-in cost four terabytes,
//! so all limits are checked before a hash is computed.

use argon2::Params;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Version};
use vestibule_domain::error::BoxError;

/// Maximum memory of a hash: 256 MiB.
pub(crate) const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// Maximum number of passes.
pub(crate) const MAX_ITERATIONS: u32 = 10;
/// Maximum number of lanes.
pub(crate) const MAX_PARALLELISM: u32 = 4;
/// Length of new salts, as RFC 9106 recommends.
pub(crate) const SALT_BYTES: usize = 16;
/// Length of new outputs.
pub(crate) const OUTPUT_BYTES: usize = 32;

const OUTPUT_RANGE: std::ops::RangeInclusive<usize> = 16..=64;
/// Maximum length of a PHC string; no valid one is longer.
const MAX_TEXT_BYTES: usize = 512;

/// A stored hash of our own with an acceptable cost.
pub(crate) struct Stored {
    pub(crate) params: Params,
    pub(crate) salt: Salt,
    pub(crate) output: Output,
}

impl Stored {
    /// Parses a PHC string; returns `None` if this crate would not have written it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let hash = PasswordHash::new(text).ok()?;
        let version = hash.version.and_then(|version| Version::try_from(version).ok());
        if hash.algorithm != Algorithm::Argon2id.ident() || version != Some(Version::V0x13) {
            return None;
        }
        // Includes the length of the output, which is an input of Argon2.
        let params = Params::try_from(&hash).ok()?;
        // Fields of early drafts of the format, which our hashes never have.
        if !params.keyid().is_empty() || !params.data().is_empty() {
            return None;
        }
        if !is_affordable(params.m_cost(), params.t_cost(), params.p_cost()) {
            return None;
        }
        // The parser only accepts salts of 8 to 48 bytes.
        let (salt, output) = (hash.salt?, hash.hash?);
        if !OUTPUT_RANGE.contains(&output.len()) {
            return None;
        }
        Some(Self { params, salt, output })
    }

    /// Returns `true` if its parameters differ from those of a new hash with `current`.
    pub(crate) fn is_stale(&self, current: &Params) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        cost(&self.params) != cost(current)
            || self.output.len() != OUTPUT_BYTES
            || self.salt.len() != SALT_BYTES
    }
}

/// Returns `true` if the cost parameters are within the limits.
pub(crate) fn is_affordable(memory_kib: u32, iterations: u32, parallelism: u32) -> bool {
    memory_kib <= MAX_MEMORY_KIB && iterations <= MAX_ITERATIONS && parallelism <= MAX_PARALLELISM
}

/// Encodes a hash as a PHC string.
pub(crate) fn write(
    params: &Params,
    salt: &[u8; SALT_BYTES],
    output: &[u8; OUTPUT_BYTES],
) -> Result<String, BoxError> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(output)?),
    };
    Ok(hash.to_string())
}
