//! The keys of a running server, in memory.
//!
//! Readers use a snapshot and never wait for a reload; a reload swaps the snapshot.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey, SymmetricKey};
use pasetors::version4::V4;
use time::OffsetDateTime;
use vestibule_domain::model::claims::SignedToken;
use vestibule_domain::ports::{SealError, TokenError};
use zeroize::Zeroizing;

use crate::keys::{Fingerprint, KeyDirectory, KeyError, Lifecycle, Secret, paserk};
use crate::purpose::Purpose;
use crate::v4_local::{self, EncryptedToken};
use crate::v4_public::{self, MAX_TOKEN_BYTES, UnverifiedToken};

/// The keys of a directory in memory, reloaded when the files change.
#[derive(Debug)]
pub struct KeyRing {
    directory: KeyDirectory,
    current: RwLock<Arc<Snapshot>>,
    /// Number of reloads.
    generation: AtomicU64,
}

/// A public key that other services verify access tokens with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// PASERK id, `k4.pid.…`, as in the footer of the tokens.
    pub kid: String,
    /// Key as PASERK, `k4.public.…`.
    pub key: String,
}

#[derive(Debug)]
struct Snapshot {
    signing: BTreeMap<Purpose, KeySet>,
    /// In ascending order of generation.
    sealing: Vec<SealingKey>,
    fingerprint: Fingerprint,
}

/// The signing keys of a purpose.
#[derive(Debug, Default)]
struct KeySet {
    /// In ascending order of generation; never empty.
    signing: Vec<SigningKey>,
    /// Accepted public keys by `kid`.
    verifying: BTreeMap<String, AsymmetricPublicKey<V4>>,
}

#[derive(Debug)]
struct SigningKey {
    kid: String,
    secret: AsymmetricSecretKey<V4>,
    signs_from: OffsetDateTime,
}

#[derive(Debug)]
struct SealingKey {
    kid: String,
    secret: SymmetricKey<V4>,
}

/// The sealed text would be too long to be opened.
#[derive(Debug, thiserror::Error)]
#[error("text too long to be sealed")]
struct TooLong;

impl KeyRing {
    /// Loads the keys of a directory.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if a file is invalid or a purpose has no active key.
    pub fn load(directory: KeyDirectory) -> Result<Self, KeyError> {
        let current = RwLock::new(Arc::new(Snapshot::load(&directory)?));
        Ok(Self { directory, current, generation: AtomicU64::new(0) })
    }

