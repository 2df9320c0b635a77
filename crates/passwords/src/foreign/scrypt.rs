//! Scrypt in the notations of passlib, Django, Werkzeug and Better Auth.

use ::scrypt::Params;
use ::scrypt::errors::InvalidOutputLen;
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use super::phc_fields::{self, InvalidHash};
use super::{Kdf, Parsed};

/// Maximum memory, the same as for our own hashes: 256 MiB.
const MAX_MEMORY_BYTES: u64 = 256 << 20;
/// Maximum memory traffic; the lanes are computed one after another in the same memory.
const MAX_WRITTEN_BYTES: u64 = 1 << 30;
/// Maximum size of the input and output blocks of all lanes, which are in memory at once.
const MAX_LANES_BYTES: u64 = 16 << 20;
/// Cost parameters of Better Auth, which its hashes do not contain.
const BETTER_AUTH: (u32, u32, u32) = (16_384, 16, 1);
const BETTER_AUTH_OUTPUT_BYTES: usize = 64;

pub(super) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    normalization: Normalization,
}

/// Unicode normalization of a password before it is hashed.
#[derive(Clone, Copy)]
enum Normalization {
    /// No normalization.
    None,
    /// NFKC.
    Nfkc,
}

impl Scrypt {
    /// Parses `ln=16,r=8,p=1$salt$hash`.
    pub(super) fn parse_phc(rest: &str) -> Parsed {
        let [costs, salt, output] = phc_fields::split(rest)?;
        let [log_n, r, p] = phc_fields::named_numbers(costs, ["ln", "r", "p"])?;
        let n = 1_u32.checked_shl(log_n).ok_or(InvalidHash::TooExpensive("N is too large"))?;
        let salt = phc_fields::base64_salt(salt)?;
        let output = phc_fields::base64_output(output)?;
        Self::from_parts((n, r, p), salt, Normalization::None, output)
    }

    /// Parses `N$salt$r$p$hash`.
    pub(super) fn parse_django(rest: &str) -> Parsed {
        let [n, salt, r, p, output] = phc_fields::split(rest)?;
        let costs = (phc_fields::number(n)?, phc_fields::number(r)?, phc_fields::number(p)?);
        let salt = phc_fields::text_salt(salt)?;
        Self::from_parts(costs, salt, Normalization::None, phc_fields::base64_output(output)?)
    }

    /// Parses `N:r:p` and `salt$hash`.
    pub(super) fn parse_werkzeug(costs: &str, rest: &str) -> Parsed {
        const COSTS: InvalidHash = InvalidHash::Malformed("wrong number of cost parameters");
        let (n, costs) = costs.split_once(':').ok_or(COSTS)?;
        let (r, p) = costs.split_once(':').ok_or(COSTS)?;
        let costs = (phc_fields::number(n)?, phc_fields::number(r)?, phc_fields::number(p)?);
        let [salt, output] = phc_fields::split(rest)?;
        let salt = phc_fields::text_salt(salt)?;
        Self::from_parts(costs, salt, Normalization::None, phc_fields::hexadecimal_output(output)?)
    }

    /// Parses `salt:hash`. The digits of the salt are used as text.
    pub(super) fn parse_better_auth(salt: &str, output: &str) -> Parsed {
        let output = phc_fields::hexadecimal_output(output)?;
        if output.len() != BETTER_AUTH_OUTPUT_BYTES {
            return Err(InvalidHash::Malformed("the output does not have 64 bytes"));
        }
        Self::from_parts(BETTER_AUTH, phc_fields::text_salt(salt)?, Normalization::Nfkc, output)
    }

    fn from_parts(
        (n, r, p): (u32, u32, u32),
        salt: Vec<u8>,
        normalization: Normalization,
        output: Vec<u8>,
    ) -> Parsed {
        const UNDEFINED: InvalidHash = InvalidHash::Malformed("invalid cost parameters");
        if n < 2 || !n.is_power_of_two() {
            return Err(UNDEFINED);
        }
        // The product of three 32-bit numbers and 128 can exceed 64 bits.
        let product = |factors: &[u32]| {
            factors.iter().fold(128, |bytes: u64, factor| bytes.saturating_mul((*factor).into()))
        };
        if product(&[r, n]) > MAX_MEMORY_BYTES {
            return Err(InvalidHash::TooExpensive("more than 256 MiB of memory"));
        }
        if product(&[r, n, p]) > MAX_WRITTEN_BYTES || product(&[r, p]) > MAX_LANES_BYTES {
            return Err(InvalidHash::TooExpensive("too much parallelism"));
        }
        let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| UNDEFINED)?;
        let params = Params::new(log_n, r, p).map_err(|_| UNDEFINED)?;
        Ok((Kdf::Scrypt(Self { params, salt, normalization }), output))
    }

    pub(super) fn compute(
        &self,
        password: &[u8],
        output: &mut [u8],
    ) -> Result<(), InvalidOutputLen> {
        match (self.normalization, str::from_utf8(password)) {
            (Normalization::Nfkc, Ok(password)) => {
                let nfkc = ComposingNormalizerBorrowed::new_nfkc();
                let password = Zeroizing::new(nfkc.normalize(password).into_owned());
                ::scrypt::scrypt(password.as_bytes(), &self.salt, &self.params, output)
            }
            _ => ::scrypt::scrypt(password, &self.salt, &self.params, output),
        }
    }
}
