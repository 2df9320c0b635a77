//! Language and theme: stored in cookies, the language also in the account for its mails.

use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::model::language::Language;

use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::Theme;

#[derive(Deserialize)]
pub(super) struct ThemeChoice {
    theme: String,
    back: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct LanguageChoice {
    language: String,
    back: Option<String>,
}

#[handler]
pub(super) fn choose_theme(mut context: PageContext, form: Form<ThemeChoice>) -> Response {
    let Form(ThemeChoice { theme, back: page }) = form;
    if let Some(theme) = Theme::from_name(&theme) {
        context.choose_theme(theme);
    }
    back(context, page.as_deref())
}

#[handler]
pub(super) async fn choose_language(
    mut context: PageContext,
    form: Form<LanguageChoice>,
) -> Result<Response, PageError> {
    if let Some(language) = Language::from_tag(&form.language) {
        context.choose_language(language);
        if let Some(current) = &context.signed_in {
            context.app.state.sessions.speak(current, language).await?;
        }
    }
    Ok(back(context, form.back.as_deref()))
}

fn back(context: PageContext, page: Option<&str>) -> Response {
    let page = page.and_then(paths::local_page).unwrap_or(paths::HOME).to_owned();
    context.redirect(&page)
}
