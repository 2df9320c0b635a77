//! Key files: format, permissions, reading and writing.
//!
//! Files are created atomically: under its name a file is complete and flushed to disk.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File, Metadata};
use std::io::{ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use pasetors::keys::AsymmetricPublicKey;
use pasetors::version4::V4;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::atomic_write::{self, sync_directory};
use super::secret::{is_sealing_kid, kid, paserk};
use super::{Key, KeyError, Lifecycle, Secret};
use crate::purpose::Purpose;
use crate::timestamp;

/// Maximum size of a key file, which usually has about 500 bytes.
const MAX_FILE_BYTES: u64 = 4096;

/// The content of a key file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    purpose: String,
    kid: String,
    /// Absent for sealing keys, which are symmetric.
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<String>,
    secret: Option<Zeroizing<String>>,
    created_at: String,
    signs_from: String,
    retired_at: Option<String>,
}

/// Metadata of all key files, to detect changes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<FileMetadata>);

#[derive(Debug, PartialEq, Eq)]
struct FileMetadata {
    name: String,
    length: u64,
    modified_at: Option<SystemTime>,
    inode: (u64, u64),
    mode: u32,
}

/// Returns the file name of a key.
pub(super) fn name(purpose: Purpose, generation: u32) -> String {
    format!("{purpose}-{generation}.json")
}

/// Creates the directory if it does not exist.
pub(super) fn create_directory(path: &Path) -> Result<(), KeyError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(KeyError::io(path))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Checks that other users cannot write to the directory, because they could replace the keys.
pub(super) fn check_directory(path: &Path) -> Result<(), KeyError> {
    let metadata = fs::metadata(path).map_err(KeyError::io(path))?;
    if metadata.mode() & 0o022 != 0 {
        return Err(KeyError::ExposedDirectory { path: path.to_owned() });
    }
    Ok(())
}

/// Returns the names of the key files. Files without the extension `.json` are ignored.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, KeyError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(KeyError::io(directory))? {
        let name = entry.map_err(KeyError::io(directory))?.file_name();
        let Some(name) = name.to_str() else { continue };
        // Temporary files start with a dot.
        if !name.starts_with('.') && Path::new(name).extension() == Some(OsStr::new("json")) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Reads the metadata of all key files.
pub(super) fn fingerprint(directory: &Path) -> Result<Fingerprint, KeyError> {
    let mut files = Vec::new();
    for name in names(directory)? {
        let path = directory.join(&name);
        let metadata = fs::symlink_metadata(&path).map_err(KeyError::io(path))?;
        files.push(FileMetadata {
            name,
            length: metadata.len(),
            modified_at: metadata.modified().ok(),
            inode: inode(&metadata),
            mode: metadata.mode(),
        });
    }
    Ok(Fingerprint(files))
}

/// Reads and validates a key file.
pub(super) fn read(path: &Path) -> Result<Key, KeyError> {
    let malformed = |problem| KeyError::Malformed { path: path.to_owned(), problem };
    let (purpose, generation) =
        parse_name(path).ok_or_else(|| malformed("the name is not PURPOSE-GENERATION.json"))?;
    let text = read_text(path)?;
    // The message of the parser is dropped, because it could contain the secret.
    let content: Content =
        serde_json::from_str(&text).map_err(|_| malformed("not the JSON of a key"))?;
    if content.purpose != purpose.as_str() {
        return Err(KeyError::WrongPurpose { path: path.to_owned() });
    }
    let public = parse_public(purpose, content.public.as_deref()).map_err(malformed)?;
    let wrong_id = || KeyError::WrongId { path: path.to_owned() };
    let kid_matches = match &public {
        Some(public) => kid(public) == content.kid,
        None => is_sealing_kid(&content.kid),
    };
    if !kid_matches {
        return Err(wrong_id());
    }
    let time = |text: &str| timestamp::parse(text).ok_or_else(|| malformed("invalid timestamp"));
    let lifecycle = match (&content.secret, &content.retired_at) {
        (Some(secret), None) => {
            let secret = Secret::parse(purpose, secret, public.as_ref())
                .ok_or_else(|| malformed("invalid secret key"))?;
            if !secret.is_matching_pair() || secret.kid() != content.kid {
                return Err(wrong_id());
            }
            Lifecycle::InUse(secret)
        }
        (None, Some(retired_at)) => Lifecycle::Retired { at: time(retired_at)?, public },
        (Some(_), Some(_)) => return Err(malformed("a retired key must not have a secret")),
        (None, None) => return Err(malformed("no secret key")),
    };
    Ok(Key {
        purpose,
        generation,
        kid: content.kid,
        created_at: time(&content.created_at)?,
        signs_from: time(&content.signs_from)?,
        lifecycle,
    })
}

