//! Templates, texts and assets of the pages, read once at startup, with the operator's overrides.
//! Errors name the file that cannot be used.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use vestibule_locales::Locales;

use crate::assets::{Assets, AssetsError};
use crate::folder::find_unknown;
use crate::render::{RenderError, Renderer};

/// Subfolders of the operator's folder; the last two are read by other crates.
const FOLDERS: [&str; 4] = [TEMPLATES, ASSETS, "locales", "mails"];
const TEMPLATES: &str = "templates";
const ASSETS: &str = "assets";

/// Templates, texts and assets. Clones share them.
#[derive(Clone, Debug)]
pub struct Files {
    pub(crate) assets: Arc<Assets>,
    pub(crate) renderer: Arc<Renderer>,
}

/// Error of reading the files of the pages.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// The operator's folder cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// The I/O error.
        source: io::Error,
    },
    /// The operator's folder contains an unknown subfolder.
    #[error("{} is an unknown folder, expected one of {}", path.display(), FOLDERS.join(", "))]
    Unknown {
        /// The folder.
        path: PathBuf,
    },
    /// An asset cannot be used.
    #[error(transparent)]
    Assets(#[from] AssetsError),
    /// A template cannot be used.
    #[error(transparent)]
    Templates(#[from] RenderError),
}

impl Files {
    /// Reads the embedded files and the `templates` and `assets` of a folder, which override them
    /// file by file.
    ///
    /// # Errors
    /// [`FilesError`] names the file that cannot be used, and the line.
    pub fn read(overrides: Option<&Path>, locales: &Locales) -> Result<Self, FilesError> {
        overrides.map_or(Ok(()), check_folders)?;
        let folder = |name: &str| Some(overrides?.join(name)).filter(|folder| folder.exists());
        let assets = Assets::new(folder(ASSETS).as_deref())?;
        let renderer = Renderer::new(locales, &assets, folder(TEMPLATES).as_deref())?;
        Ok(Self { assets: Arc::new(assets), renderer: Arc::new(renderer) })
    }
}

/// Rejects unknown subfolders.
fn check_folders(directory: &Path) -> Result<(), FilesError> {
    match find_unknown(directory, &FOLDERS) {
        Ok(None) => Ok(()),
        Ok(Some(path)) => Err(FilesError::Unknown { path }),
        Err(source) => Err(FilesError::Unreadable { path: directory.to_owned(), source }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Reads a folder with these files. Errors contain paths relative to the folder.
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
    fn a_folder_may_contain_any_of_the_known_folders() {
        assert!(Files::read(None, &Locales::embedded()).is_ok());
        read(&[]).unwrap();
        let files = read(&[
            ("README.md", "ignored"),
            (".git/HEAD", "ignored"),
            ("locales/en/own.ftl", "read by another crate"),
            ("mails/welcome.txt", "read by another crate"),
            ("templates/.editor", ""),
            ("templates/pages/signup_closed.html", "<img src=\"{{ asset(\"logo.png\") }}\">"),
            ("assets/.editor/state", ""),
            ("assets/logo.png", "png"),
        ])
        .unwrap();
        assert!(files.assets.urls().contains_key("logo.png"));
    }

    #[test]
    fn files_that_override_nothing_are_rejected() {
        for (file, problem) in [
            (
                "template/base.html",
                "template is an unknown folder, expected one of templates, assets, locales, mails",
            ),
            ("templates/page/login.html", "templates/page overrides no template"),
            ("templates/pages/admin/users.html", "templates/pages/admin overrides no template"),
            ("templates/pages/login.htm", "templates/pages/login.htm overrides no template"),
            ("templates/login.html", "templates/login.html overrides no template"),
            ("assets/fonts/a.woff2", "assets/fonts is a folder, but assets must be files"),
            ("templates", "templates cannot be read"),
            ("assets", "assets cannot be read"),
        ] {
            assert_eq!(read(&[(file, "")]).unwrap_err(), problem);
        }
        let missing = Files::read(Some(Path::new("/nonexistent")), &Locales::embedded());
        assert_eq!(missing.unwrap_err().to_string(), "/nonexistent cannot be read");
    }
}
