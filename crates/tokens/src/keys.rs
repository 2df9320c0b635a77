//! The directory that holds the keys, one file per key.
//!
//! A file is called `PURPOSE-GENERATION.json`, for example `access-2.json`. The name arbitrates:
//! it is created whole or not at all, and only by one of several processes that try at once. The
//! newest generation that is not retired signs or seals, every generation that is not retired
//! verifies or opens.

mod draft;
mod error;
mod file;
mod material;

use std::path::{Path, PathBuf};

use pasetors::keys::AsymmetricPublicKey;
use pasetors::version4::V4;
use time::{Duration, OffsetDateTime};

pub use self::error::KeyError;
pub(crate) use self::file::Fingerprint;
pub(crate) use self::material::{Secret, paserk};
use crate::moment;
use crate::purpose::Purpose;

/// How long after a rotation the new key starts to sign.
///
/// It verifies as soon as a server sees it, which is about a second after it was made. Signing
/// waits, so that no server and no other service meets a token under a key it has not heard of.
/// What is sealed carries no time that could be waited for: a new key seals at once.
pub const ROTATION_LEAD: Duration = Duration::seconds(5);

/// A directory of key files.
///
/// Directory and files belong to one operating system user: the directory is made with mode 0700
/// and the files with 0600, and a file that others can read stops everything until it is repaired.
/// Whoever makes a file, root for instance, makes it for the owner of the directory.
#[derive(Clone, Debug)]
pub struct KeyDirectory {
    path: PathBuf,
}

/// What is on record about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// What it is used for.
    pub purpose: Purpose,
    /// Its number among the keys of its purpose, from 1.
    pub generation: u32,
    /// Its PASERK id, `k4.pid.…`, or `k4.lid.…` if it seals.
    pub kid: String,
    /// When it was made.
    pub created_at: OffsetDateTime,
    /// When it starts to sign or seal.
    pub signs_from: OffsetDateTime,
    /// When it was retired.
    pub retired_at: Option<OffsetDateTime>,
    /// What it still does.
    pub state: KeyState,
}

/// What a key still does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs, at the latest [`ROTATION_LEAD`] after it was made, and verifies; or seals and opens.
    Active,
    /// Signs or seals no more; what it has signed or sealed is still accepted.
    Verifying,
    /// Does nothing any more; its secret is gone.
    Retired,
}

/// A key as its file describes it, checked.
pub(crate) struct Key {
    pub(crate) purpose: Purpose,
    pub(crate) generation: u32,
    pub(crate) kid: String,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) signs_from: OffsetDateTime,
    pub(crate) state: Custody,
}

/// What is left of a key.
pub(crate) enum Custody {
    /// In use: not retired.
    Held(Secret),
    /// Out of use.
    Retired {
        /// Since when.
        at: OffsetDateTime,
        /// What others may have verified its tokens with.
        public: Option<AsymmetricPublicKey<V4>>,
    },
}

impl Key {
    fn is_retired(&self) -> bool {
        matches!(self.state, Custody::Retired { .. })
    }

    /// The half that others may know, if it has one.
    fn public(&self) -> Option<&AsymmetricPublicKey<V4>> {
        match &self.state {
            Custody::Held(secret) => secret.public(),
            Custody::Retired { public, .. } => public.as_ref(),
        }
    }

    fn record(&self, active: Option<u32>) -> KeyRecord {
        let (state, retired_at) = match self.state {
            Custody::Retired { at, .. } => (KeyState::Retired, Some(at)),
            Custody::Held(_) if active == Some(self.generation) => (KeyState::Active, None),
            Custody::Held(_) => (KeyState::Verifying, None),
        };
        KeyRecord {
            purpose: self.purpose,
            generation: self.generation,
            kid: self.kid.clone(),
            created_at: self.created_at,
            signs_from: self.signs_from,
            retired_at,
            state,
        }
    }
}

impl KeyDirectory {
    /// Names a directory that is there already.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the directory and a first key for every purpose that has none.
    ///
    /// Processes that do this at the same time end up with the same keys.
    pub fn create(path: impl Into<PathBuf>, now: OffsetDateTime) -> Result<Self, KeyError> {
        let directory = Self::new(path);
        file::create_directory(&directory.path)?;
        let keys = directory.load_tidied()?;
        for purpose in Purpose::ALL {
            if !keys.iter().any(|key| key.purpose == purpose) {
                // Losing this race is fine: the winner's key is as good as ours.
                directory.publish(purpose, 1, now, now)?;
            }
        }
        Ok(directory)
    }

