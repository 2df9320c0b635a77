//! Style sheet, script and favicon, served under fingerprinted names with immutable caching.
//!
//! Files in the operator's directory override embedded files of the same name or add new ones, such
//! as a logo. Style sheets cannot use fingerprinted names, so the operator's files are also served
//! under their own names, cached for an hour.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::folder::is_hidden;

/// Path prefix of the assets.
pub(crate) const PREFIX: &str = "/assets/";

const EMBEDDED: [(&str, &str); 3] = [
    ("app.css", include_str!("../assets/app.css")),
    ("app.js", include_str!("../assets/app.js")),
    ("favicon.svg", include_str!("../assets/favicon.svg")),
];

const CONTENT_TYPES: [(&str, &str); 9] = [
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("webp", "image/webp"),
    ("ico", "image/x-icon"),
    ("woff2", "font/woff2"),
    ("txt", "text/plain; charset=utf-8"),
];

/// The assets of the pages.
#[derive(Debug)]
pub(crate) struct Assets {
    /// Assets by file name.
    files: BTreeMap<String, Asset>,
    /// File names by fingerprinted name.
    names: BTreeMap<String, String>,
}

/// An asset.
#[derive(Debug)]
pub(crate) struct Asset {
    /// Content of the file.
    pub(crate) bytes: Cow<'static, [u8]>,
    /// `Content-Type` of the file.
    pub(crate) content_type: &'static str,
    /// `true` if the file comes from the operator's directory.
    is_override: bool,
}

/// Time for which a browser may cache a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Without limit: the name changes with the content.
    Immutable,
    /// One hour: the next version has the same name.
    AnHour,
}

impl Lifetime {
    /// Returns the value of `Cache-Control`.
    pub(crate) fn directives(self) -> &'static str {
        match self {
            Self::Immutable => "public, max-age=31536000, immutable",
            Self::AnHour => "public, max-age=3600",
        }
    }
}

/// Error of reading the operator's assets.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetsError {
    /// The directory or a file in it cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The directory or file.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// The directory contains a folder.
    #[error("{} is a folder, but assets must be files", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// The type of a file is not supported.
    #[error("{} has an unsupported file name or type", path.display())]
    Kind {
        /// The file.
        path: PathBuf,
    },
}

impl Assets {
    /// Creates the assets from the embedded files and those of a directory.
    ///
    /// # Errors
    /// [`AssetsError`] for the file that cannot be used.
    pub(crate) fn new(overrides: Option<&Path>) -> Result<Self, AssetsError> {
        let mut files = BTreeMap::new();
        for (name, content) in EMBEDDED {
            let content_type = content_type(name)
                .ok_or_else(|| AssetsError::Kind { path: PathBuf::from(name) })?;
            let bytes = content.as_bytes().into();
            files.insert(name.to_owned(), Asset { bytes, content_type, is_override: false });
        }
        if let Some(directory) = overrides {
            files.extend(read(directory)?);
        }
        let names = files.iter().map(|(name, asset)| (fingerprinted(name, asset), name.clone()));
        Ok(Self { names: names.collect(), files })
    }

    /// Returns the file that is served under a name, and its lifetime.
    pub(crate) fn find(&self, served: &str) -> Option<(&Asset, Lifetime)> {
        if let Some(name) = self.names.get(served) {
            return Some((self.files.get(name)?, Lifetime::Immutable));
        }
        let own = self.files.get(served).filter(|asset| asset.is_override)?;
        Some((own, Lifetime::AnHour))
    }

    /// Returns the fingerprinted URL of each file.
    pub(crate) fn urls(&self) -> BTreeMap<String, String> {
        self.names
            .iter()
            .map(|(served, name)| (name.clone(), format!("{PREFIX}{served}")))
            .collect()
    }
}

/// Returns the `Content-Type` for a file extension.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    CONTENT_TYPES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
}

/// Returns a file name that contains a digest of the content.
fn fingerprinted(name: &str, asset: &Asset) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}.{}.{ending}", fingerprint(&asset.bytes))
}

