//! The key directory, with one file per key.
//!
//! A file is named `PURPOSE-GENERATION.json`, for example `access-2.json`. Creating it is atomic:
//! only one of several concurrent processes succeeds. The newest generation that is not retired
//! signs or seals; every generation that is not retired verifies or opens.

mod atomic_write;
mod error;
mod file;
mod secret;

use std::path::{Path, PathBuf};

use pasetors::keys::AsymmetricPublicKey;
use pasetors::version4::V4;
use time::{Duration, OffsetDateTime};

pub use self::error::KeyError;
pub(crate) use self::file::Fingerprint;
pub(crate) use self::secret::{Secret, paserk};
use crate::purpose::Purpose;
use crate::timestamp;

/// Delay between a rotation and the first signature with the new key.
///
/// A server verifies with a new key as soon as it loads it, about a second after its creation. The
/// delay ensures that all servers and other services have the key before they get a token signed
/// with it. Sealed texts contain no time, so a new key seals immediately.
pub const ROTATION_LEAD: Duration = Duration::seconds(5);

/// A directory of key files.
///
/// The directory and the files belong to one operating system user: the directory is created with
/// mode 0700 and the files with 0600, and a file that other users can read is an error. New files
/// are owned by the owner of the directory, even if root creates them.
#[derive(Clone, Debug)]
pub struct KeyDirectory {
    path: PathBuf,
}

/// Metadata of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRecord {
    /// Purpose of the key.
    pub purpose: Purpose,
    /// Number among the keys of its purpose, starting at 1.
    pub generation: u32,
    /// PASERK id, `k4.pid.…`, or `k4.lid.…` for a sealing key.
    pub kid: String,
    /// Time of creation.
    pub created_at: OffsetDateTime,
    /// Time from which it signs or seals.
    pub signs_from: OffsetDateTime,
    /// Time of retirement.
    pub retired_at: Option<OffsetDateTime>,
    /// Current state.
    pub state: KeyState,
}

/// The state of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    /// Signs, at the latest [`ROTATION_LEAD`] after its creation, and verifies; or seals and opens.
    Active,
    /// Only verifies or opens.
    Verifying,
    /// Not used any more; its secret is deleted.
    Retired,
}

/// The validated content of a key file.
pub(crate) struct Key {
    pub(crate) purpose: Purpose,
    pub(crate) generation: u32,
    pub(crate) kid: String,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) signs_from: OffsetDateTime,
    pub(crate) lifecycle: Lifecycle,
}

/// The lifecycle of a key, with its key material.
pub(crate) enum Lifecycle {
    /// Not retired.
    InUse(Secret),
    /// Retired, without its secret.
    Retired {
        /// Time of retirement.
        at: OffsetDateTime,
        /// Public key, kept for reference.
        public: Option<AsymmetricPublicKey<V4>>,
    },
}

