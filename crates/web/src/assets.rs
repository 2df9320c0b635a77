//! Style sheet, script and favicon, under names that change with their content, so that browsers
//! may keep them for good.
//!
//! An operator may put a directory beside them: a file there replaces ours of the same name, and
//! further ones, such as a logo, can be named by overridden templates. A style sheet knows no names
//! that change, so those files are there under their own names too, and kept for an hour only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

use crate::files::is_hidden;

/// Where they are served.
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

/// Everything the pages load.
#[derive(Debug)]
pub(crate) struct Assets {
    /// By the name of the file.
    files: BTreeMap<String, Asset>,
    /// The name of the file, by the one that changes with its content.
    names: BTreeMap<String, String>,
}

/// A file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// What is in it.
    pub(crate) bytes: Cow<'static, [u8]>,
    /// What it is.
    pub(crate) content_type: &'static str,
    /// Whether the operator gave it.
    is_own: bool,
}

/// How long a browser may keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifetime {
    /// Another content has another name.
    ForGood,
    /// The next version has the same name; a font need not be fetched for every page.
    AnHour,
}

impl Lifetime {
    /// As `Cache-Control` says it.
    pub(crate) fn directives(self) -> &'static str {
        match self {
            Self::ForGood => "public, max-age=31536000, immutable",
            Self::AnHour => "public, max-age=3600",
        }
    }
}

/// Why a directory of assets cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssetsError {
    /// It, or a file in it, cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It would never be served.
    #[error("{} is a folder: assets are files", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// Nobody would know what to make of it.
    #[error("{} is of no kind that can be served", path.display())]
    Kind {
        /// Of which file the ending is not known.
        path: PathBuf,
    },
}

impl Assets {
    /// Takes the embedded files, then those of a directory.
    ///
    /// # Errors
    /// [`AssetsError`] names the file that cannot be used.
    pub(crate) fn new(overrides: Option<&Path>) -> Result<Self, AssetsError> {
        let mut files = BTreeMap::new();
        for (name, content) in EMBEDDED {
            let content_type = content_type(name)
                .ok_or_else(|| AssetsError::Kind { path: PathBuf::from(name) })?;
            let bytes = content.as_bytes().into();
            files.insert(name.to_owned(), Asset { bytes, content_type, is_own: false });
        }
        if let Some(directory) = overrides {
            files.extend(read(directory)?);
        }
        let names = files.iter().map(|(name, asset)| (fingerprinted(name, asset), name.clone()));
        Ok(Self { names: names.collect(), files })
    }

    /// The file that is served under a name, and how long that is good for.
    pub(crate) fn find(&self, served: &str) -> Option<(&Asset, Lifetime)> {
        if let Some(name) = self.names.get(served) {
            return Some((self.files.get(name)?, Lifetime::ForGood));
        }
        let own = self.files.get(served).filter(|asset| asset.is_own)?;
        Some((own, Lifetime::AnHour))
    }

    /// Where each file is served for good.
    pub(crate) fn urls(&self) -> BTreeMap<String, String> {
        self.names
            .iter()
            .map(|(served, name)| (name.clone(), format!("{PREFIX}{served}")))
            .collect()
    }
}

/// What is in a file, by the ending of its name.
fn content_type(name: &str) -> Option<&'static str> {
    let (_, ending) = name.rsplit_once('.')?;
    CONTENT_TYPES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
}

/// A name that changes with the content.
fn fingerprinted(name: &str, asset: &Asset) -> String {
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("{stem}.{}.{ending}", fingerprint(&asset.bytes))
}

/// Enough of a digest to tell any two versions of a file apart.
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
        // A name is part of a URL as it is.
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.filter(|name| name.chars().all(is_plain)).map(str::to_owned);
        let content_type = name.as_deref().and_then(content_type);
        let (Some(name), Some(content_type)) = (name, content_type) else {
            return Err(AssetsError::Kind { path });
        };
        let bytes = fs::read(&path).map_err(unreadable(&path))?.into();
        files.insert(name, Asset { bytes, content_type, is_own: true });
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_served_under_a_name_that_depends_on_its_content() {
        let assets = Assets::new(None).unwrap();
        let urls = assets.urls();
        let served = urls["app.css"].strip_prefix(PREFIX).unwrap();
        assert_eq!(served, format!("app.{}.css", fingerprint(EMBEDDED[0].1.as_bytes())));
        let (asset, lifetime) = assets.find(served).unwrap();
        assert_eq!(lifetime, Lifetime::ForGood);
        assert_eq!(asset.content_type, "text/css; charset=utf-8");
        assert_eq!(&*asset.bytes, EMBEDDED[0].1.as_bytes());
        for name in ["app.css", "app.0000000000000000.css", "../app.css", ""] {
            assert!(assets.find(name).is_none(), "{name}");
        }
    }

    #[test]
    fn the_files_are_small() {
        let sizes: BTreeMap<_, _> =
            EMBEDDED.into_iter().map(|(name, content)| (name, content.len())).collect();
        assert!(sizes["app.css"] <= 14 * 1024, "{sizes:?}");
        assert!(sizes["app.js"] <= 9 * 1024, "{sizes:?}");
        assert!(sizes["favicon.svg"] <= 1024, "{sizes:?}");
    }

    #[test]
    fn a_directory_replaces_and_adds() {
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
    fn what_the_operator_gives_is_there_under_its_own_name_too() {
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
        // A name that a page has learnt leads to the content it was learnt for.
        let (asset, lifetime) = assets.find(&taken).unwrap();
        assert_eq!((&*asset.bytes, lifetime), (b"png".as_slice(), Lifetime::ForGood));
        // Ours has one name only: a copy is never out of date.
        assert!(assets.find("app.js").is_none());
        assert!(Lifetime::ForGood.directives().ends_with("immutable"));
        assert_eq!(Lifetime::AnHour.directives(), "public, max-age=3600");
    }

    #[test]
    fn a_directory_that_cannot_be_used_is_named() {
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
