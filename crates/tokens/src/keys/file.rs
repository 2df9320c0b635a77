//! Key files: their format, who may read them, and how they come into being.
//!
//! A file appears under its name complete and on disk, or not at all.

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

use super::material::{is_sealing_kid, kid, paserk};
use super::{Custody, Key, KeyError, Secret, draft};
use crate::moment;
use crate::purpose::Purpose;

/// A key file is about 500 bytes long.
const MAX_FILE_BYTES: u64 = 4096;

/// What a key file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    purpose: String,
    kid: String,
    /// A key that seals has no public half.
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<String>,
    secret: Option<Zeroizing<String>>,
    created_at: String,
    signs_from: String,
    retired_at: Option<String>,
}

/// What the key files look like from outside.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint(Vec<Outside>);

#[derive(Debug, PartialEq, Eq)]
struct Outside {
    name: String,
    length: u64,
    changed_at: Option<SystemTime>,
    identity: (u64, u64),
    mode: u32,
}

/// The file name of a key.
pub(super) fn name(purpose: Purpose, generation: u32) -> String {
    format!("{purpose}-{generation}.json")
}

/// Makes the directory, unless it is there.
pub(super) fn create_directory(path: &Path) -> Result<(), KeyError> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(KeyError::io(path))?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Whoever can write to the directory can exchange the keys.
pub(super) fn check_directory(path: &Path) -> Result<(), KeyError> {
    let metadata = fs::metadata(path).map_err(KeyError::io(path))?;
    if metadata.mode() & 0o022 != 0 {
        return Err(KeyError::ExposedDirectory { path: path.to_owned() });
    }
    Ok(())
}

