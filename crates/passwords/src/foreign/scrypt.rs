//! Scrypt, in the notations of passlib, Django, Werkzeug and Better Auth.

use ::scrypt::Params;
use ::scrypt::errors::InvalidOutputLen;
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use super::fields::{self, Fault};
use super::{Reading, Recipe};

/// As much as a hash of our own may take: 256 MiB.
const MAX_MEMORY_BYTES: u64 = 256 << 20;
/// The lanes are computed one after another, all in that memory.
const MAX_WRITTEN_BYTES: u64 = 1 << 30;
/// What the lanes begin and end as, which is all there at once.
const MAX_LANES_BYTES: u64 = 16 << 20;
/// What Better Auth hashes with; its hashes do not say so.
const BETTER_AUTH: (u32, u32, u32) = (16_384, 16, 1);
const BETTER_AUTH_OUTPUT_BYTES: usize = 64;

pub(super) struct Scrypt {
    params: Params,
    salt: Vec<u8>,
    form: Form,
}

/// The form in which a password is hashed.
#[derive(Clone, Copy)]
enum Form {
    /// As it was typed.
    Typed,
    /// In NFKC.
    Nfkc,
}

impl Scrypt {
    /// Reads `ln=16,r=8,p=1$salt$hash`.
    pub(super) fn read_phc(rest: &str) -> Reading {
        let [costs, salt, output] = fields::split(rest)?;
        let [log_n, r, p] = fields::named_numbers(costs, ["ln", "r", "p"])?;
        let n =
            1_u32.checked_shl(log_n).ok_or(Fault::TooExpensive("its N is beyond all bounds"))?;
        let salt = fields::base64_salt(salt)?;
        Self::from_parts((n, r, p), salt, Form::Typed, fields::base64_output(output)?)
    }

    /// Reads `N$salt$r$p$hash`.
    pub(super) fn read_django(rest: &str) -> Reading {
        let [n, salt, r, p, output] = fields::split(rest)?;
        let costs = (fields::number(n)?, fields::number(r)?, fields::number(p)?);
        let salt = fields::text_salt(salt)?;
        Self::from_parts(costs, salt, Form::Typed, fields::base64_output(output)?)
    }

    /// Reads `N:r:p` and `salt$hash`.
    pub(super) fn read_werkzeug(costs: &str, rest: &str) -> Reading {
        const COSTS: Fault = Fault::Malformed("its costs are not three");
        let (n, costs) = costs.split_once(':').ok_or(COSTS)?;
        let (r, p) = costs.split_once(':').ok_or(COSTS)?;
        let costs = (fields::number(n)?, fields::number(r)?, fields::number(p)?);
        let [salt, output] = fields::split(rest)?;
        let salt = fields::text_salt(salt)?;
        Self::from_parts(costs, salt, Form::Typed, fields::hexadecimal_output(output)?)
    }

    /// Reads `salt:hash`. The digits of the salt are the salt.
    pub(super) fn read_better_auth(salt: &str, output: &str) -> Reading {
        let output = fields::hexadecimal_output(output)?;
        if output.len() != BETTER_AUTH_OUTPUT_BYTES {
            return Err(Fault::Malformed("its hash has not the 64 bytes of one of Better Auth"));
        }
        Self::from_parts(BETTER_AUTH, fields::text_salt(salt)?, Form::Nfkc, output)
    }

    fn from_parts(
        (n, r, p): (u32, u32, u32),
        salt: Vec<u8>,
        form: Form,
        output: Vec<u8>,
    ) -> Reading {
        const UNDEFINED: Fault = Fault::Malformed("scrypt is not defined for its costs");
        if n < 2 || !n.is_power_of_two() {
            return Err(UNDEFINED);
        }
        // Three numbers of 32 bits each and 128 may be more than 64 bits hold.
        let product = |factors: &[u32]| {
            factors.iter().fold(128, |bytes: u64, factor| bytes.saturating_mul((*factor).into()))
        };
        if product(&[r, n]) > MAX_MEMORY_BYTES {
            return Err(Fault::TooExpensive("it takes more than 256 MiB of memory"));
        }
        if product(&[r, n, p]) > MAX_WRITTEN_BYTES || product(&[r, p]) > MAX_LANES_BYTES {
            return Err(Fault::TooExpensive("its parallelism makes it too much work"));
        }
        let log_n = u8::try_from(n.trailing_zeros()).map_err(|_| UNDEFINED)?;
        let params = Params::new(log_n, r, p).map_err(|_| UNDEFINED)?;
        Ok((Recipe::Scrypt(Self { params, salt, form }), output))
    }

    pub(super) fn compute(
        &self,
        password: &[u8],
        output: &mut [u8],
    ) -> Result<(), InvalidOutputLen> {
        match (self.form, str::from_utf8(password)) {
            (Form::Nfkc, Ok(password)) => {
                let nfkc = ComposingNormalizerBorrowed::new_nfkc();
                let password = Zeroizing::new(nfkc.normalize(password).into_owned());
                ::scrypt::scrypt(password.as_bytes(), &self.salt, &self.params, output)
            }
            _ => ::scrypt::scrypt(password, &self.salt, &self.params, output),
        }
    }
}
