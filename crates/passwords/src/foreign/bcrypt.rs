//! Bcrypt of a password or of its SHA-256.
//!
//! Bcrypt uses the first 72 bytes and ignores all others, as it did when the hash was created. The
//! zero byte that ends a shorter password is part of the input. A zero byte inside a password is
//! handled like any other byte, as in current libraries for Python, Node, Go and Rust. C
//! implementations end the password there, but passlib and PHP do not accept such passwords. The
//! variants `2a`, `2b` and `2y` are the same function; the letters mark bug fixes of
//! implementations.

use base64::Engine as _;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use pbkdf2::hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use vestibule_domain::error::BoxError;
use zeroize::Zeroizing;

use super::phc_fields::{self, InvalidHash};
use super::{Kdf, Parsed};

/// Base64 with the alphabet of bcrypt. The encoding of a 16-byte salt has four unused bits, which
/// some libraries fill at random.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &BCRYPT,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true),
);
/// Cost factors that bcrypt is defined for.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;
/// Maximum cost factor. Each step doubles the work; a comparison with 15 takes over two seconds.
const MAX_COST: u32 = 15;
/// Number of bytes of a password that bcrypt uses.
const KEY_BYTES: usize = 72;
const SALT_CHARACTERS: usize = 22;
const OUTPUT_CHARACTERS: usize = 31;
const OUTPUT_BYTES: usize = 23;

pub(super) struct Bcrypt {
    cost: u32,
    salt: [u8; 16],
    preparation: Preparation,
}

/// Preprocessing of a password before bcrypt.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Preparation {
    /// No preprocessing.
    None,
    /// Django: SHA-256 in hexadecimal digits.
    HexOfSha256,
    /// passlib, version 1: SHA-256 in Base64.
    Base64OfSha256,
    /// passlib, version 2: HMAC-SHA-256 in Base64; the key is the encoded salt.
    Base64OfHmac,
}

impl Bcrypt {
    /// Parses `12$salt+hash`.
    pub(super) fn parse(rest: &str, preparation: Preparation) -> Parsed {
        let [cost, salt_and_output] = phc_fields::split(rest)?;
        // Only this notation always has two digits.
        if cost.len() != 2 {
            return Err(InvalidHash::Malformed("the cost does not have two digits"));
        }
        let cost = cost.strip_prefix('0').unwrap_or(cost);
        let (salt, output) = salt_and_output
            .split_at_checked(SALT_CHARACTERS)
            .ok_or(InvalidHash::Malformed("it is not 60 characters long"))?;
        Self::from_parts(cost, salt, output, preparation)
    }

    /// Parses `$2b$12$salt+hash`, the part after Django's algorithm name.
    pub(super) fn parse_django(rest: &str, preparation: Preparation) -> Parsed {
        let rest = ["$2a$", "$2b$", "$2y$"].iter().find_map(|variant| rest.strip_prefix(variant));
        let rest = rest.ok_or(InvalidHash::Malformed("the variant is not 2a, 2b or 2y"))?;
        Self::parse(rest, preparation)
    }

    /// Parses `v=2,t=2b,r=12$salt$hash`, or `2b,12$salt$hash` of passlib before 1.7.3.
    pub(super) fn parse_passlib(rest: &str) -> Parsed {
        let [settings, salt, output] = phc_fields::split(rest)?;
        let first = ["2a,", "2b,"].iter().find_map(|variant| settings.strip_prefix(variant));
        let second = settings.strip_prefix("v=2,t=2b,r=");
        match (first, second) {
            (Some(cost), _) => Self::from_parts(cost, salt, output, Preparation::Base64OfSha256),
            (_, Some(cost)) => Self::from_parts(cost, salt, output, Preparation::Base64OfHmac),
            _ => Err(InvalidHash::Malformed("unknown passlib settings")),
        }
    }

    fn from_parts(cost: &str, salt: &str, output: &str, preparation: Preparation) -> Parsed {
        const NOT_BASE64: InvalidHash =
            InvalidHash::Malformed("the salt or the hash is not in bcrypt's Base64");
        let cost = phc_fields::number(cost)?;
        if !COSTS.contains(&cost) {
            return Err(InvalidHash::Malformed("invalid cost"));
        }
        if cost > MAX_COST {
            return Err(InvalidHash::TooExpensive("a cost of more than 15"));
        }
        if salt.len() != SALT_CHARACTERS || output.len() != OUTPUT_CHARACTERS {
            return Err(InvalidHash::Malformed("the salt or the hash has the wrong length"));
        }
        let salt = BASE64.decode(salt).ok().and_then(|salt| salt.try_into().ok());
        let salt = salt.ok_or(NOT_BASE64)?;
        let output = BASE64.decode(output).map_err(|_| NOT_BASE64)?;
        if output.len() != OUTPUT_BYTES {
            return Err(NOT_BASE64);
        }
        Ok((Kdf::Bcrypt(Self { cost, salt, preparation }), output))
    }

    /// Returns `true` if the hash depends on every byte of the password.
    ///
    /// A password of exactly 72 bytes may have been longer when the hash was created.
    pub(super) fn uses_all_bytes(&self, password: &[u8]) -> bool {
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