/// Creates the file of a new key; returns `false` if the file already exists.
pub(super) fn create(directory: &Path, key: &Key) -> Result<bool, KeyError> {
    let temporary = write_temporary(directory, key)?;
    let path = directory.join(name(key.purpose, key.generation));
    // Unlike a rename, a link never replaces an existing file.
    let linked = match fs::hard_link(&temporary, &path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(KeyError::io(path)(error)),
    };
    atomic_write::remove(&temporary)?;
    sync_directory(directory)?;
    linked
}

/// Replaces the file of a key.
pub(super) fn replace(directory: &Path, key: &Key) -> Result<(), KeyError> {
    let temporary = write_temporary(directory, key)?;
    let path = directory.join(name(key.purpose, key.generation));
    fs::rename(&temporary, &path).map_err(KeyError::io(path))?;
    sync_directory(directory)
}

fn parse_name(path: &Path) -> Option<(Purpose, u32)> {
    let file_name = path.file_name()?.to_str()?;
    let (purpose, generation) = file_name.strip_suffix(".json")?.rsplit_once('-')?;
    let (purpose, generation) = (purpose.parse().ok()?, generation.parse().ok()?);
    (name(purpose, generation) == file_name).then_some((purpose, generation))
}

/// Parses the public key of a signing key; the error describes the problem.
fn parse_public(
    purpose: Purpose,
    text: Option<&str>,
) -> Result<Option<AsymmetricPublicKey<V4>>, &'static str> {
    match (purpose.seals(), text) {
        (true, None) => Ok(None),
        (true, Some(_)) => Err("a sealing key must not have a public key"),
        (false, text) => {
            let public = text.and_then(|text| AsymmetricPublicKey::<V4>::try_from(text).ok());
            public.map(Some).ok_or("invalid public key")
        }
    }
}

fn read_text(path: &Path) -> Result<Zeroizing<String>, KeyError> {
    let io = || KeyError::io(path);
    let found = fs::symlink_metadata(path).map_err(io())?;
    if !found.is_file() {
        return Err(KeyError::NotAFile { path: path.to_owned() });
    }
    let file = File::open(path).map_err(io())?;
    let opened = file.metadata().map_err(io())?;
    // The path may have been replaced with a link between the check and the opening.
    if inode(&found) != inode(&opened) {
        return Err(KeyError::NotAFile { path: path.to_owned() });
    }
    if opened.mode() & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned() });
    }
    let mut text = Zeroizing::new(String::with_capacity(1024));
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(io())?;
    Ok(text)
}

/// Writes a key to a temporary file.
pub(super) fn write_temporary(directory: &Path, key: &Key) -> Result<PathBuf, KeyError> {
    let text = content(key).ok_or_else(|| KeyError::Malformed {
        path: directory.join(name(key.purpose, key.generation)),
        problem: "timestamp out of range",
    })?;
    atomic_write::write_temporary(directory, key, &text)
}

fn content(key: &Key) -> Option<Zeroizing<String>> {
    let (secret, retired_at) = match &key.lifecycle {
        Lifecycle::InUse(secret) => (Some(secret.paserk()), None),
        Lifecycle::Retired { at, .. } => (None, Some(timestamp::format(*at)?)),
    };
    let content = Content {
        purpose: key.purpose.to_string(),
        kid: key.kid.clone(),
        public: key.public().map(paserk),
        secret,
        created_at: timestamp::format(key.created_at)?,
        signs_from: timestamp::format(key.signs_from)?,
        retired_at,
    };
    let mut text = Zeroizing::new(serde_json::to_string_pretty(&content).ok()?);
    text.push('\n');
    Some(text)
}

/// Returns the device and inode numbers, which identify a file.
fn inode(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
