//! The language of a request, and the page that it asks for.

use poem::Request;
use poem::http::{HeaderMap, header};
use vestibule_domain::model::language::Language;

use crate::cookies::Cookie;
use crate::paths;
use crate::state::AppState;

/// Returns the language of the query, or else of the cookie.
pub(super) fn chosen_language(app: &AppState, request: &Request) -> Option<Language> {
    let kept = || app.jar.read(request.headers(), Cookie::Language).and_then(Language::from_tag);
    asked_language(request).or_else(kept)
}

/// Returns the language of the query parameter `lang`.
pub(super) fn asked_language(request: &Request) -> Option<Language> {
    let mut pairs = request.uri().query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("lang=")).and_then(Language::from_tag)
}

/// Returns the best language of `Accept-Language`.
pub(super) fn accepted_language(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    Language::negotiate(accepted)
}

/// Returns the requested page, if a form may return to it.
pub(super) fn local_address(request: &Request) -> Option<&str> {
    let uri = request.uri();
    let whole = uri.path_and_query().map_or(uri.path(), |address| address.as_str());
    paths::local_page(whole).or_else(|| paths::local_page(uri.path()))
}
