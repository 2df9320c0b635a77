//! Opening an account.

use poem::http::StatusCode;
use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::accounts::SignUp;
use vestibule_domain::error::Error;
use vestibule_domain::policy::SignUpMode;

use super::fields::Fields;
use crate::fault::Fault;
use crate::forms::{at_form, wrongs};
use crate::paths;
use crate::views::{self, FormState, field};
use crate::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Submitted {
    email: String,
    username: String,
    password: String,
}

#[handler]
pub(super) fn show(visit: Visit) -> Result<Response, Fault> {
    if visit.actor.is_some() {
        return Ok(visit.redirect(paths::ACCOUNT));
    }
    if visit.site.state.accounts.sign_up_mode() == SignUpMode::Closed {
        return closed(visit);
    }
    let view = view(&visit, String::new(), String::new(), FormState::Fresh);
    visit.page(StatusCode::OK, &view)
}

#[handler]
pub(super) async fn sign_up(mut visit: Visit, form: Form<Submitted>) -> Result<Response, Fault> {
    let Submitted { email, username, password } = form.0;
    let accounts = visit.site.state.accounts.clone();
    let min = accounts.password_policy().min_length;
    let mut fields = Fields::default();
    let parsed = (
        fields.email(&email),
        fields.username(&username),
        fields.new_password(field::NEW_PASSWORD, &password, min),
    );
    let (status, state) = if let (Some(email), Some(username), Some(password)) = parsed {
        let request = SignUp { email, username, password, language: Some(visit.language) };
        match accounts.sign_up_browser(request, &visit.caller).await {
            Ok(signed_in) => {
                visit.admit(signed_in).await?;
                return Ok(visit.redirect(paths::ACCOUNT));
            }
            Err(Error::SignUpClosed) => return closed(visit),
            Err(error) => at_form(error, |place| place)?,
        }
    } else {
        wrongs(fields.into_errors())
    };
    let view = view(&visit, email, username, state);
    visit.page(status, &view)
}

fn closed(visit: Visit) -> Result<Response, Fault> {
    visit.page(StatusCode::FORBIDDEN, &views::SignUpClosed {})
}

fn view(visit: &Visit, email: String, username: String, state: FormState) -> views::SignUp {
    let password_min = visit.site.state.accounts.password_policy().min_length;
    views::SignUp { email, username, password_min, state }
}
