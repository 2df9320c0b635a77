//! The pages: what the configuration says about them, and the use cases behind them.

use std::sync::Arc;

use vestibule_domain::error::chain;
use vestibule_locales::Locales;
use vestibule_web::{Explain, Files, Options, Pages, State};

use crate::config::{Config, Problem, PublicUrl};

/// The words of pages and mails, with the operator's own.
///
/// # Errors
/// A [`Problem`] that names the file and the line.
pub(super) fn locales(config: &Config) -> Result<Locales, Problem> {
    let folder = config.pages.directory.as_ref().map(|folder| folder.join("locales"));
    match folder.filter(|folder| folder.is_dir()) {
        Some(folder) => Locales::with_overrides(&folder)
            .map_err(|error| Problem::new("ui.directory", chain(&error))),
        None => Ok(Locales::embedded()),
    }
}

/// The words to go on looking for mistakes with: texts that cannot be used hide no others.
pub(super) fn words(read: Option<&Locales>) -> Locales {
    read.cloned().unwrap_or_else(Locales::embedded)
}

/// What pages are made of, with the operator's own templates and assets.
///
/// # Errors
/// A [`Problem`] that names the file and the line.
pub(super) fn files(config: &Config, locales: &Locales) -> Result<Files, Problem> {
    Files::read(config.pages.directory.as_deref(), locales)
        .map_err(|error| Problem::new("ui.directory", chain(&error)))
}

/// The pages.
pub(super) fn pages(config: &Config, public_url: &PublicUrl, files: Files, state: State) -> Pages {
    let options = Options {
        product: config.product_name.clone(),
        origin: public_url.as_str().to_owned(),
        reset_redirect: config.pages.reset_redirect,
        session_lasts: config.policy.sessions.absolute_ttl.unsigned_abs(),
        security_contact: config.pages.security_contact.clone(),
        mail_origins: config.mail_origins.clone(),
    };
    Pages::new(state, options, files)
}

/// Says in somebody's language why a mail did not go out.
pub(super) fn explanations(locales: &Locales) -> Arc<Explain> {
    let locales = locales.clone();
    Arc::new(move |error, language| vestibule_mail::describe(error, &locales, language))
}
