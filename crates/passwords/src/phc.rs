//! PHC strings: what is stored, and how much work it may ask for.
//!
//! Whoever can write to the store must not be able to make a sign-in cost four terabytes, so every
//! bound is checked before any work is done.

use argon2::Params;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Version};
use vestibule_domain::error::BoxError;

/// The most memory a hash may take: 256 MiB.
pub(crate) const MAX_MEMORY_KIB: u32 = 256 * 1024;
/// The most passes a hash may make.
pub(crate) const MAX_ITERATIONS: u32 = 10;
/// The most lanes a hash may have.
pub(crate) const MAX_PARALLELISM: u32 = 4;
/// The length of our own salts, as RFC 9106 recommends.
pub(crate) const SALT_BYTES: usize = 16;
/// The length of our own hashes.
pub(crate) const OUTPUT_BYTES: usize = 32;

const OUTPUT_RANGE: std::ops::RangeInclusive<usize> = 16..=64;
/// No legal string is longer, so none has to be looked at.
const MAX_TEXT_BYTES: usize = 512;

/// A stored hash that is ours and affordable.
pub(crate) struct Stored {
    pub(crate) params: Params,
    pub(crate) salt: Salt,
    pub(crate) output: Output,
}

impl Stored {
    /// Reads a PHC string; `None` if this crate would not have written it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > MAX_TEXT_BYTES {
            return None;
        }
        let hash = PasswordHash::new(text).ok()?;
        let version = hash.version.and_then(|version| Version::try_from(version).ok());
        if hash.algorithm != Algorithm::Argon2id.ident() || version != Some(Version::V0x13) {
            return None;
        }
        // Also takes the length of the output, which goes into the hash.
        let params = Params::try_from(&hash).ok()?;
        // Relics of the format's first drafts; nothing of ours has them.
        if !params.keyid().is_empty() || !params.data().is_empty() {
            return None;
        }
        if !is_affordable(params.m_cost(), params.t_cost(), params.p_cost()) {
            return None;
        }
        // The parser itself takes only salts of 8 to 48 bytes.
        let (salt, output) = (hash.salt?, hash.hash?);
        if !OUTPUT_RANGE.contains(&output.len()) {
            return None;
        }
        Some(Self { params, salt, output })
    }

    /// Whether it was made otherwise than a hash made with `today` would be.
    pub(crate) fn is_stale(&self, today: &Params) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        cost(&self.params) != cost(today)
            || self.output.len() != OUTPUT_BYTES
            || self.salt.len() != SALT_BYTES
    }
}

/// Whether a hash with this memory in KiB, these passes and these lanes is one we compute.
pub(crate) fn is_affordable(memory_kib: u32, iterations: u32, parallelism: u32) -> bool {
    memory_kib <= MAX_MEMORY_KIB && iterations <= MAX_ITERATIONS && parallelism <= MAX_PARALLELISM
}

/// Writes a PHC string.
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