    /// Reloads the keys. After an error the ring continues with the previous keys.
    fn reload(&self) -> Result<(), KeyError> {
        let snapshot = Arc::new(Snapshot::load(&self.directory)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Reloads the keys if a file has changed; returns `true` if it did.
    ///
    /// Checks the metadata of a few files, so it can be called every second. After an error the
    /// ring continues with the previous keys, and every call returns the error until the files are
    /// fixed.
    pub fn reload_if_changed(&self) -> Result<bool, KeyError> {
        if self.directory.fingerprint()? == self.snapshot().fingerprint {
            return Ok(false);
        }
        self.reload()?;
        Ok(true)
    }

    /// Returns a number that changes with every reload.
    ///
    /// A caller that reads the number first and then uses the keys gets keys of that generation or
    /// a later one.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Returns the public keys of access tokens, for services that verify them themselves.
    pub fn public_keys(&self) -> Vec<PublishedKey> {
        let snapshot = self.snapshot();
        let keys = snapshot.keys(Purpose::Access).into_iter().flat_map(|keys| &keys.verifying);
        keys.map(|(kid, key)| PublishedKey { kid: kid.clone(), key: paserk(key) }).collect()
    }

    /// Signs a payload with the key for tokens issued at `issued_at`.
    pub(crate) fn sign(
        &self,
        purpose: Purpose,
        issued_at: OffsetDateTime,
        payload: &str,
        implicit_assertion: &str,
    ) -> Result<SignedToken, TokenError> {
        let snapshot = self.snapshot();
        let key = snapshot.keys(purpose).and_then(|keys| keys.signing_at(issued_at));
        let key = key.ok_or_else(|| TokenError(Box::new(self.directory.no_active_key(purpose))))?;
        let token = v4_public::sign(&key.secret, payload, &footer(&key.kid), implicit_assertion);
        token.map(SignedToken::new).map_err(|error| TokenError(Box::new(error)))
    }

    /// Returns the payload of a token if it was signed with a key of this purpose.
    pub(crate) fn verify(
        &self,
        purpose: Purpose,
        token: &str,
        implicit_assertion: &str,
    ) -> Option<String> {
        let token = UnverifiedToken::parse(token)?;
        let kid = parse_footer(token.untrusted_footer())?;
        let snapshot = self.snapshot();
        let key = snapshot.keys(purpose)?.verifying.get(kid)?;
        token.verify(key, implicit_assertion)
    }

    /// Seals a payload with the newest key.
    pub(crate) fn seal(
        &self,
        payload: &str,
        implicit_assertion: &str,
    ) -> Result<String, SealError> {
        let snapshot = self.snapshot();
        let newest = snapshot.sealing.last();
        let key = newest
            .ok_or_else(|| SealError(Box::new(self.directory.no_active_key(Purpose::Seal))))?;
        let sealed = v4_local::encrypt(&key.secret, payload, &footer(&key.kid), implicit_assertion);
        let sealed = sealed.map_err(|error| SealError(Box::new(error)))?;
        // Checked here, because it could not be opened later.
        if sealed.len() > MAX_TOKEN_BYTES {
            return Err(SealError(Box::new(TooLong)));
        }
        Ok(sealed)
    }

    /// Returns the payload of a sealed text if it was sealed with one of the keys.
    pub(crate) fn unseal(
        &self,
        sealed: &str,
        implicit_assertion: &str,
    ) -> Option<Zeroizing<String>> {
        let sealed = EncryptedToken::parse(sealed)?;
        let kid = parse_footer(sealed.untrusted_footer())?;
        let snapshot = self.snapshot();
        let key = snapshot.sealing.iter().find(|key| key.kid == kid)?;
        sealed.decrypt(&key.secret, implicit_assertion)
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Snapshot {
    fn load(directory: &KeyDirectory) -> Result<Self, KeyError> {
        // Read before the files, so that a change in between is detected by the next check.
        let fingerprint = directory.fingerprint()?;
        let mut snapshot = Self { signing: BTreeMap::new(), sealing: Vec::new(), fingerprint };
        for key in directory.load()? {
            let Lifecycle::InUse(secret) = key.lifecycle else {
                continue;
            };
            match secret {
                Secret::Signing(pair) => {
                    let keys = snapshot.signing.entry(key.purpose).or_default();
                    keys.verifying.insert(key.kid.clone(), pair.public);
                    let (kid, secret, signs_from) = (key.kid, pair.secret, key.signs_from);
                    keys.signing.push(SigningKey { kid, secret, signs_from });
                }
                Secret::Sealing(secret) => {
                    snapshot.sealing.push(SealingKey { kid: key.kid, secret });
                }
            }
        }
        match Purpose::ALL.into_iter().find(|purpose| !snapshot.has_key(*purpose)) {
            Some(purpose) => Err(directory.no_active_key(purpose)),
            None => Ok(snapshot),
        }
    }

    /// Returns `true` if a purpose has an active key.
    fn has_key(&self, purpose: Purpose) -> bool {
        if purpose.seals() { !self.sealing.is_empty() } else { self.keys(purpose).is_some() }
    }

    /// Returns the signing keys of a purpose, or `None` if there are none.
    fn keys(&self, purpose: Purpose) -> Option<&KeySet> {
        self.signing.get(&purpose)
    }
}

impl KeySet {
    /// Returns the newest key that signs at `issued_at`.
    ///
    /// This depends on the claims, not on a clock, so a reset link that is mailed again after a
    /// rotation is still the same link.
    fn signing_at(&self, issued_at: OffsetDateTime) -> Option<&SigningKey> {
        let newest = self.signing.iter().rfind(|key| key.signs_from <= issued_at);
        newest.or(self.signing.first())
    }
}

fn footer(kid: &str) -> String {
    format!("{{\"kid\":\"{kid}\"}}")
}

/// Returns the `kid` of a footer in exactly the format of [`footer`].
///
/// The footer is untrusted, so it is not passed to a JSON parser: additional members, whitespace or
/// escapes are rejected. The result is only used to look up a key.
fn parse_footer(footer: &[u8]) -> Option<&str> {
    str::from_utf8(footer).ok()?.strip_prefix("{\"kid\":\"")?.strip_suffix("\"}")
}
