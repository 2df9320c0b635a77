//! The keys a running server signs, verifies, seals and opens with.
//!
//! Readers take a snapshot and never wait for a reload; a reload swaps the snapshot.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use pasetors::keys::{AsymmetricPublicKey, AsymmetricSecretKey, SymmetricKey};
use pasetors::version4::V4;
use time::OffsetDateTime;
use vestibule_domain::ports::{SealError, TokenError};
use vestibule_domain::token::SignedToken;
use zeroize::Zeroizing;

use crate::envelope::{self, Envelope, MAX_TOKEN_BYTES};
use crate::keys::{Custody, Fingerprint, KeyDirectory, KeyError, Secret, paserk};
use crate::purpose::Purpose;
use crate::sealed::{self, Sealed};

/// The keys of a directory, kept in memory and exchanged when the files change.
#[derive(Debug)]
pub struct KeyRing {
    directory: KeyDirectory,
    current: RwLock<Arc<Snapshot>>,
    /// How often the keys were exchanged.
    generation: AtomicU64,
}

/// A public key that other services verify access tokens with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishedKey {
    /// Its PASERK id, `k4.pid.…`, as it stands in the footer of the tokens.
    pub kid: String,
    /// The key as PASERK, `k4.public.…`.
    pub key: String,
}

#[derive(Debug)]
struct Snapshot {
    signing: BTreeMap<Purpose, KeySet>,
    /// In ascending generation.
    sealing: Vec<SealingKey>,
    taken_of: Fingerprint,
}

/// The keys of one purpose that sign.
#[derive(Debug, Default)]
struct KeySet {
    /// In ascending generation; never empty.
    signing: Vec<SigningKey>,
    /// The allow-list, by `kid`.
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

/// A text is too long to be opened again.
#[derive(Debug, thiserror::Error)]
#[error("the text is too long to be sealed")]
struct TooLong;

impl KeyRing {
    /// Loads the keys of a directory. There has to be one in use for every purpose.
    pub fn load(directory: KeyDirectory) -> Result<Self, KeyError> {
        let current = RwLock::new(Arc::new(Snapshot::take(&directory)?));
        Ok(Self { directory, current, generation: AtomicU64::new(0) })
    }

