//! Renders views with templates.
//!
//! Templates are embedded; an operator may override single ones from a directory. They are read,
//! parsed and rendered with sample data at startup, so that errors are found then. All values are
//! escaped; markup comes only from templates and template functions.

use std::collections::BTreeMap;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Serialize;
use vestibule_domain::model::language::Language;
use vestibule_locales::Locales;

use crate::assets::Assets;
use crate::views::{Frame, PageData, Theme, View, Visitor, samples};

mod error;
mod overrides;
mod template_functions;
mod templates;

use overrides::Overrides;
pub(crate) use templates::TEMPLATES;

pub use error::RenderError;

/// Renders views as pages.
#[derive(Debug)]
pub(crate) struct Renderer {
    /// One environment for each language, since template functions depend on it.
    environments: BTreeMap<Language, Environment<'static>>,
}

/// Data of the layout, as `frame` in templates.
#[derive(Serialize)]
struct Layout<'a> {
    language: &'static str,
    direction: &'static str,
    theme: Theme,
    product: &'a str,
    path: &'a str,
    form_token: &'a str,
    visitor: Option<Visitor<'a>>,
    mail_is_missing: bool,
    noindex: bool,
    languages: [LanguageOption; 3],
}

/// A language that the user can choose.
#[derive(Serialize)]
struct LanguageOption {
    tag: &'static str,
    direction: &'static str,
    /// Name of the language in the language itself.
    name: &'static str,
}

impl Renderer {
    /// Reads and parses all templates, and renders all samples if templates are overridden.
    ///
    /// # Errors
    /// [`RenderError`] for the overriding file and line that cannot be used.
    pub(crate) fn new(
        locales: &Locales,
        assets: &Assets,
        overrides: Option<&Path>,
    ) -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        // An unknown name is an error, not an empty string.
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.map_err(RenderError::Template)?);
        for (name, source) in TEMPLATES {
            environment.add_template(name, source).map_err(RenderError::Template)?;
        }
        let overrides = overrides.map(Overrides::read).transpose()?.unwrap_or_default();
        overrides.add_to(&mut environment)?;
        template_functions::add_neutral(&mut environment, assets.urls());
        let environments = Language::ALL.into_iter().map(move |language| {
            let mut environment = environment.clone();
            template_functions::add_localized(&mut environment, locales, language);
            (language, environment)
        });
        let renderer = Self { environments: environments.collect() };
        if !overrides.is_empty() {
            renderer.check_templates(&overrides)?;
        }
        Ok(renderer)
    }

    /// Renders a view.
    ///
    /// # Errors
    /// [`RenderError::Template`] if the template uses an unknown name: a bug, or an overriding
    /// template that was changed after the start.
    pub(crate) fn page<V: View>(&self, frame: &Frame<'_>, view: &V) -> Result<String, RenderError> {
        self.render(frame, &PageData::of(view))
    }

    /// Renders the data of a view.
    ///
    /// # Errors
    /// As [`Renderer::page`].
    pub(crate) fn render(&self, frame: &Frame<'_>, data: &PageData) -> Result<String, RenderError> {
        let unknown = || minijinja::Error::from(minijinja::ErrorKind::TemplateNotFound);
        let environment = self.environments.get(&frame.language).ok_or_else(unknown);
        environment
            .and_then(|environment| environment.get_template(data.template))
            .and_then(|template| {
                template.render(context! {
                    frame => Serde(layout(frame, data.is_private)),
                    title_key => data.title,
                    reports_error => data.reports_error,
                    page => data.page.clone(),
                })
            })
            .map_err(RenderError::Template)
    }

    /// Renders all samples in all languages, so that errors in overriding templates are found at
    /// startup.
    fn check_templates(&self, overrides: &Overrides) -> Result<(), RenderError> {
        for sample in samples::all() {
            // Themes do not affect texts: each language checks another one.
            for (language, theme) in Language::ALL.into_iter().zip(Theme::ALL) {
                let visitor =
                    sample.signed_in.map(|is_admin| Visitor { email: samples::EMAIL, is_admin });
                let frame = Frame {
                    language,
                    theme,
                    product: "Sample",
                    path: "/",
                    form_token: samples::FORM_TOKEN,
                    visitor,
                    mail_is_missing: language == Language::default(),
                };
                self.render(&frame, &sample.data).map_err(|error| match error {
                    RenderError::Template(cause) => {
                        overrides.page_error(&sample.name, sample.data.template, &cause)
                    }
                    error => error,
                })?;
            }
        }
        Ok(())
    }
}

fn layout<'a>(frame: &Frame<'a>, is_private: bool) -> Layout<'a> {
    Layout {
        language: frame.language.tag(),
        direction: direction(frame.language),
        theme: frame.theme,
        product: frame.product,
        path: frame.path,
        form_token: frame.form_token,
        visitor: frame.visitor,
        mail_is_missing: frame.mail_is_missing,
        noindex: is_private,
        languages: Language::ALL.map(|language| LanguageOption {
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
