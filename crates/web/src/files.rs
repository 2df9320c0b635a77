//! What the pages are made of: templates, words and assets, read once and before anything is
//! served. An operator may put a folder beside ours; what cannot be used in it is named.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use vestibule_locales::Locales;

use crate::assets::{Assets, AssetsError};
use crate::render::{RenderError, Renderer};

/// What an operator's folder may hold; the last two are read by others.
const FOLDERS: [&str; 4] = [TEMPLATES, ASSETS, "locales", "mails"];
const TEMPLATES: &str = "templates";
const ASSETS: &str = "assets";

/// Templates, words and assets. A clone is another handle on the same.
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) assets: Arc<Assets>,
    pub(crate) renderer: Arc<Renderer>,
}

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The folder that takes the place of ours cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder in it would never be looked at.
    #[error("{} replaces nothing: known are the folders {}", path.display(), FOLDERS.join(", "))]
    Unknown {
        /// The folder.
        path: PathBuf,
    },
    /// The files beside the pages.
    #[error(transparent)]
    Assets(#[from] AssetsError),
    /// The templates.
    #[error(transparent)]
    Templates(#[from] RenderError),
}

impl Files {
    /// Reads everything, with the `templates` and `assets` of a folder in place of ours, file by
    /// file.
    ///
    /// # Errors
    /// [`SiteError`] names the file that cannot be used, and the line.
    pub fn read(overrides: Option<&Path>, locales: &Locales) -> Result<Self, SiteError> {
        overrides.map_or(Ok(()), look_around)?;
        let folder = |name: &str| Some(overrides?.join(name)).filter(|folder| folder.exists());
        let assets = Assets::new(folder(ASSETS).as_deref())?;
        let renderer = Renderer::new(locales, &assets, folder(TEMPLATES).as_deref())?;
        Ok(Self { assets: Arc::new(assets), renderer: Arc::new(renderer) })
    }
}

/// Refuses a folder that nobody would read: its name is usually misspelt.
fn look_around(directory: &Path) -> Result<(), SiteError> {
    let unreadable = |source| SiteError::Unreadable { path: directory.to_owned(), source };
    for entry in fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let is_known = FOLDERS.iter().any(|known| path.ends_with(known));
        if path.is_dir() && !is_known && !is_hidden(&path) {
            return Err(SiteError::Unknown { path });
        }
    }
    Ok(())
}

/// Whether a file belongs to a tool of the operator's, such as `.git`, and is none of our concern.
pub(crate) fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a folder with these files; an error names them without the folder.
    fn read(files: &[(&str, &str)]) -> Result<Files, String> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let read = Files::read(Some(directory.path()), &Locales::embedded());
        read.map_err(|error| {
            error.to_string().replace(&format!("{}/", directory.path().display()), "")
        })
    }

    #[test]
    fn a_folder_may_hold_anything_or_nothing_of_ours() {
        assert!(Files::read(None, &Locales::embedded()).is_ok());
        read(&[]).unwrap();
        let files = read(&[
            ("README.md", "not ours"),
            (".git/HEAD", "nor this"),
            ("locales/en/own.ftl", "read by others"),
            ("mails/welcome.txt", "by others"),
            ("templates/.editor", ""),
            ("templates/pages/signup_closed.html", "<img src=\"{{ asset(\"logo.png\") }}\">"),
            ("assets/.editor/state", ""),
            ("assets/logo.png", "png"),
        ])
        .unwrap();
        assert!(files.assets.urls().contains_key("logo.png"));
    }

    #[test]
    fn what_would_never_be_looked_at_is_refused() {
        for (file, problem) in [
            (
                "template/base.html",
                "template replaces nothing: known are the folders templates, assets, locales, mails",
            ),
            ("templates/page/login.html", "templates/page overrides no template"),
            ("templates/pages/admin/users.html", "templates/pages/admin overrides no template"),
            ("templates/pages/login.htm", "templates/pages/login.htm overrides no template"),
            ("templates/login.html", "templates/login.html overrides no template"),
            ("assets/fonts/a.woff2", "assets/fonts is a folder: assets are files"),
            ("templates", "templates cannot be read"),
            ("assets", "assets cannot be read"),
        ] {
            assert_eq!(read(&[(file, "")]).unwrap_err(), problem);
        }
        let missing = Files::read(Some(Path::new("/nonexistent")), &Locales::embedded());
        assert_eq!(missing.unwrap_err().to_string(), "/nonexistent cannot be read");
    }
}
