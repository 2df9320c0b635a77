//! Assets and well-known addresses.

#![expect(clippy::needless_pass_by_value, reason = "handlers take their extractors by value")]

use std::sync::Arc;

use poem::http::{StatusCode, header};
use poem::web::{Data, Path};
use poem::{Response, handler};
use time::Duration;
use time::format_description::well_known::Rfc3339;

use crate::page_error::PageError;
use crate::paths;
use crate::state::AppState;

/// Validity of `security.txt`; RFC 9116 recommends less than a year.
const SECURITY_TXT_TTL: Duration = Duration::days(180);

#[handler]
pub(super) fn asset(app: Data<&Arc<AppState>>, name: Path<String>) -> Result<Response, PageError> {
    let (asset, lifetime) = app.files.assets.find(&name).ok_or_else(PageError::not_found)?;
    Ok(Response::builder()
        .content_type(asset.content_type)
        .header(header::CACHE_CONTROL, lifetime.directives())
        .body(asset.bytes.to_vec()))
}

/// Redirects password managers to the password form.
#[handler]
pub(super) fn change_password() -> Response {
    Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, format!("{}#change-password", paths::ACCOUNT))
        .finish()
}

/// Serves `security.txt` (RFC 9116).
#[handler]
pub(super) fn security_txt(app: Data<&Arc<AppState>>) -> Result<Response, PageError> {
    let contact = app.options.security_contact.as_ref().ok_or_else(PageError::not_found)?;
    let expires = app.state.clock.now() + SECURITY_TXT_TTL;
    let expires = expires.replace_nanosecond(0).unwrap_or(expires);
    let expires = expires.format(&Rfc3339).unwrap_or_default();
    let canonical = format!("{}{}", app.options.origin, paths::SECURITY_TXT);
    let text = format!("Contact: {contact}\nExpires: {expires}\nCanonical: {canonical}\n");
    Ok(Response::builder().content_type("text/plain; charset=utf-8").body(text))
}
