//! Signing in and out.

use poem::http::{HeaderName, HeaderValue, StatusCode};
use poem::web::{Form, Query};
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::policy::SignUpMode;
use vestibule_domain::sessions::SignIn;

use super::fields::Fields;
use crate::fault::Fault;
use crate::flash::Flash;
use crate::forms::{at_form, wrong, wrongs};
use crate::paths;
use crate::views::{self, FormState, LoginNotice, Mistake, field};
use crate::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Address {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    email: String,
    password: String,
    next: Option<String>,
}

#[handler]
pub(super) fn show(mut visit: Visit, address: Query<Address>) -> Result<Response, Fault> {
    let Query(Address { next }) = address;
    let next = own_page(next.as_deref());
    if visit.actor.is_some() {
        return Ok(visit.redirect(next.as_deref().unwrap_or(paths::ACCOUNT)));
    }
    let notice = match visit.forget_flash() {
        Some(Flash::ResetDone) => Some(LoginNotice::ResetDone),
        Some(Flash::LinkInvalid) => Some(LoginNotice::LinkInvalid),
        Some(Flash::SignedOut) => Some(LoginNotice::SignedOut),
        _ if visit.session_is_over => Some(LoginNotice::SessionExpired),
        _ => None,
    };
    let view = views::Login { notice, ..view(&visit, String::new(), next) };
    visit.page(StatusCode::OK, &view)
}

#[handler]
pub(super) async fn sign_in(mut visit: Visit, form: Form<Submitted>) -> Result<Response, Fault> {
    let Submitted { email, password, next } = form.0;
    let next = own_page(next.as_deref());
    let mut fields = Fields::default();
    let parsed = (fields.email(&email), fields.known_password(field::PASSWORD, &password));
    let (status, state) = if let (Some(email), Some(password)) = parsed {
        let request = SignIn { email, password, language: Some(visit.language) };
        match visit.site.state.sessions.sign_in_browser(request, &visit.caller).await {
            Ok(signed_in) => {
                visit.admit(signed_in).await?;
                return Ok(visit.redirect(next.as_deref().unwrap_or(paths::ACCOUNT)));
            }
            // The link in the summary leads to the password: the address is there already.
            Err(Error::InvalidCredentials) => wrong(field::PASSWORD, Mistake::InvalidCredentials),
            Err(Error::AccountInactive) => wrong(field::EMAIL, Mistake::AccountInactive),
            Err(error) => at_form(error, |place| place)?,
        }
    } else {
        wrongs(fields.into_errors())
    };
    let view = views::Login { state, ..view(&visit, email, next) };
    visit.page(status, &view)
}

/// Nothing is ended by looking: the button is on the account's page.
#[handler]
pub(super) fn before_sign_out(visit: Visit) -> Response {
    let destination = if visit.actor.is_some() { paths::ACCOUNT } else { paths::LOGIN };
    visit.redirect(destination)
}

#[handler]
pub(super) async fn sign_out(mut visit: Visit) -> Result<Response, Fault> {
    if let Some(actor) = &visit.actor {
        visit.site.state.sessions.sign_out(actor).await?;
    }
    visit.dismiss();
    visit.tell(Flash::SignedOut);
    let mut response = visit.redirect(paths::LOGIN);
    // What a shared computer has kept of private pages goes too.
    response.headers_mut().insert(
        HeaderName::from_static("clear-site-data"),
        HeaderValue::from_static("\"cache\", \"storage\""),
    );
    Ok(response)
}

fn view(visit: &Visit, email: String, next: Option<String>) -> views::Login {
    views::Login {
        email,
        next,
        signup_is_open: visit.site.state.accounts.sign_up_mode() == SignUpMode::Open,
        notice: None,
        state: FormState::Fresh,
    }
}

fn own_page(next: Option<&str>) -> Option<String> {
    next.and_then(paths::own_page).map(str::to_owned)
}