impl Key {
    fn is_retired(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Retired { .. })
    }

    /// Returns the public key of a signing key.
    fn public(&self) -> Option<&AsymmetricPublicKey<V4>> {
        match &self.lifecycle {
            Lifecycle::InUse(secret) => secret.public(),
            Lifecycle::Retired { public, .. } => public.as_ref(),
        }
    }

    fn record(&self, active: Option<u32>) -> KeyRecord {
        let (state, retired_at) = match self.lifecycle {
            Lifecycle::Retired { at, .. } => (KeyState::Retired, Some(at)),
            Lifecycle::InUse(_) if active == Some(self.generation) => (KeyState::Active, None),
            Lifecycle::InUse(_) => (KeyState::Verifying, None),
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
    /// Uses an existing directory, without checking it.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Creates the directory, and a first key for every purpose that has none.
    ///
    /// Concurrent calls result in the same keys.
    pub fn create(path: impl Into<PathBuf>, now: OffsetDateTime) -> Result<Self, KeyError> {
        let directory = Self::new(path);
        file::create_directory(&directory.path)?;
        let keys = directory.load_and_clean_up()?;
        for purpose in Purpose::ALL {
            if !keys.iter().any(|key| key.purpose == purpose) {
                // If another process wins this race, its key is used.
                directory.create_key(purpose, 1, now, now)?;
            }
        }
        Ok(directory)
    }

    /// Returns the path of the directory.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns all keys including retired ones, ordered by purpose and generation.
    pub fn list(&self) -> Result<Vec<KeyRecord>, KeyError> {
        let keys = self.load()?;
        Ok(keys.iter().map(|key| key.record(active_generation(&keys, key.purpose))).collect())
    }

    /// Creates a new key that signs or seals. Older keys continue to verify or open until they are
    /// retired.
    ///
    /// The new key starts to sign [`ROTATION_LEAD`] after `now`, or to seal immediately.
    pub fn rotate(&self, purpose: Purpose, now: OffsetDateTime) -> Result<KeyRecord, KeyError> {
        let lead = if purpose.seals() { Duration::ZERO } else { ROTATION_LEAD };
        loop {
            let keys = self.load_and_clean_up()?;
            let newest = keys.iter().filter(|key| key.purpose == purpose).map(|key| key.generation);
            let generation = newest.max().unwrap_or(0).saturating_add(1);
            // If another process has created this generation meanwhile, retry: both rotations
            // count.
            if let Some(key) = self.create_key(purpose, generation, now, now + lead)? {
                return Ok(key.record(Some(generation)));
            }
        }
    }

    /// Retires a key: from now on its tokens are rejected, and texts sealed with it cannot be
    /// opened.
    ///
    /// The file is kept for reference, without the secret: services that have cached the public key
    /// would still accept tokens signed with it. Retiring a key twice has no effect.
    ///
    /// # Errors
    ///
    /// `UnknownKey` if there is no such key; `InUse` if it is the active key of its purpose, which
    /// must be rotated first.
    pub fn retire(&self, kid: &str, now: OffsetDateTime) -> Result<KeyRecord, KeyError> {
        let keys = self.load_and_clean_up()?;
        let key = keys.iter().find(|key| key.kid == kid);
        let key = key.ok_or_else(|| KeyError::UnknownKey { kid: kid.to_owned() })?;
        let active = active_generation(&keys, key.purpose);
        if active == Some(key.generation) {
            return Err(KeyError::InUse { kid: kid.to_owned(), purpose: key.purpose });
        }
        if key.is_retired() {
            return Ok(key.record(active));
        }
        let retired = Key {
            lifecycle: Lifecycle::Retired {
                at: timestamp::truncate(now),
                public: key.public().cloned(),
            },
            kid: key.kid.clone(),
            ..*key
        };
        file::replace(&self.path, &retired)?;
        Ok(retired.record(active))
    }

    /// Reads and validates all key files, ordered by purpose and generation.
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

    /// Loads the keys before a change, and removes copies of their secrets that a crash has left.
    ///
    /// It is sufficient to do this before a retirement: the temporary file of a key is never
    /// written again once the key exists.
    fn load_and_clean_up(&self) -> Result<Vec<Key>, KeyError> {
        let keys = self.load()?;
        atomic_write::remove_leftovers(&self.path, &keys)?;
        Ok(keys)
    }

    /// Returns a fingerprint of the files, which changes whenever one of them does.
    pub(crate) fn fingerprint(&self) -> Result<Fingerprint, KeyError> {
        file::fingerprint(&self.path)
    }

    /// Returns the error for a purpose without an active key.
    pub(crate) fn no_active_key(&self, purpose: Purpose) -> KeyError {
        KeyError::NoActiveKey { path: self.path.clone(), purpose }
    }

    /// Creates a key and its file; returns `None` if the generation already exists.
    fn create_key(
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
            created_at: timestamp::truncate(now),
            signs_from: timestamp::truncate(signs_from),
            lifecycle: Lifecycle::InUse(secret),
        };
        Ok(file::create(&self.path, &key)?.then_some(key))
    }
}

/// Returns the newest generation that is not retired.
fn active_generation(keys: &[Key], purpose: Purpose) -> Option<u32> {
    let in_use = keys.iter().filter(|key| key.purpose == purpose && !key.is_retired());
    in_use.map(|key| key.generation).max()
}
