//! The pages, their texts, and their use cases.

use std::sync::Arc;

use vestibule_domain::error::chain;
use vestibule_locales::Locales;
use vestibule_web::{Explain, Files, Options, Pages, WebState};

use crate::config::{Config, Problem, PublicUrl};

/// Loads the texts of pages and mails, with the operator's overrides.
///
/// # Errors
/// A [`Problem`] with the file and line.
pub(super) fn locales(config: &Config) -> Result<Locales, Problem> {
    let folder = config.pages.directory.as_ref().map(|folder| folder.join("locales"));
    match folder.filter(|folder| folder.is_dir()) {
        Some(folder) => Locales::with_overrides(&folder)
            .map_err(|error| Problem::new("ui.directory", chain(&error))),
        None => Ok(Locales::embedded()),
    }
}

/// Returns texts for further checks: invalid overrides must not hide other problems.
pub(super) fn words(read: Option<&Locales>) -> Locales {
    read.cloned().unwrap_or_else(Locales::embedded)
}

/// Loads the templates and assets, with the operator's overrides.
///
/// # Errors
/// A [`Problem`] with the file and line.
pub(super) fn files(config: &Config, locales: &Locales) -> Result<Files, Problem> {
    Files::read(config.pages.directory.as_deref(), locales)
        .map_err(|error| Problem::new("ui.directory", chain(&error)))
}

/// Creates the pages.
pub(super) fn pages(
    config: &Config,
    public_url: &PublicUrl,
    files: Files,
    state: WebState,
) -> Pages {
    let options = Options {
        product: config.product_name.clone(),
        origin: public_url.as_str().to_owned(),
        reset_redirect: config.pages.reset_redirect,
        session_ttl: config.policy.sessions.absolute_ttl.unsigned_abs(),
        security_contact: config.pages.security_contact.clone(),
        mail_origins: config.mail_origins.clone(),
    };
    Pages::new(state, options, files)
}

/// Explains in the user's language why a mail was not sent.
pub(super) fn explanations(locales: &Locales) -> Arc<Explain> {
    let locales = locales.clone();
    Arc::new(move |error, language| vestibule_mail::describe(error, &locales, language))
}
