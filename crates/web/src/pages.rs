//! Routes and handlers of the pages.

mod account;
mod admin_mail;
mod admin_settings;
mod admin_users;
mod files;
mod login;
mod preferences;
mod recovery;
mod setup;
mod signup;

use poem::web::Path;
use poem::{FromRequest, Request, RequestBody, Response, Result, Route, get, handler, post};
use serde::Deserialize;
use uuid::Uuid;

use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths::{self, escaped};

/// Returns the routes of the pages.
pub(crate) fn routes() -> Route {
    use recovery::legacy_routes;
    Route::new()
        .at(paths::HOME, get(home))
        .at(paths::LOGIN, get(login::show).post(login::sign_in))
        .at(paths::LOGOUT, get(login::before_sign_out).post(login::sign_out))
        .at(paths::SIGN_UP, get(signup::show).post(signup::sign_up))
        .at(paths::SETUP, get(setup::show).post(setup::create_admin))
        .at(paths::ACCOUNT, get(account::show))
        .at(paths::CHANGE_PASSWORD, post(account::change_password))
        .at(paths::END_SESSION, post(account::end_session))
        .at(paths::END_OTHERS, post(account::end_others))
        .at(paths::RESET, get(recovery::show).post(recovery::submit))
        .at(paths::MAILED_RESET, get(recovery::show).post(recovery::submit))
        .at(paths::RESET_DONE, get(recovery::done))
        .at(paths::LEGACY_REQUEST, get(legacy_routes::show_request).post(legacy_routes::request))
        .at(paths::LEGACY_RESET, get(legacy_routes::show_reset).post(legacy_routes::reset_password))
        .at(paths::ADMIN_SETTINGS, get(admin_settings::show).post(admin_settings::save))
        .at(paths::ADMIN_USERS, get(admin_users::show))
        .at(paths::ADMIN_USER_ACTION, post(admin_users::change))
        .at(paths::ADMIN_MAIL, get(admin_mail::show))
        .at(paths::ADMIN_RESEND, post(admin_mail::resend))
        .at(paths::THEME, post(preferences::choose_theme))
        .at(paths::LANGUAGE, post(preferences::choose_language))
        .at(paths::ASSET, get(files::asset))
        .at(paths::WELL_KNOWN_CHANGE, get(files::change_password))
        .at(paths::SECURITY_TXT, get(files::security_txt))
}

/// Redirects to the account or to sign-in.
#[handler]
fn home(context: PageContext) -> Response {
    let destination = if context.signed_in.is_some() { paths::ACCOUNT } else { paths::LOGIN };
    context.redirect(destination)
}

/// The `:id` of a path; 404 if it is not a UUID.
struct Id(Uuid);

#[derive(Deserialize)]
struct IdInPath {
    id: Uuid,
}

impl<'a> FromRequest<'a> for Id {
    async fn from_request(request: &'a Request, body: &mut RequestBody) -> Result<Self> {
        match Path::<IdInPath>::from_request(request, body).await {
            Ok(Path(IdInPath { id })) => Ok(Self(id)),
            Err(_) => Err(PageError::not_found().into()),
        }
    }
}

/// Truncates rows to a page, and returns the address of the next page if there are more. The query
/// must have asked for one row more than a page holds.
fn next_page<T>(
    path: &str,
    query: &str,
    rows: &mut Vec<T>,
    per_page: u32,
    cursor: impl Fn(&T) -> String,
) -> Option<String> {
    let per_page = usize::try_from(per_page).unwrap_or(usize::MAX);
    if rows.len() <= per_page {
        return None;
    }
    rows.truncate(per_page);
    let cursor = cursor(rows.last()?);
    let query = if query.is_empty() { String::new() } else { format!("query={}&", escaped(query)) };
    Some(format!("{path}?{query}cursor={cursor}"))
}
