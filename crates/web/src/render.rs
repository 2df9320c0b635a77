//! Turns views into pages.
//!
//! Templates are embedded; an operator may override single ones from a directory. Those are read,
//! parsed and tried out at the start, so a mistake in one is found then. Everything that comes out
//! of a value is escaped; markup comes from templates and from the functions here, and from nowhere
//! else.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;
use vestibule_domain::language::Language;
use vestibule_locales::Locales;

use crate::assets::Assets;
use crate::views::{Frame, Theme, View, Visitor};

mod overrides;
mod rehearsal;
mod words;

use overrides::Overrides;

pub(crate) const TEMPLATES: [(&str, &str); 17] = [
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
#[non_exhaustive]
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
    /// A template is not well-formed, or asks for something that is not there.
    #[error("{file}, line {line}: {problem}")]
    Faulty {
        /// The file, or the embedded template that does not get on with it.
        file: String,
        /// Where in it.
        line: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A page cannot be written after all.
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
    /// Reads and parses all templates; tries them out if some are not ours.
    ///
    /// # Errors
    /// [`RenderError`] names the overriding file that cannot be used, and the line.
    pub(crate) fn new(
        locales: &Locales,
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
        let overrides = overrides.map(Overrides::read).transpose()?.unwrap_or_default();
        overrides.add_to(&mut environment)?;
        words::add_neutral(&mut environment, assets.urls());
        let languages = Language::ALL.into_iter().map(move |language| {
            let mut environment = environment.clone();
            words::add_spoken(&mut environment, locales, language);
            (language, environment)
        });
        let renderer = Self { languages: languages.collect() };
        if !overrides.is_empty() {
            rehearsal::hold(&renderer, &overrides)?;
        }
        Ok(renderer)
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
        noindex: is_private,
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

#[cfg(test)]
mod tests;
