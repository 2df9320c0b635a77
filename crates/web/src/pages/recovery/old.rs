//! The same at the addresses of installations that had other pages before: links and bookmarks go on
//! working, and behave as they did there.

use poem::http::StatusCode;
use poem::web::{Form, Path, Query};
use poem::{FromRequest, Request, RequestBody, Response, handler};
use vestibule_domain::error::Error;

use super::{Address, Choice, Refusal, Submitted, again, choose, reset};
use crate::fault::Fault;
use crate::flash::Flash;
use crate::paths;
use crate::views::FormState;
use crate::visit::Visit;

/// The token in the address. One that is no text is as good as any other that is none of ours.
struct Token(String);

impl<'a> FromRequest<'a> for Token {
    async fn from_request(sent: &'a Request, body: &mut RequestBody) -> poem::Result<Self> {
        let token = Path::from_request(sent, body).await;
        Ok(Self(token.map(|Path(token)| token).unwrap_or_default()))
    }
}

#[handler]
pub(in crate::pages) fn show_request(
    visit: Visit,
    address: Query<Address>,
) -> Result<Response, Fault> {
    if visit.actor.is_some() {
        return Ok(visit.redirect(paths::HOME));
    }
    let Query(Address { sent, .. }) = address;
    super::show_request(visit, paths::OLD_REQUEST, sent.is_some())
}

#[handler]
pub(in crate::pages) async fn request(
    visit: Visit,
    form: Form<Submitted>,
) -> Result<Response, Fault> {
    if visit.actor.is_some() {
        return Ok(visit.redirect(paths::HOME));
    }
    super::request(visit, paths::OLD_REQUEST, form.0.email).await
}

#[handler]
pub(in crate::pages) async fn show_reset(visit: Visit, token: Token) -> Result<Response, Fault> {
    if visit.actor.is_some() {
        return Ok(visit.redirect(paths::HOME));
    }
    let Token(token) = token;
    match visit.site.state.recovery.owner(&token).await {
        Ok(user) => {
            let (action, email) = (action(&token), user.email.as_str().to_owned());
            let view = choose(&visit, &action, token, email, FormState::Fresh);
            visit.at(paths::RESET).page(StatusCode::OK, &view)
        }
        Err(Error::InvalidToken) => Ok(back_to_sign_in(visit)),
        Err(error) => Err(error.into()),
    }
}

#[handler]
pub(in crate::pages) async fn reset_here(
    mut visit: Visit,
    token: Token,
    form: Form<Submitted>,
) -> Result<Response, Fault> {
    if visit.actor.is_some() {
        return Ok(visit.redirect(paths::HOME));
    }
    let Submitted { password, password_confirm, .. } = form.0;
    let choice = Choice { token: token.0, password, password_confirm };
    match reset(&visit, &choice).await? {
        Ok(()) => {
            visit.tell(Flash::ResetDone);
            Ok(visit.redirect(paths::LOGIN))
        }
        Err(Refusal::DeadLink) => Ok(back_to_sign_in(visit)),
        Err(Refusal::AtForm(status, state)) => {
            if !visit.site.state.recovery.verify(&choice.token).await? {
                return Ok(back_to_sign_in(visit));
            }
            let action = action(&choice.token);
            again(visit, &action, choice, status, state).await
        }
    }
}

/// The form goes where the link led to; the address holds the token already.
fn action(token: &str) -> String {
    paths::OLD_RESET.replace(":token", token)
}

fn back_to_sign_in(mut visit: Visit) -> Response {
    visit.tell(Flash::LinkInvalid);
    visit.redirect(paths::LOGIN)
}
