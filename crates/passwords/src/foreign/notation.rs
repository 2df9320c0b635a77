//! Detection of the notation by its prefix. The module of the scheme parses the rest.

use ::argon2::Algorithm;

use super::argon2::Argon2;
use super::bcrypt::{Bcrypt, Preparation};
use super::pbkdf2::{Pbkdf2, Prf};
use super::phc_fields;
use super::scrypt::Scrypt;
use super::{Parsed, Scheme};

/// Detects the scheme of a hash and parses it; returns `None` if the notation is unknown.
pub(super) fn parse(text: &str) -> Option<(Scheme, Parsed)> {
    match text.split_once('$') {
        Some(("", rest)) => {
            let (name, rest) = rest.split_once('$')?;
            parse_modular(name, rest)
        }
        Some((name, rest)) if name.contains(':') => parse_werkzeug(name, rest),
        Some((name, rest)) => parse_django(name, rest),
        None => parse_better_auth(text),
    }
}

/// Parses `$name$...`, the format of `/etc/shadow`, passlib and most libraries.
fn parse_modular(name: &str, rest: &str) -> Option<(Scheme, Parsed)> {
    Some(match name {
        "2a" | "2b" | "2y" => (Scheme::Bcrypt, Bcrypt::parse(rest, Preparation::None)),
        "bcrypt-sha256" => (Scheme::BcryptSha256, Bcrypt::parse_passlib(rest)),
        "scrypt" => (Scheme::Scrypt, Scrypt::parse_phc(rest)),
        "pbkdf2" => (Scheme::Pbkdf2Sha1, Pbkdf2::parse_modular(Prf::Sha1, rest)),
        "pbkdf2-sha256" => (Scheme::Pbkdf2Sha256, Pbkdf2::parse_modular(Prf::Sha256, rest)),
        "pbkdf2-sha512" => (Scheme::Pbkdf2Sha512, Pbkdf2::parse_modular(Prf::Sha512, rest)),
        _ => return parse_argon2(name, rest),
    })
}

fn parse_argon2(name: &str, rest: &str) -> Option<(Scheme, Parsed)> {
    let (scheme, algorithm) = match name {
        "argon2id" => (Scheme::Argon2id, Algorithm::Argon2id),
        "argon2i" => (Scheme::Argon2i, Algorithm::Argon2i),
        "argon2d" => (Scheme::Argon2d, Algorithm::Argon2d),
        _ => return None,
    };
    Some((scheme, Argon2::parse(algorithm, rest)))
}

/// Parses `name$...` of Django, which may wrap the format of another library.
fn parse_django(name: &str, rest: &str) -> Option<(Scheme, Parsed)> {
    Some(match name {
        "argon2" => {
            let (name, rest) = rest.split_once('$')?;
            return parse_argon2(name, rest);
        }
        "bcrypt" => (Scheme::Bcrypt, Bcrypt::parse_django(rest, Preparation::None)),
        "bcrypt_sha256" => {
            (Scheme::BcryptSha256, Bcrypt::parse_django(rest, Preparation::HexOfSha256))
        }
        "scrypt" => (Scheme::Scrypt, Scrypt::parse_django(rest)),
        "pbkdf2_sha1" => (Scheme::Pbkdf2Sha1, Pbkdf2::parse_django(Prf::Sha1, rest)),
        "pbkdf2_sha256" => (Scheme::Pbkdf2Sha256, Pbkdf2::parse_django(Prf::Sha256, rest)),
        _ => return None,
    })
}

/// Parses `name:costs$salt$hash`.
fn parse_werkzeug(method: &str, rest: &str) -> Option<(Scheme, Parsed)> {
    let (name, costs) = method.split_once(':')?;
    Some(match name {
        "scrypt" => (Scheme::Scrypt, Scrypt::parse_werkzeug(costs, rest)),
        "pbkdf2" => {
            let (digest, iterations) = costs.split_once(':').unwrap_or((costs, ""));
            let (scheme, prf) = match digest {
                "sha1" => (Scheme::Pbkdf2Sha1, Prf::Sha1),
                "sha256" => (Scheme::Pbkdf2Sha256, Prf::Sha256),
                "sha512" => (Scheme::Pbkdf2Sha512, Prf::Sha512),
                _ => return None,
            };
            (scheme, Pbkdf2::parse_werkzeug(prf, iterations, rest))
        }
        _ => return None,
    })
}

/// Parses `salt:key`, the only notation without a name.
fn parse_better_auth(text: &str) -> Option<(Scheme, Parsed)> {
    let (salt, key) = text.split_once(':')?;
    let is_hexadecimal = phc_fields::is_hexadecimal(salt) && phc_fields::is_hexadecimal(key);
    is_hexadecimal.then(|| (Scheme::Scrypt, Scrypt::parse_better_auth(salt, key)))
}
