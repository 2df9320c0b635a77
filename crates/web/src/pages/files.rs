//! What is no page: style sheet and script, and the addresses other programs know.

#![expect(clippy::needless_pass_by_value, reason = "handlers take their extractors by value")]

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::fault::Fault;
use crate::paths;
use crate::site::Site;

/// RFC 9116 recommends less than a year; the text is made when it is asked for.
const STATEMENT_LASTS: Duration = Duration::days(180);

#[handler]
pub(super) fn asset(site: Data<&Arc<Site>>, name: Path<String>) -> Result<Response, Fault> {
    let (asset, lifetime) = site.files.assets.find(&name).ok_or_else(Fault::not_found)?;
    Ok(Response::builder()
        .content_type(asset.content_type)
        .header(header::CACHE_CONTROL, lifetime.directives())
        .body(asset.bytes.to_vec()))
}

/// Where password managers send people.
#[handler]
pub(super) fn change_password() -> Response {
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, format!("{}#change-password", paths::ACCOUNT))
        .finish()
}

/// Where to report security problems.
#[handler]
pub(super) fn security_txt(site: Data<&Arc<Site>>) -> Result<Response, Fault> {
    let contact = site.options.security_contact.as_ref().ok_or_else(Fault::not_found)?;
    let expires = site.state.clock.now() + STATEMENT_LASTS;
    let expires = expires.replace_nanosecond(0).unwrap_or(expires);
    let expires = expires.format(&Rfc3339).unwrap_or_default();
    let canonical = format!("{}{}", site.options.origin, paths::SECURITY_TXT);
    let text = format!("Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\n");
    Ok(Response::builder().content_type("text/plain; charset=utf-8").body(text))
}
