//! PBKDF2 in the notations of passlib, Django, Werkzeug and PHC.

use ::pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::phc_fields::{self, InvalidHash};
use super::{Kdf, Parsed};

/// Maximum number of iterations: several times the recommendation, seconds of work with SHA-512.
const MAX_ITERATIONS: usize = 4_000_000;

pub(super) struct Pbkdf2 {
    prf: Prf,
    iterations: u32,
    salt: Vec<u8>,
}

/// The pseudorandom function: HMAC with one of these digests.
#[derive(Clone, Copy)]
pub(super) enum Prf {
    Sha1,
    Sha256,
    Sha512,
}

impl Prf {
    fn output_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

impl Pbkdf2 {
    /// Parses `29000$salt$hash` of passlib, or `i=29000,l=32$salt$hash` of PHC.
    pub(super) fn parse_modular(prf: Prf, rest: &str) -> Parsed {
        let [costs, salt, output] = phc_fields::split(rest)?;
        let output = phc_fields::base64_output(output)?;
        let iterations = if costs.contains("l=") {
            let [iterations, length] = phc_fields::named_numbers(costs, ["i", "l"])?;
            if usize::try_from(length) != Ok(output.len()) {
                return Err(InvalidHash::Malformed("the output does not have the stated length"));
            }
            iterations
        } else {
            // The length is optional, and passlib also omits the name.
            phc_fields::number(costs.strip_prefix("i=").unwrap_or(costs))?
        };
        Self::from_parts(prf, iterations, phc_fields::base64_salt(salt)?, output)
    }

    /// Parses `29000$salt$hash`. The salt is text.
    pub(super) fn parse_django(prf: Prf, rest: &str) -> Parsed {
        let [iterations, salt, output] = phc_fields::split(rest)?;
        let iterations = phc_fields::number(iterations)?;
        let salt = phc_fields::text_salt(salt)?;
        Self::from_parts(prf, iterations, salt, phc_fields::base64_output(output)?)
    }

    /// Parses `29000` and `salt$hash`. The salt is text.
    pub(super) fn parse_werkzeug(prf: Prf, iterations: &str, rest: &str) -> Parsed {
        let [salt, output] = phc_fields::split(rest)?;
        let iterations = phc_fields::number(iterations)?;
        let salt = phc_fields::text_salt(salt)?;
        Self::from_parts(prf, iterations, salt, phc_fields::hexadecimal_output(output)?)
    }

    fn from_parts(prf: Prf, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Parsed {
        if iterations == 0 {
            return Err(InvalidHash::Malformed("the number of iterations is zero"));
        }
        // Each block of the output takes all iterations.
        let blocks = output.len().div_ceil(prf.output_bytes());
        let work = usize::try_from(iterations).ok().and_then(|count| count.checked_mul(blocks));
        if work.is_none_or(|work| work > MAX_ITERATIONS) {
            return Err(InvalidHash::TooExpensive("more than four million iterations"));
        }
        Ok((Kdf::Pbkdf2(Self { prf, iterations, salt }), output))
    }

    pub(super) fn compute(&self, password: &[u8], output: &mut [u8]) {
        match self.prf {
            Prf::Sha1 => pbkdf2_hmac::<Sha1>(password, &self.salt, self.iterations, output),
            Prf::Sha256 => pbkdf2_hmac::<Sha256>(password, &self.salt, self.iterations, output),
            Prf::Sha512 => pbkdf2_hmac::<Sha512>(password, &self.salt, self.iterations, output),
        }
    }
}
