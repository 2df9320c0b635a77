//! Language and theme: kept in the browser, the language also with the account for its mails.

use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::language::Language;

use crate::fault::Fault;
use crate::paths;
use crate::views::Theme;
use crate::visit::Visit;

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
pub(super) fn choose_theme(mut visit: Visit, form: Form<ThemeChoice>) -> Response {
    let Form(ThemeChoice { theme, back: page }) = form;
    if let Some(theme) = Theme::from_name(&theme) {
        visit.choose_theme(theme);
    }
    back(visit, page.as_deref())
}

#[handler]
pub(super) async fn choose_language(
    mut visit: Visit,
    form: Form<LanguageChoice>,
) -> Result<Response, Fault> {
    if let Some(language) = Language::from_tag(&form.language) {
        visit.choose_language(language);
        if let Some(actor) = &visit.actor {
            visit.site.state.sessions.speak(actor, language).await?;
        }
    }
    Ok(back(visit, form.back.as_deref()))
}

fn back(visit: Visit, page: Option<&str>) -> Response {
    let page = page.and_then(paths::own_page).unwrap_or(paths::HOME).to_owned();
    visit.redirect(&page)
}
