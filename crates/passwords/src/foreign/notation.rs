//! Tells notations apart by how they begin. What follows is read by the module of the scheme.

use ::argon2::Algorithm;

use super::argon2::Argon2;
use super::bcrypt::{Bcrypt, Preparation};
use super::fields;
use super::pbkdf2::{Pbkdf2, Prf};
use super::scrypt::Scrypt;
use super::{Reading, Scheme};

/// `None` when it begins like none of them.
pub(super) fn read(text: &str) -> Option<(Scheme, Reading)> {
    match text.split_once('$') {
        Some(("", rest)) => {
            let (name, rest) = rest.split_once('$')?;
            read_modular(name, rest)
        }
        Some((name, rest)) if name.contains(':') => read_werkzeug(name, rest),
        Some((name, rest)) => read_django(name, rest),
        None => read_better_auth(text),
    }
}

/// `$name$...`, as in `/etc/shadow`: what most libraries and passlib write.
fn read_modular(name: &str, rest: &str) -> Option<(Scheme, Reading)> {
    Some(match name {
        "2a" | "2b" | "2y" => (Scheme::Bcrypt, Bcrypt::read(rest, Preparation::None)),
        "bcrypt-sha256" => (Scheme::BcryptSha256, Bcrypt::read_passlib(rest)),
        "scrypt" => (Scheme::Scrypt, Scrypt::read_phc(rest)),
        "pbkdf2" => (Scheme::Pbkdf2Sha1, Pbkdf2::read_modular(Prf::Sha1, rest)),
        "pbkdf2-sha256" => (Scheme::Pbkdf2Sha256, Pbkdf2::read_modular(Prf::Sha256, rest)),
        "pbkdf2-sha512" => (Scheme::Pbkdf2Sha512, Pbkdf2::read_modular(Prf::Sha512, rest)),
        _ => return read_argon2(name, rest),
    })
}

fn read_argon2(name: &str, rest: &str) -> Option<(Scheme, Reading)> {
    let (scheme, algorithm) = match name {
        "argon2id" => (Scheme::Argon2id, Algorithm::Argon2id),
        "argon2i" => (Scheme::Argon2i, Algorithm::Argon2i),
        "argon2d" => (Scheme::Argon2d, Algorithm::Argon2d),
        _ => return None,
    };
    Some((scheme, Argon2::read(algorithm, rest)))
}

/// `name$...`, or its name in front of what the library wrote.
fn read_django(name: &str, rest: &str) -> Option<(Scheme, Reading)> {
    Some(match name {
        "argon2" => {
            let (name, rest) = rest.split_once('$')?;
            return read_argon2(name, rest);
        }
        "bcrypt" => (Scheme::Bcrypt, Bcrypt::read_django(rest, Preparation::None)),
        "bcrypt_sha256" => {
            (Scheme::BcryptSha256, Bcrypt::read_django(rest, Preparation::HexOfSha256))
        }
        "scrypt" => (Scheme::Scrypt, Scrypt::read_django(rest)),
        "pbkdf2_sha1" => (Scheme::Pbkdf2Sha1, Pbkdf2::read_django(Prf::Sha1, rest)),
        "pbkdf2_sha256" => (Scheme::Pbkdf2Sha256, Pbkdf2::read_django(Prf::Sha256, rest)),
        _ => return None,
    })
}

/// `name:costs$salt$hash`.
fn read_werkzeug(method: &str, rest: &str) -> Option<(Scheme, Reading)> {
    let (name, costs) = method.split_once(':')?;
    Some(match name {
        "scrypt" => (Scheme::Scrypt, Scrypt::read_werkzeug(costs, rest)),
        "pbkdf2" => {
            let (digest, iterations) = costs.split_once(':').unwrap_or((costs, ""));
            let (scheme, prf) = match digest {
                "sha1" => (Scheme::Pbkdf2Sha1, Prf::Sha1),
                "sha256" => (Scheme::Pbkdf2Sha256, Prf::Sha256),
                "sha512" => (Scheme::Pbkdf2Sha512, Prf::Sha512),
                _ => return None,
            };
            (scheme, Pbkdf2::read_werkzeug(prf, iterations, rest))
        }
        _ => return None,
    })
}

/// `salt:key`, the only notation without a name.
fn read_better_auth(text: &str) -> Option<(Scheme, Reading)> {
    let (salt, key) = text.split_once(':')?;
    let is_hexadecimal = fields::is_hexadecimal(salt) && fields::is_hexadecimal(key);
    is_hexadecimal.then(|| (Scheme::Scrypt, Scrypt::read_better_auth(salt, key)))
}