/// Returns the first eight bytes of the SHA-256 digest in hex.
fn fingerprint(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn read(directory: &Path) -> Result<BTreeMap<String, Asset>, AssetsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |source| AssetsError::Unreadable { path, source }
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let path = entry.map_err(unreadable(directory))?.path();
        if is_hidden(&path) {
            continue;
        }
        if path.is_dir() {
            return Err(AssetsError::Folder { path });
        }
        // The name becomes part of a URL unescaped.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| name.chars().all(is_plain)).map(str::to_owned);
        let content_type = name.as_deref().and_then(content_type);
        let (Some(name), Some(content_type)) = (name, content_type) else {
            return Err(AssetsError::Kind { path });
        };
        let bytes = fs::read(&path).map_err(unreadable(&path))?.into();
        files.insert(name, Asset { bytes, content_type, is_override: true });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_served_under_a_fingerprinted_name() {
        let assets = Assets::new(None).unwrap();
        let urls = assets.urls();
        let served = urls["app.css"].strip_prefix(PREFIX).unwrap();
        assert_eq!(served, format!("app.{}.css", fingerprint(EMBEDDED[0].1.as_bytes())));
        let (asset, lifetime) = assets.find(served).unwrap();
        assert_eq!(lifetime, Lifetime::Immutable);
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert_eq!(&*asset.bytes, EMBEDDED[0].1.as_bytes());
        for name in ["app.css", "app.0000000000000000.css", "../app.css", ""] {
            assert!(assets.find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_embedded_files_are_small() {
        let sizes: BTreeMap<_, _> =
            EMBEDDED.into_iter().map(|(name, content)| (name, content.len())).collect();
        assert!(sizes["app.css"] <= 14 * 1024, "{sizes:?}");
        assert!(sizes["app.js"] <= 9 * 1024, "{sizes:?}");
        assert!(sizes["favicon.svg"] <= 1024, "{sizes:?}");
    }

    #[test]
    fn a_directory_overrides_and_adds_files() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("app.css"), "body{}").unwrap();
        fs::write(directory.path().join("logo.png"), "png").unwrap();
        fs::write(directory.path().join(".hidden"), "").unwrap();
        let assets = Assets::new(Some(directory.path())).unwrap();
        let urls = assets.urls();
        let css = urls["app.css"].strip_prefix(PREFIX).unwrap();
        assert_eq!(&*assets.find(css).unwrap().0.bytes, b"body{}");
        assert_eq!(urls["logo.png"], format!("{PREFIX}logo.{}.png", fingerprint(b"png")));
        assert_eq!(urls.len(), 4);
    }

    #[test]
    fn files_of_the_operator_are_also_served_under_their_own_names() {
        let directory = tempfile::tempdir().unwrap();
        let taken = format!("logo.{}.png", fingerprint(b"png"));
        for (name, content) in
            [("app.css", "body{}"), ("logo.png", "png"), (taken.as_str(), "another")]
        {
            fs::write(directory.path().join(name), content).unwrap();
        }
        let assets = Assets::new(Some(directory.path())).unwrap();
        for (name, content) in [("app.css", "body{}"), ("logo.png", "png")] {
            let (asset, lifetime) = assets.find(name).unwrap();
            assert_eq!((&*asset.bytes, lifetime), (content.as_bytes(), Lifetime::AnHour));
        }
        // A fingerprinted name wins over an equal file name.
        let (asset, lifetime) = assets.find(&taken).unwrap();
        assert_eq!((&*asset.bytes, lifetime), (b"png".as_slice(), Lifetime::Immutable));
        // Embedded files are served under fingerprinted names only.
        assert!(assets.find("app.js").is_none());
        assert!(Lifetime::Immutable.directives().ends_with("immutable"));
        assert_eq!(Lifetime::AnHour.directives(), "public, max-age=3600");
    }

    #[test]
    fn an_unusable_file_is_named_in_the_error() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["notes.docx", "a b.css", "README"] {
            let path = directory.path().join(name);
            fs::write(&path, "").unwrap();
            let error = Assets::new(Some(directory.path())).unwrap_err();
            assert!(error.to_string().contains(name), "{error}");
            fs::remove_file(path).unwrap();
        }
        let missing = directory.path().join("missing");
        let error = Assets::new(Some(&missing)).unwrap_err();
        assert!(error.to_string().contains("missing"), "{error}");
    }
}
