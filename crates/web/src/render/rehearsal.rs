//! Writes every page in every state and language before anybody asks for one, so that a mistake in
//! an overriding template is found by whoever made it.

use vestibule_domain::language::Language;

use super::overrides::Overrides;
use super::{RenderError, Renderer};
use crate::views::samples;
use crate::views::{Frame, Theme, Visitor};

/// Writes them all.
///
/// # Errors
/// [`RenderError::Faulty`] names the template that asks for something that is not there.
pub(super) fn hold(renderer: &Renderer, overrides: &Overrides) -> Result<(), RenderError> {
    for sample in samples::all() {
        // What a theme looks like is not said in words: each language can try out another.
        for (language, theme) in Language::ALL.into_iter().zip(Theme::ALL) {
            let visitor =
                sample.signed_in.map(|is_admin| Visitor { email: samples::EMAIL, is_admin });
            let frame = Frame {
                language,
                theme,
                product: "Rehearsal",
                path: "/",
                form_token: samples::FORM_TOKEN,
                visitor,
                mail_is_missing: language == Language::default(),
            };
            sample.render(renderer, &frame).map_err(|error| match error {
                RenderError::Template(cause) => overrides.fault_on(&sample, &cause),
                error => error,
            })?;
        }
    }
    Ok(())
}
