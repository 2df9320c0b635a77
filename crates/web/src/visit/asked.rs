//! What a request asks for: a page, and a language to read it in.

use poem::Request;
use poem::http::{HeaderMap, header};
use vestibule_domain::language::Language;

use crate::cookies::Cookie;
use crate::paths;
use crate::site::Site;

/// The language in the address, or else the one that was chosen before.
pub(super) fn chosen_language(site: &Site, request: &Request) -> Option<Language> {
    let kept = || site.jar.read(request.headers(), Cookie::Language).and_then(Language::from_tag);
    asked_language(request).or_else(kept)
}

pub(super) fn asked_language(request: &Request) -> Option<Language> {
    let mut pairs = request.uri().query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("lang=")).and_then(Language::from_tag)
}

pub(super) fn accepted_language(headers: &HeaderMap) -> Option<Language> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    Language::negotiate(accepted)
}

/// The page that was asked for, if one can be led back to it.
pub(super) fn own_address(request: &Request) -> Option<&str> {
    let uri = request.uri();
    let whole = uri.path_and_query().map_or(uri.path(), |address| address.as_str());
    paths::own_page(whole).or_else(|| paths::own_page(uri.path()))
}
