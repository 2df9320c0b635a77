//! PBKDF2, in the notations of passlib, Django, Werkzeug and the PHC.

use ::pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::fields::{self, Fault};
use super::{Reading, Recipe};

/// Several times what is recommended today, and with SHA-512 seconds of work.
const MAX_ITERATIONS: usize = 4_000_000;

pub(super) struct Pbkdf2 {
    prf: Prf,
    iterations: u32,
    salt: Vec<u8>,
}

/// The pseudorandom function it is made of: HMAC with one of these.
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
    /// Reads `29000$salt$hash` of passlib, or `i=29000,l=32$salt$hash` of the PHC.
    pub(super) fn read_modular(prf: Prf, rest: &str) -> Reading {
        let [costs, salt, output] = fields::split(rest)?;
        let output = fields::base64_output(output)?;
        let iterations = if costs.contains("l=") {
            let [iterations, length] = fields::named_numbers(costs, ["i", "l"])?;
            if usize::try_from(length) != Ok(output.len()) {
                return Err(Fault::Malformed("its hash has not the length that it says"));
            }
            iterations
        } else {
            // The length may be left out, and passlib leaves the name out too.
            fields::number(costs.strip_prefix("i=").unwrap_or(costs))?
        };
        Self::from_parts(prf, iterations, fields::base64_salt(salt)?, output)
    }

    /// Reads `29000$salt$hash`. The salt is text.
    pub(super) fn read_django(prf: Prf, rest: &str) -> Reading {
        let [iterations, salt, output] = fields::split(rest)?;
        let iterations = fields::number(iterations)?;
        let salt = fields::text_salt(salt)?;
        Self::from_parts(prf, iterations, salt, fields::base64_output(output)?)
    }

    /// Reads `29000` and `salt$hash`. The salt is text.
    pub(super) fn read_werkzeug(prf: Prf, iterations: &str, rest: &str) -> Reading {
        let [salt, output] = fields::split(rest)?;
        let iterations = fields::number(iterations)?;
        let salt = fields::text_salt(salt)?;
        Self::from_parts(prf, iterations, salt, fields::hexadecimal_output(output)?)
    }

    fn from_parts(prf: Prf, iterations: u32, salt: Vec<u8>, output: Vec<u8>) -> Reading {
        if iterations == 0 {
            return Err(Fault::Malformed("PBKDF2 is not defined for no iterations"));
        }
        // Every block of the output takes all iterations again.
        let blocks = output.len().div_ceil(prf.output_bytes());
        let work = usize::try_from(iterations).ok().and_then(|count| count.checked_mul(blocks));
        if work.is_none_or(|work| work > MAX_ITERATIONS) {
            return Err(Fault::TooExpensive("it makes more than four million iterations"));
        }
        Ok((Recipe::Pbkdf2(Self { prf, iterations, salt }), output))
    }

    pub(super) fn compute(&self, password: &[u8], output: &mut [u8]) {
        match self.prf {
            Prf::Sha1 => pbkdf2_hmac::<Sha1>(password, &self.salt, self.iterations, output),
            Prf::Sha256 => pbkdf2_hmac::<Sha256>(password, &self.salt, self.iterations, output),
            Prf::Sha512 => pbkdf2_hmac::<Sha512>(password, &self.salt, self.iterations, output),
        }
    }
}