    /// Where the files are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Lists every key there is or was, by purpose and generation.
    pub fn list(&self) -> Result<Vec<KeyRecord>, KeyError> {
        let keys = self.load()?;
        Ok(keys.iter().map(|key| key.record(active_generation(&keys, key.purpose))).collect())
    }

    /// Makes a new key to sign or seal with. Older ones go on verifying or opening until they are
    /// retired.
    ///
    /// The new key starts to sign [`ROTATION_LEAD`] after `now`, or to seal at once.
    pub fn rotate(&self, purpose: Purpose, now: OffsetDateTime) -> Result<KeyRecord, KeyError> {
        let lead = if purpose.seals() { Duration::ZERO } else { ROTATION_LEAD };
        loop {
            let keys = self.load_tidied()?;
            let newest = keys.iter().filter(|key| key.purpose == purpose).map(|key| key.generation);
            let generation = newest.max().unwrap_or(0).saturating_add(1);
            // Somebody else may have taken the number meanwhile; both rotations are meant.
            if let Some(key) = self.publish(purpose, generation, now, now + lead)? {
                return Ok(key.record(Some(generation)));
            }
        }
    }

    /// Takes a key out of service: from now on its tokens are refused, and what it has sealed is
    /// lost.
    ///
    /// Its file stays, without the secret, so that the record of what was in use stays; the secret
    /// is of no more use to us, and services that remember the public key would still believe
    /// whatever is signed with it. Retiring a key twice changes nothing.
    ///
    /// Without a newer key there would be nothing to sign or seal with: rotate first.
    pub fn retire(&self, kid: &str, now: OffsetDateTime) -> Result<KeyRecord, KeyError> {
        let keys = self.load_tidied()?;
        let key = keys.iter().find(|key| key.kid == kid);
        let key = key.ok_or_else(|| KeyError::UnknownKey { kid: kid.to_owned() })?;
        let active = active_generation(&keys, key.purpose);
        if active == Some(key.generation) {
            return Err(KeyError::StillSigning { kid: kid.to_owned(), purpose: key.purpose });
        }
        if key.is_retired() {
            return Ok(key.record(active));
        }
        let retired = Key {
            state: Custody::Retired { at: moment::whole(now), public: key.public().cloned() },
            kid: key.kid.clone(),
            ..*key
        };
        file::replace(&self.path, &retired)?;
        Ok(retired.record(active))
    }

    /// Reads and checks every key file, by purpose and generation.
    pub(crate) fn load(&self) -> Result<Vec<Key>, KeyError> {
        file::check_directory(&self.path)?;
        let mut keys: Vec<Key> = Vec::new();
        for name in file::names(&self.path)? {
            let key = file::read(&self.path.join(name))?;
            if keys.iter().any(|other| other.kid == key.kid) {
                let path = self.path.join(file::name(key.purpose, key.generation));
                return Err(KeyError::Duplicate { path, kid: key.kid });
            }
            keys.push(key);
        }
        keys.sort_by_key(|key| (key.purpose, key.generation));
        Ok(keys)
    }

    /// Loads the keys, for a change, and removes the copies of their secrets a crash has left.
    ///
    /// That is before a retirement, not after it: once a key is in place nobody drafts it anew.
    fn load_tidied(&self) -> Result<Vec<Key>, KeyError> {
        let keys = self.load()?;
        draft::sweep(&self.path, &keys)?;
        Ok(keys)
    }

    /// What the files look like from outside; changes whenever one of them does.
    pub(crate) fn fingerprint(&self) -> Result<Fingerprint, KeyError> {
        file::fingerprint(&self.path)
    }

    /// There is no key in use for a purpose.
    pub(crate) fn lacks(&self, purpose: Purpose) -> KeyError {
        KeyError::NoActiveKey { path: self.path.clone(), purpose }
    }

    /// Makes a key and its file; `None` if another process has just taken that generation.
    fn publish(
        &self,
        purpose: Purpose,
        generation: u32,
        now: OffsetDateTime,
        signs_from: OffsetDateTime,
    ) -> Result<Option<Key>, KeyError> {
        let secret = Secret::generate(purpose).map_err(KeyError::Generation)?;
        let key = Key {
            purpose,
            generation,
            kid: secret.kid(),
            created_at: moment::whole(now),
            signs_from: moment::whole(signs_from),
            state: Custody::Held(secret),
        };
        Ok(file::create(&self.path, &key)?.then_some(key))
    }
}

/// The newest generation that is not retired.
fn active_generation(keys: &[Key], purpose: Purpose) -> Option<u32> {
    let held = keys.iter().filter(|key| key.purpose == purpose && !key.is_retired());
    held.map(|key| key.generation).max()
}
