//! Bcrypt, of a password or of a SHA-256 of one.
//!
//! Bcrypt itself looks at 72 bytes. All others are ignored, as they were where the hash was made,
//! and the byte zero that ends a shorter password is part of what is hashed. A zero inside a
//! password is a byte like any other, as it is for today's libraries for Python, Node, Go and Rust.
//! Where it ended the password instead, in C, such a password could hardly be set: passlib and PHP
//! refuse it. The variants `2a`, `2b` and `2y` are the same function; they name repairs of
//! implementations.

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pbkdf2::hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use vestibule_domain::error::BoxError;
use zeroize::Zeroizing;

use super::fields::{self, Fault};
use super::{Reading, Recipe};

/// Bcrypt's own alphabet. A salt of 16 bytes has four bits more than it needs, and some libraries
/// left chance to fill them.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);
/// What bcrypt is defined for.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;
/// Each step doubles the work. At 15 a comparison takes more than two seconds.
const MAX_COST: u32 = 15;
/// How much of a password bcrypt looks at.
const KEY_BYTES: usize = 72;
const SALT_CHARACTERS: usize = 22;
const OUTPUT_CHARACTERS: usize = 31;
const OUTPUT_BYTES: usize = 23;

pub(super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    preparation: Preparation,
}

/// What is done to a password before bcrypt sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Preparation {
    /// Nothing.
    None,
    /// Django's: SHA-256 in hexadecimal digits.
    HexOfSha256,
    /// passlib's first: SHA-256 in Base64.
    Base64OfSha256,
    /// passlib's second: HMAC-SHA-256 in Base64; its key is the text of the salt.
    Base64OfHmac,
}

impl Bcrypt {
    /// Reads `12$salt+hash`.
    pub(super) fn read(rest: &str, preparation: Preparation) -> Reading {
        let [cost, salt_and_output] = fields::split(rest)?;
        // Always two digits here, and nowhere else.
        if cost.len() != 2 {
            return Err(Fault::Malformed("its cost has not two digits"));
        }
        let cost = cost.strip_prefix('0').unwrap_or(cost);
        let (salt, output) = salt_and_output
            .split_at_checked(SALT_CHARACTERS)
            .ok_or(Fault::Malformed("it has not 60 characters"))?;
        Self::from_parts(cost, salt, output, preparation)
    }

    /// Reads `$2b$12$salt+hash`, which is what follows Django's own name.
    pub(super) fn read_django(rest: &str, preparation: Preparation) -> Reading {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|variant| rest.strip_prefix(variant));
        Self::read(rest.ok_or(Fault::Malformed("its variant is none of 2a, 2b, 2y"))?, preparation)
    }

    /// Reads `v=2,t=2b,r=12$salt$hash`, or what passlib wrote before 1.7.3: `2b,12$salt$hash`.
    pub(super) fn read_passlib(rest: &str) -> Reading {
        let [settings, salt, output] = fields::split(rest)?;
        let first = ["2a,", "2b,"].iter().find_map(|variant| settings.strip_prefix(variant));
        let second = settings.strip_prefix("v=2,t=2b,r=");
        match (first, second) {
            (Some(cost), _) => Self::from_parts(cost, salt, output, Preparation::Base64OfSha256),
            (_, Some(cost)) => Self::from_parts(cost, salt, output, Preparation::Base64OfHmac),
            _ => Err(Fault::Malformed("its settings are not those of passlib")),
        }
    }

    fn from_parts(cost: &str, salt: &str, output: &str, preparation: Preparation) -> Reading {
        const NOT_BASE64: Fault = Fault::Malformed("its salt or its hash is not bcrypt's Base64");
        let cost = fields::number(cost)?;
        if !COSTS.contains(&cost) {
            return Err(Fault::Malformed("bcrypt is not defined for its cost"));
        }
        if cost > MAX_COST {
            return Err(Fault::TooExpensive("its cost is more than 15"));
        }
        if salt.len() != SALT_CHARACTERS || output.len() != OUTPUT_CHARACTERS {
            return Err(Fault::Malformed("its salt or its hash has another length"));
        }
        let salt = BASE64.decode(salt).ok().and_then(|salt| salt.try_into().ok());
        let salt = salt.ok_or(NOT_BASE64)?;
        let output = BASE64.decode(output).map_err(|_| NOT_BASE64)?;
        if output.len() != OUTPUT_BYTES {
            return Err(NOT_BASE64);
        }
        Ok((Recipe::Bcrypt(Self { cost, salt, preparation }), output))
    }

    /// Whether every byte of the password counts. Of 72 bytes, nobody knows whether they are all:
    /// more may have been cut off when the hash was made.
    pub(super) fn sees_all_of(&self, password: &[u8]) -> bool {
        self.preparation != Preparation::None || password.len() < KEY_BYTES
    }

    pub(super) fn compute(&self, password: &[u8], output: &mut [u8]) -> Result<(), BoxError> {
        let prepared = self.prepare(password)?;
        let length = prepared.len().min(KEY_BYTES);
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        key[..length].copy_from_slice(&prepared[..length]);
        let key = &key[..KEY_BYTES.min(length + 1)];
        let computed = Zeroizing::new(::bcrypt::bcrypt(self.cost, self.salt, key));
        output.copy_from_slice(&computed[..OUTPUT_BYTES]);
        Ok(())
    }

    fn prepare(&self, password: &[u8]) -> Result<Zeroizing<Vec<u8>>, BoxError> {
        let prepared = match self.preparation {
            Preparation::None => password.to_vec(),
            Preparation::HexOfSha256 => {
                let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
                digest.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(hexadecimal).collect()
            }
            Preparation::Base64OfSha256 => {
                let digest = Zeroizing::new(<[u8; 32]>::from(Sha256::digest(password)));
                STANDARD.encode(*digest).into_bytes()
            }
            Preparation::Base64OfHmac => {
                let mut hmac = Hmac::<Sha256>::new_from_slice(BASE64.encode(self.salt).as_bytes())?;
                hmac.update(password);
                let code = Zeroizing::new(<[u8; 32]>::from(hmac.finalize().into_bytes()));
                STANDARD.encode(*code).into_bytes()
            }
        };
        Ok(Zeroizing::new(prepared))
    }
}

fn hexadecimal(digit: u8) -> u8 {
    if digit < 10 { b'0' + digit } else { b'a' + digit - 10 }
}
