//! Templates of the operator that override embedded ones.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::Environment;

use super::error::RenderError;
use super::templates::TEMPLATES;
use crate::folder::is_hidden;

/// The only subfolder.
const PAGES: &str = "pages";

/// Paths of the overriding templates, by template name.
#[derive(Debug, Default)]
pub(super) struct Overrides(BTreeMap<&'static str, PathBuf>);

impl Overrides {
    /// Lists a directory and its `pages`.
    ///
    /// # Errors
    /// [`RenderError::Unreadable`]; [`RenderError::Unknown`] for a file that overrides no template.
    pub(super) fn read(directory: &Path) -> Result<Self, RenderError> {
        let mut found = BTreeMap::new();
        let pages = directory.join(PAGES);
        let mut paths = listed(directory)?;
        if pages.is_dir() {
            paths.retain(|path| *path != pages);
            paths.extend(listed(&pages)?);
        }
        for path in paths {
            let below = path.strip_prefix(directory).unwrap_or(&path);
            let template = TEMPLATES.iter().find(|(name, _)| below == Path::new(name));
            match template {
                Some((name, _)) => found.insert(*name, path),
                None => return Err(RenderError::Unknown { path }),
            };
        }
        Ok(Self(found))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the templates in place of the embedded ones.
    ///
    /// # Errors
    /// [`RenderError::Unreadable`]; [`RenderError::Faulty`] for a syntax error.
    pub(super) fn add_to(&self, environment: &mut Environment<'static>) -> Result<(), RenderError> {
        for (name, path) in &self.0 {
            let source = fs::read_to_string(path)
                .map_err(|source| RenderError::Unreadable { path: path.clone(), source })?;
            let added = environment.add_template_owned(*name, source);
            added.map_err(|error| self.syntax_error(name, &error))?;
        }
        Ok(())
    }

    /// Returns an error with file and line of a syntax error.
    fn syntax_error(&self, template: &str, error: &minijinja::Error) -> RenderError {
        let (file, line, problem) = self.place(template, error);
        RenderError::Faulty { file, line, problem }
    }

    /// Returns an error with file, line and page of a rendering error.
    pub(super) fn page_error(
        &self,
        page: &str,
        template: &str,
        error: &minijinja::Error,
    ) -> RenderError {
        let (file, line, problem) = self.place(template, error);
        RenderError::Faulty { file, line, problem: format!("{problem} (on the page {page})") }
    }

    fn place(&self, template: &str, error: &minijinja::Error) -> (String, usize, String) {
        let mut innermost = error;
        // Errors in blocks and macros of other files are wrapped.
        while let Some(cause) = innermost.source().and_then(|cause| cause.downcast_ref()) {
            innermost = cause;
        }
        let name = innermost.name().unwrap_or(template);
        let file = self.0.get(name).map_or_else(
            || format!("the embedded template {name}"),
            |path| path.display().to_string(),
        );
        let problem =
            innermost.detail().map_or_else(|| innermost.kind().to_string(), str::to_owned);
        (file, innermost.line().unwrap_or(1), problem)
    }
}

/// Returns the files of a folder, sorted, without hidden files.
fn listed(folder: &Path) -> Result<Vec<PathBuf>, RenderError> {
    let unreadable = |source| RenderError::Unreadable { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()));
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}
