//! Turns views into pages.
//!
//! Templates are embedded; an operator may override single ones from a directory. They are read
//! and parsed at the start, so a mistake in one is found then. Everything that comes out of a
//! value is escaped; markup comes from templates and from the functions here, and from nowhere
//! else.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;
use vestibule_domain::language::Language;
use vestibule_locales::Locales;

use crate::assets::Assets;
use crate::views::{Frame, Theme, View, Visitor};

mod words;

const TEMPLATES: [(&str, &str); 17] = [
    ("base.html", include_str!("../templates/base.html")),
    ("admin.html", include_str!("../templates/admin.html")),
    ("macros.html", include_str!("../templates/macros.html")),
    ("pages/account.html", include_str!("../templates/pages/account.html")),
    ("pages/admin_mail.html", include_str!("../templates/pages/admin_mail.html")),
    ("pages/admin_settings.html", include_str!("../templates/pages/admin_settings.html")),
    ("pages/admin_users.html", include_str!("../templates/pages/admin_users.html")),
    ("pages/choose_password.html", include_str!("../templates/pages/choose_password.html")),
    ("pages/dead_reset_link.html", include_str!("../templates/pages/dead_reset_link.html")),
    ("pages/failure.html", include_str!("../templates/pages/failure.html")),
    ("pages/login.html", include_str!("../templates/pages/login.html")),
    ("pages/request_reset.html", include_str!("../templates/pages/request_reset.html")),
    ("pages/reset_done.html", include_str!("../templates/pages/reset_done.html")),
    ("pages/setup.html", include_str!("../templates/pages/setup.html")),
    ("pages/setup_closed.html", include_str!("../templates/pages/setup_closed.html")),
    ("pages/signup.html", include_str!("../templates/pages/signup.html")),
    ("pages/signup_closed.html", include_str!("../templates/pages/signup_closed.html")),
];

/// Turns views into pages.
#[derive(Debug)]
pub(crate) struct Renderer {
    /// The functions of an environment speak its language.
    languages: BTreeMap<Language, Environment<'static>>,
}

/// Why there are no pages.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// The directory of overriding templates, or one of them, cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// What cannot be read.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It would override nothing.
    #[error("{} overrides no template", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
    /// A template is not well-formed.
    #[error("{}, line {line}: {problem}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where in it.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A template asks for something that is not there.
    #[error("the page cannot be rendered")]
    Template(#[source] minijinja::Error),
}

/// The frame as templates see it.
#[derive(Serialize)]
struct Surroundings<'a> {
    language: &'static str,
    direction: &'static str,
    theme: Theme,
    product: &'a str,
    path: &'a str,
    form_token: &'a str,
    visitor: Option<Visitor<'a>>,
    mail_is_missing: bool,
    noindex: bool,
    languages: [Tongue; 3],
}

/// A language one can change to.
#[derive(Serialize)]
struct Tongue {
    tag: &'static str,
    direction: &'static str,
    /// In itself: whoever looks for it may not read the language of the page.
    name: &'static str,
}

impl Renderer {
    /// Reads and parses all templates.
    ///
    /// # Errors
    /// [`RenderError`] names the overriding file that cannot be used, and the line.
    pub(crate) fn new(
        locales: Locales,
        assets: &Assets,
        overrides: Option<&Path>,
    ) -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        // A misspelt name is an error, not an empty place on somebody's page.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(RenderError::Template)?);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).map_err(RenderError::Template)?;
        }
        if let Some(directory) = overrides {
            add_overrides(&mut environment, directory)?;
        }
        words::add_neutral(&mut environment, assets.urls());
        let languages = Language::ALL.into_iter().map(move |language| {
            let mut environment = environment.clone();
            words::add_spoken(&mut environment, &locales, language);
            (language, environment)
        });
        Ok(Self { languages: languages.collect() })
    }

    /// Writes a page.
    ///
    /// # Errors
    /// [`RenderError::Template`]: a bug, or an overriding template that asks for something that is
    /// not there.
    pub(crate) fn page<V: View>(&self, frame: &Frame<'_>, view: &V) -> Result<String, RenderError> {
        let unknown = || minijinja::Error::from(minijinja::ErrorKind::TemplateNotFound);
        let environment = self.languages.get(&frame.language).ok_or_else(unknown);
        environment
            .and_then(|environment| environment.get_template(V::TEMPLATE))
            .and_then(|template| {
                template.render(context! {
                    frame => Serde(surroundings(frame, view.is_private())),
                    title_key => view.title(),
                    reports_error => view.reports_error(),
                    page => Serde(view),
                })
            })
            .map_err(RenderError::Template)
    }
}

fn surroundings<'a>(frame: &Frame<'a>, is_private: bool) -> Surroundings<'a> {
    Surroundings {
        language: frame.language.tag(),
        direction: direction(frame.language),
        theme: frame.theme,
        product: frame.product,
        path: frame.path,
        form_token: frame.form_token,
        visitor: frame.visitor,
        mail_is_missing: frame.mail_is_missing,
        noindex: frame.noindex || is_private,
        languages: Language::ALL.map(|language| Tongue {
            tag: language.tag(),
            direction: direction(language),
            name: own_name(language),
        }),
    }
}

fn direction(language: Language) -> &'static str {
    if language.is_right_to_left() { "rtl" } else { "ltr" }
}

fn own_name(language: Language) -> &'static str {
    match language {
        Language::English => "English",
        Language::German => "Deutsch",
        Language::Arabic => "العربية",
    }
}

/// Replaces the embedded templates by those of a directory.
fn add_overrides(
    environment: &mut Environment<'static>,
    directory: &Path,
) -> Result<(), RenderError> {
    for (name, path) in files(directory)? {
        if !TEMPLATES.iter().any(|(known, _)| *known == name) {
            return Err(RenderError::Unknown { path });
        }
        let source = fs::read_to_string(&path)
            .map_err(|source| RenderError::Unreadable { path: path.clone(), source })?;
        environment.add_template_owned(name, source).map_err(|error| RenderError::Malformed {
            path,
            line: error.line().unwrap_or(1),
            problem: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        })?;
    }
    Ok(())
}

/// The templates in a directory and in its `pages`, by the name we give them.
fn files(directory: &Path) -> Result<Vec<(String, PathBuf)>, RenderError> {
    let mut files = Vec::new();
    for (folder, prefix) in [(directory.to_owned(), ""), (directory.join("pages"), "pages/")] {
        if !prefix.is_empty() && !folder.exists() {
            continue;
        }
        let unreadable = |source| RenderError::Unreadable { path: folder.clone(), source };
        for entry in fs::read_dir(&folder).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let is_template = path.is_file() && path.extension().is_some_and(|e| e == "html");
            if let Some(name) = path.file_name().and_then(|name| name.to_str())
                && is_template
            {
                files.push((format!("{prefix}{name}"), path.clone()));
            }
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests;