/// The names of the key files. Everything that does not end in `.json` is none of our business.
pub(super) fn names(directory: &Path) -> Result<Vec<String>, KeyError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(KeyError::io(directory))? {
        let name = entry.map_err(KeyError::io(directory))?.file_name();
        let Some(name) = name.to_str() else { continue };
        // Files that are being written begin with a dot.
        if !name.starts_with('.') && Path::new(name).extension() == Some(OsStr::new("json")) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Looks at the files without reading them.
pub(super) fn fingerprint(directory: &Path) -> Result<Fingerprint, KeyError> {
    let mut files = Vec::new();
    for name in names(directory)? {
        let path = directory.join(&name);
        let metadata = fs::symlink_metadata(&path).map_err(KeyError::io(path))?;
        files.push(Outside {
            name,
            length: metadata.len(),
            changed_at: metadata.modified().ok(),
            identity: identity(&metadata),
            mode: metadata.mode(),
        });
    }
    Ok(Fingerprint(files))
}

/// Reads a key and checks it in every respect.
pub(super) fn read(path: &Path) -> Result<Key, KeyError> {
    let malformed = |problem| KeyError::Malformed { path: path.to_owned(), problem };
    let (purpose, generation) =
        parse_name(path).ok_or_else(|| malformed("its name is not PURPOSE-GENERATION.json"))?;
    let text = read_text(path)?;
    // The parser's own message would quote the file.
    let content: Content =
        serde_json::from_str(&text).map_err(|_| malformed("it is not the JSON of a key"))?;
    if content.purpose != purpose.as_str() {
        return Err(KeyError::WrongPurpose { path: path.to_owned() });
    }
    let public = parse_public(purpose, content.public.as_deref()).map_err(malformed)?;
    let wrong_id = || KeyError::WrongId { path: path.to_owned() };
    let is_its_own = match &public {
        Some(public) => kid(public) == content.kid,
        None => is_sealing_kid(&content.kid),
    };
    if !is_its_own {
        return Err(wrong_id());
    }
    let moment = |text: &str| moment::read(text).ok_or_else(|| malformed("it has a bad time"));
    let state = match (&content.secret, &content.retired_at) {
        (Some(secret), None) => {
            let secret = Secret::parse(purpose, secret, public.as_ref())
                .ok_or_else(|| malformed("its secret key cannot be read"))?;
            if !secret.is_whole() || secret.kid() != content.kid {
                return Err(wrong_id());
            }
            Custody::Held(secret)
        }
        (None, Some(retired_at)) => Custody::Retired { at: moment(retired_at)?, public },
        (Some(_), Some(_)) => return Err(malformed("it is retired and still has its secret")),
        (None, None) => return Err(malformed("it has no secret")),
    };
    Ok(Key {
        purpose,
        generation,
        kid: content.kid,
        created_at: moment(&content.created_at)?,
        signs_from: moment(&content.signs_from)?,
        state,
    })
}

/// Makes the file of a new key; `false` if there is a file of that name already.
pub(super) fn create(directory: &Path, key: &Key) -> Result<bool, KeyError> {
    let draft = write_draft(directory, key)?;
    let path = directory.join(name(key.purpose, key.generation));
    // Unlike a rename, a link never replaces what is there.
    let linked = match fs::hard_link(&draft, &path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(KeyError::io(path)(error)),
    };
    draft::remove(&draft)?;
    sync_directory(directory)?;
    linked
}

/// Exchanges the file of a key.
pub(super) fn replace(directory: &Path, key: &Key) -> Result<(), KeyError> {
    let draft = write_draft(directory, key)?;
    let path = directory.join(name(key.purpose, key.generation));
    fs::rename(&draft, &path).map_err(KeyError::io(path))?;
    sync_directory(directory)
}

fn parse_name(path: &Path) -> Option<(Purpose, u32)> {
    let file_name = path.file_name()?.to_str()?;
    let (purpose, generation) = file_name.strip_suffix(".json")?.rsplit_once('-')?;
    let (purpose, generation) = (purpose.parse().ok()?, generation.parse().ok()?);
    (name(purpose, generation) == file_name).then_some((purpose, generation))
}

/// The public half of a key of that purpose, or what is wrong with it.
fn parse_public(
    purpose: Purpose,
    text: Option<&str>,
) -> Result<Option<AsymmetricPublicKey<V4>>, &'static str> {
    match (purpose.seals(), text) {
        (true, None) => Ok(None),
        (true, Some(_)) => Err("it seals, and has a public key"),
        (false, text) => {
            let public = text.and_then(|text| AsymmetricPublicKey::<V4>::try_from(text).ok());
            public.map(Some).ok_or("its public key cannot be read")
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
    // Between the look and the opening somebody may have put a link there.
    if identity(&found) != identity(&opened) {
        return Err(KeyError::NotAFile { path: path.to_owned() });
    }
    if opened.mode() & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned() });
    }
    let mut text = Zeroizing::new(String::with_capacity(1024));
    file.take(MAX_FILE_BYTES).read_to_string(&mut text).map_err(io())?;
    Ok(text)
}

/// Writes a key so that it can be put in place complete.
pub(super) fn write_draft(directory: &Path, key: &Key) -> Result<PathBuf, KeyError> {
    let text = content(key).ok_or_else(|| KeyError::Malformed {
        path: directory.join(name(key.purpose, key.generation)),
        problem: "a time is out of range",
    })?;
    draft::write(directory, key, &text)
}

fn content(key: &Key) -> Option<Zeroizing<String>> {
    let (secret, retired_at) = match &key.state {
        Custody::Held(secret) => (Some(secret.paserk()), None),
        Custody::Retired { at, .. } => (None, Some(moment::spell(*at)?)),
    };
    let content = Content {
        purpose: key.purpose.to_string(),
        kid: key.kid.clone(),
        public: key.public().map(paserk),
        secret,
        created_at: moment::spell(key.created_at)?,
        signs_from: moment::spell(key.signs_from)?,
        retired_at,
    };
    let mut text = Zeroizing::new(serde_json::to_string_pretty(&content).ok()?);
    text.push('\n');
    Some(text)
}

/// Makes the names in a directory survive a power cut.
pub(super) fn sync_directory(path: &Path) -> Result<(), KeyError> {
    // The parent of a relative name is the empty path.
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    File::open(path).and_then(|directory| directory.sync_all()).map_err(KeyError::io(path))
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}
