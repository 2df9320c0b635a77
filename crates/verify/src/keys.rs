//! The public keys an issuer has published.

use std::collections::BTreeMap;

use pasetors::keys::AsymmetricPublicKey;
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use serde::Deserialize;

/// What a key for access tokens is published for.
const USE: &str = "access";
/// What a key of PASETO v4 begins with.
const HEADER: &str = "k4.public.";

/// The keys that sign an issuer's access tokens, by their ids. There is at least one.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: BTreeMap<String, AsymmetricPublicKey<V4>>,
}

/// A document is not the list of keys of a Vestibule.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeySetError {
    /// It is not the JSON that `/.well-known/paseto-keys` answers with.
    #[error("the document is no list of keys")]
    Unreadable(#[source] serde_json::Error),
    /// A key for access tokens cannot be read, or has another id than the document says.
    #[error("the key {kid:?} is damaged")]
    DamagedKey {
        /// The id, as the document has it.
        kid: String,
    },
    /// It has no key for access tokens.
    #[error("the document lists no key for access tokens")]
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
    /// Reads what `/.well-known/paseto-keys` answers.
    ///
    /// Keys for anything but access tokens, and keys of another version of PASETO, are passed over.
    /// The id of every other key is computed again, so that no key is taken for another.
    ///
    /// # Errors
    ///
    /// [`KeySetError`], if it is something else, if any key for access tokens is damaged, or if
    /// there is none.
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

    /// The ids of the keys.
    pub fn kids(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    pub(crate) fn find(&self, kid: &str) -> Option<&AsymmetricPublicKey<V4>> {
        self.keys.get(kid)
    }
}

/// The id of a key, as PASERK.
fn id(key: &AsymmetricPublicKey<V4>) -> Option<String> {
    let mut text = String::new();
    Id::from(key).fmt(&mut text).ok()?;
    Some(text)
}