    /// Loads the keys again. After an error the ring goes on with what it had.
    fn reload(&self) -> Result<(), KeyError> {
        let snapshot = Arc::new(Snapshot::take(&self.directory)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = snapshot;
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Loads the keys again if a file has changed, and says whether it did.
    ///
    /// Looks at one directory and a handful of files, so it may be called every second. Goes on
    /// with the keys it had after an error, and reports it at every call until it is repaired.
    pub fn reload_if_changed(&self) -> Result<bool, KeyError> {
        if self.directory.fingerprint()? == self.snapshot().taken_of {
            return Ok(false);
        }
        self.reload()?;
        Ok(true)
    }

    /// Names the keys of this moment: after an exchange it is another. Whoever takes it first and
    /// the keys then has keys that are at least as new.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The keys that verify access tokens, for services that do so themselves.
    pub fn public_keys(&self) -> Vec<PublishedKey> {
        let snapshot = self.snapshot();
        let keys = snapshot.keys(Purpose::Access).into_iter().flat_map(|keys| &keys.verifying);
        keys.map(|(kid, key)| PublishedKey { kid: kid.clone(), key: paserk(key) }).collect()
    }

    /// Signs a payload with the key that signs at `issued_at`.
    pub(crate) fn sign(
        &self,
        purpose: Purpose,
        issued_at: OffsetDateTime,
        payload: &str,
        implicit_assertion: &str,
    ) -> Result<SignedToken, TokenError> {
        let snapshot = self.snapshot();
        let key = snapshot.keys(purpose).and_then(|keys| keys.signing_at(issued_at));
        let key = key.ok_or_else(|| TokenError(Box::new(self.directory.lacks(purpose))))?;
        let token = envelope::seal(&key.secret, payload, &footer(&key.kid), implicit_assertion);
        token.map(SignedToken::new).map_err(|error| TokenError(Box::new(error)))
    }

    /// The payload of a token, if a key of this purpose has signed it.
    pub(crate) fn open(
        &self,
        purpose: Purpose,
        token: &str,
        implicit_assertion: &str,
    ) -> Option<String> {
        let envelope = Envelope::parse(token)?;
        let kid = read_footer(envelope.untrusted_footer())?;
        let snapshot = self.snapshot();
        let key = snapshot.keys(purpose)?.verifying.get(kid)?;
        envelope.open(key, implicit_assertion)
    }

    /// Seals a payload with the newest key.
    pub(crate) fn seal(
        &self,
        payload: &str,
        implicit_assertion: &str,
    ) -> Result<String, SealError> {
        let snapshot = self.snapshot();
        let newest = snapshot.sealing.last();
        let key = newest.ok_or_else(|| SealError(Box::new(self.directory.lacks(Purpose::Seal))))?;
        let sealed = sealed::seal(&key.secret, payload, &footer(&key.kid), implicit_assertion);
        let sealed = sealed.map_err(|error| SealError(Box::new(error)))?;
        // Better now than when it is needed again.
        if sealed.len() > MAX_TOKEN_BYTES {
            return Err(SealError(Box::new(TooLong)));
        }
        Ok(sealed)
    }

    /// The payload of a sealed text, if one of our keys has sealed it.
    pub(crate) fn unseal(
        &self,
        sealed: &str,
        implicit_assertion: &str,
    ) -> Option<Zeroizing<String>> {
        let sealed = Sealed::parse(sealed)?;
        let kid = read_footer(sealed.untrusted_footer())?;
        let snapshot = self.snapshot();
        let key = snapshot.sealing.iter().find(|key| key.kid == kid)?;
        sealed.open(&key.secret, implicit_assertion)
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Snapshot {
    fn take(directory: &KeyDirectory) -> Result<Self, KeyError> {
        // Looked at before reading: a change in between is noticed the next time.
        let taken_of = directory.fingerprint()?;
        let mut snapshot = Self { signing: BTreeMap::new(), sealing: Vec::new(), taken_of };
        for key in directory.load()? {
            // A retired key is on record, no more.
            let Custody::Held(secret) = key.state else {
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
        match Purpose::ALL.into_iter().find(|purpose| !snapshot.serves(*purpose)) {
            Some(lacking) => Err(directory.lacks(lacking)),
            None => Ok(snapshot),
        }
    }

    /// Whether there is a key in use for a purpose.
    fn serves(&self, purpose: Purpose) -> bool {
        if purpose.seals() { !self.sealing.is_empty() } else { self.keys(purpose).is_some() }
    }

    /// The keys that sign for a purpose; `None` if there are none.
    fn keys(&self, purpose: Purpose) -> Option<&KeySet> {
        self.signing.get(&purpose)
    }
}

impl KeySet {
    /// The newest key that signs already. It depends on the moment in the claims, not on a clock,
    /// so a reset link that is mailed again after a rotation is still the same link.
    fn signing_at(&self, issued_at: OffsetDateTime) -> Option<&SigningKey> {
        let newest = self.signing.iter().rfind(|key| key.signs_from <= issued_at);
        newest.or(self.signing.first())
    }
}

fn footer(kid: &str) -> String {
    format!("{{\"kid\":\"{kid}\"}}")
}

/// Takes the `kid` out of a footer that is spelled exactly as [`footer`] does.
///
/// Anybody can write a footer, so it does not get as far as a JSON parser: more members, other
/// spaces, another order or an escape would not be ours. What is left is only looked up.
fn read_footer(footer: &[u8]) -> Option<&str> {
    str::from_utf8(footer).ok()?.strip_prefix("{\"kid\":\"")?.strip_suffix("\"}")
}
