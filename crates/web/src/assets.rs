//! Style sheet, script and favicon, under names that change with their content, so that browsers
//! may keep them for good.
//!
//! An operator may put a directory beside them: a file there replaces ours of the same name, and
//! further ones, such as a logo, can be named by overridden templates.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use sha2::{Digest, Sha256};

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
    /// By the name they are served under.
    served: BTreeMap<String, Asset>,
    /// The name they are served under, by the name of the file.
    names: BTreeMap<String, String>,
}

/// A file.
#[derive(Debug)]
pub(crate) struct Asset {
    /// What is in it.
    pub(crate) bytes: Cow<'static, [u8]>,
    /// What it is.
    pub(crate) content_type: &'static str,
}

/// Why a directory of assets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AssetsError {
    /// It, or a file in it, cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
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
        let mut files: BTreeMap<String, Cow<'static, [u8]>> = BTreeMap::new();
        for (name, content) in EMBEDDED {
            files.insert(name.to_owned(), content.as_bytes().into());
        }
        if let Some(directory) = overrides {
            files.extend(read(directory)?);
        }
        let mut assets = Self { served: BTreeMap::new(), names: BTreeMap::new() };
        for (name, bytes) in files {
            let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
            let content_type = content_type(ending)
                .ok_or_else(|| AssetsError::Kind { path: PathBuf::from(&name) })?;
            let served = format!("{stem}.{}.{ending}", fingerprint(&bytes));
            assets.served.insert(served.clone(), Asset { bytes, content_type });
            assets.names.insert(name, served);
        }
        Ok(assets)
    }

    /// The file that is served under a name.
    pub(crate) fn find(&self, served: &str) -> Option<&Asset> {
        self.served.get(served)
    }

    /// Where each file is served.
    pub(crate) fn urls(&self) -> BTreeMap<String, String> {
        self.names
            .iter()
            .map(|(name, served)| (name.clone(), format!("{PREFIX}{served}")))
            .collect()
    }
}

fn content_type(ending: &str) -> Option<&'static str> {
    CONTENT_TYPES.iter().find(|(known, _)| *known == ending).map(|(_, kind)| *kind)
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

fn read(directory: &Path) -> Result<BTreeMap<String, Cow<'static, [u8]>>, AssetsError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        |source| AssetsError::Unreadable { path, source }
    };
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(unreadable(directory))? {
        let path = entry.map_err(unreadable(directory))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
        let Some(name) = name.filter(|name| !name.starts_with('.')) else { continue };
        if !path.is_file() {
            continue;
        }
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        // A name is part of a URL as it is.
        let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
        if !plain || content_type(ending).is_none() {
            return Err(AssetsError::Kind { path });
        }
        let bytes = fs::read(&path).map_err(unreadable(&path))?;
        files.insert(name, bytes.into());
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
        let asset = assets.find(served).unwrap();
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
        assert_eq!(&*assets.find(css).unwrap().bytes, b"body{}");
        assert_eq!(urls["logo.png"], format!("{PREFIX}logo.{}.png", fingerprint(b"png")));
        assert_eq!(urls.len(), 4);
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
