//! Forgotten passwords: ask for a link, choose a new password.
//!
//! One address serves both steps: with a token it is the second. Looking at a link changes nothing,
//! however often and by whomever, so mail scanners burn none; only the new password spends it.

pub(super) mod old;

use poem::http::StatusCode;
use poem::web::{Form, Query};
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::password::Password;
use vestibule_domain::recovery::ResetPassword;

use super::fields::Fields;
use crate::fault::Fault;
use crate::flash::Flash;
use crate::forms::{at_form, wrongs};
use crate::paths;
use crate::views::{self, FormState, field};
use crate::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    token: String,
    sent: Option<String>,
}

/// Both steps: the second has a token.
#[derive(Deserialize)]
pub(super) struct Submitted {
    #[serde(default)]
    token: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    password_confirm: String,
}

/// What was typed in the second step.
struct Choice {
    token: String,
    password: String,
    password_confirm: String,
}

/// Why there is no new password.
enum Refusal {
    /// The link does not work any more.
    DeadLink,
    /// Something has to be changed or waited for first.
    AtForm(StatusCode, FormState),
}

#[handler]
pub(super) async fn show(visit: Visit, address: Query<Address>) -> Result<Response, Fault> {
    let Address { token, sent } = address.0;
    if token.is_empty() {
        return show_request(visit, paths::RESET, sent.is_some());
    }
    match visit.site.state.recovery.owner(&token).await {
        Ok(user) => {
            let email = user.email.as_str().to_owned();
            let view = choose(&visit, paths::RESET, token, email, FormState::Fresh);
            visit.at(paths::RESET).page(StatusCode::OK, &view)
        }
        Err(Error::InvalidToken) => dead_link(visit),
        Err(error) => Err(error.into()),
    }
}

#[handler]
pub(super) async fn submit(visit: Visit, form: Form<Submitted>) -> Result<Response, Fault> {
    let Submitted { token, email, password, password_confirm } = form.0;
    if token.is_empty() {
        return request(visit, paths::RESET, email).await;
    }
    let choice = Choice { token, password, password_confirm };
    match reset(&visit, &choice).await? {
        Ok(()) => Ok(after_reset(visit)),
        Err(Refusal::DeadLink) => dead_link(visit),
        Err(Refusal::AtForm(status, state)) => {
            again(visit, paths::RESET, choice, status, state).await
        }
    }
}

#[handler]
pub(super) fn done(visit: Visit) -> Result<Response, Fault> {
    if visit.flash != Some(Flash::ResetDone) {
        return Ok(visit.redirect(paths::LOGIN));
    }
    let redirect_after_seconds = visit.site.options.reset_redirect.map(|pause| pause.as_secs());
    visit.page(StatusCode::OK, &views::ResetDone { redirect_after_seconds })
}

/// The first step, with the good news if there are any.
fn show_request(visit: Visit, action: &str, sent: bool) -> Result<Response, Fault> {
    let sent_to = match &visit.flash {
        Some(Flash::ResetSent { email }) if sent => Some(email.clone()),
        _ => None,
    };
    let view = views::RequestReset { sent_to, ..ask(&visit, action, None, FormState::Fresh) };
    visit.page(StatusCode::OK, &view)
}

/// Asks for a link. What follows is the same for every address.
async fn request(mut visit: Visit, action: &str, email: String) -> Result<Response, Fault> {
    let mut fields = Fields::default();
    let (status, state) = match fields.email(&email) {
        Some(address) => match visit.site.state.recovery.request(&address, &visit.caller).await {
            Ok(()) => {
                visit.tell(Flash::ResetSent { email: address.as_str().to_owned() });
                return Ok(visit.redirect(&format!("{action}?sent=1")));
            }
            Err(error) => at_form(error, |place| place)?,
        },
        None => wrongs(fields.into_errors()),
    };
    let view = ask(&visit, action, Some(email), state);
    visit.page(status, &view)
}

/// Sets the new password, unless something is in the way.
async fn reset(visit: &Visit, choice: &Choice) -> Result<Result<(), Refusal>, Fault> {
    let recovery = &visit.site.state.recovery;
    let min = recovery.password_policy().min_length;
    let mut fields = Fields::default();
    let password: Option<Password> =
        fields.confirmed_password(&choice.password, &choice.password_confirm, min);
    let Some(password) = password else {
        let (status, state) = wrongs(fields.into_errors());
        return Ok(Err(Refusal::AtForm(status, state)));
    };
    let request = ResetPassword { token: choice.token.clone(), password };
    let (status, state) = match recovery.reset(request, &visit.caller).await {
        Ok(()) => return Ok(Ok(())),
        Err(Error::InvalidToken) => return Ok(Err(Refusal::DeadLink)),
        Err(error) => at_form(error, |_| field::NEW_PASSWORD)?,
    };
    Ok(Err(Refusal::AtForm(status, state)))
}

/// The second step once more, if the link still works.
async fn again(
    visit: Visit,
    action: &str,
    choice: Choice,
    status: StatusCode,
    state: FormState,
) -> Result<Response, Fault> {
    let email = match visit.site.state.recovery.owner(&choice.token).await {
        Ok(user) => user.email.as_str().to_owned(),
        Err(Error::InvalidToken) => return dead_link(visit),
        // The form is told what it was about to be told; whose it is, it need not say.
        Err(_) => String::new(),
    };
    let view = choose(&visit, action, choice.token, email, state);
    visit.at(paths::RESET).page(status, &view)
}

/// All sessions are over, the one of this browser too.
fn after_reset(mut visit: Visit) -> Response {
    visit.dismiss();
    visit.tell(Flash::ResetDone);
    let at_once = visit.site.options.reset_redirect.is_some_and(|pause| pause.is_zero());
    visit.redirect(if at_once { paths::LOGIN } else { paths::RESET_DONE })
}

fn dead_link(visit: Visit) -> Result<Response, Fault> {
    let view = views::DeadResetLink { link_seconds: link_seconds(&visit) };
    visit.at(paths::RESET).page(StatusCode::GONE, &view)
}

fn ask(
    visit: &Visit,
    action: &str,
    email: Option<String>,
    state: FormState,
) -> views::RequestReset {
    let signed_in_as = visit.actor.as_ref().map(|actor| actor.user.email.as_str().to_owned());
    let sent_to = match &visit.flash {
        Some(Flash::ResetSent { email }) => Some(email.clone()),
        _ => None,
    };
    views::RequestReset {
        action: action.to_owned(),
        email: email.or(sent_to).or_else(|| signed_in_as.clone()).unwrap_or_default(),
        signed_in_as,
        sent_to: None,
        link_seconds: link_seconds(visit),
        state,
    }
}

fn choose(
    visit: &Visit,
    action: &str,
    token: String,
    email: String,
    state: FormState,
) -> views::ChoosePassword {
    views::ChoosePassword {
        action: action.to_owned(),
        token,
        email,
        password_min: visit.site.state.recovery.password_policy().min_length,
        link_seconds: link_seconds(visit),
        state,
    }
}

fn link_seconds(visit: &Visit) -> u64 {
    visit.site.state.recovery.link_ttl().unsigned_abs().as_secs()
}
