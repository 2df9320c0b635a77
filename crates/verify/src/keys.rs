//! Public keys published by an issuer.

use std::collections::BTreeMap;

use pasetors::keys::AsymmetricPublicKey;
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use serde::Deserialize;

/// The published use of access token keys.
const USE: &str = "access";
/// Prefix of public keys of PASETO v4.
const HEADER: &str = "k4.public.";

/// The access token keys of an issuer, by id. It contains at least one.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: BTreeMap<String, AsymmetricPublicKey<V4>>,
}

/// Error for a document that is not a valid list of keys.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// The document is not the JSON of `/.well-known/paseto-keys`.
    #[error("invalid list of keys")]
    Unreadable(#[source] serde_json::Error),
    /// An access token key is invalid or does not match its id.
    #[error("invalid key {kid:?}")]
    DamagedKey {
        /// Id of the key in the document.
        kid: String,
    },
    /// The document has no access token key.
    #[error("no access token key in the list")]
    Empty,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    kid: String,
    key: String,
    #[serde(rename = "use")]
    purpose: String,
}

impl KeySet {
    /// Parses the response of `/.well-known/paseto-keys`.
    ///
    /// Ignores keys for other uses and other versions of PASETO. Computes the id of each other key
    /// again, so that no key is mistaken for another.
    ///
    /// # Errors
    ///
    /// [`KeySetError`] if the document or an access token key is invalid, or there is no such key.
    pub fn parse(json: impl AsRef<[u8]>) -> Result<Self, KeySetError> {
        let document: Document =
            serde_json::from_slice(json.as_ref()).map_err(KeySetError::Unreadable)?;
        let mut keys = BTreeMap::new();
        for entry in document.keys {
            if entry.purpose != USE || !entry.key.starts_with(HEADER) {
                continue;
            }
            let key = AsymmetricPublicKey::<V4>::try_from(entry.key.as_str()).ok();
            match key.filter(|key| id(key).as_ref() == Some(&entry.kid)) {
                Some(key) => keys.insert(entry.kid, key),
                None => return Err(KeySetError::DamagedKey { kid: entry.kid }),
            };
        }
        if keys.is_empty() { Err(KeySetError::Empty) } else { Ok(Self { keys }) }
    }

    /// Returns the ids of the keys.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&AsymmetricPublicKey<V4>> {
        self.keys.get(kid)
    }
}

/// Returns the PASERK id of a key.
fn id(key: &AsymmetricPublicKey<V4>) -> Option<String> {
    let mut text = String::new();
    Id::from(key).fmt(&mut text).ok()?;
    Some(text)
}
