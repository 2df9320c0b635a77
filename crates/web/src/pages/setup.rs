//! The first administrator.

use poem::http::StatusCode;
use poem::web::{Form, Query};
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::accounts::SignUp;
use vestibule_domain::error::Error;

use super::fields::Fields;
use crate::fault::Fault;
use crate::forms::{at_form, wrongs};
use crate::paths;
use crate::views::{self, FormState, field};
use crate::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    token: String,
}

#[derive(Deserialize)]
pub(super) struct Submitted {
    token: String,
    email: String,
    username: String,
    password: String,
}

#[handler]
pub(super) async fn show(visit: Visit, address: Query<Address>) -> Result<Response, Fault> {
    let token = address.0.token;
    if !visit.site.state.setup.verify(&token).await? {
        return closed(visit);
    }
    let view = view(&visit, token, String::new(), String::new(), FormState::Fresh);
    visit.page(StatusCode::OK, &view)
}

#[handler]
pub(super) async fn create_admin(
    mut visit: Visit,
    form: Form<Submitted>,
) -> Result<Response, Fault> {
    let Submitted { token, email, username, password } = form.0;
    let setup = visit.site.state.setup.clone();
    let min = setup.password_policy().min_length;
    let mut fields = Fields::default();
    let parsed = (
        fields.email(&email),
        fields.username(&username),
        fields.new_password(field::NEW_PASSWORD, &password, min),
    );
    let (status, state) = if let (Some(email), Some(username), Some(password)) = parsed {
        let request = SignUp { email, username, password, language: Some(visit.language) };
        match setup.create_admin(&token, request, &visit.caller).await {
            Ok(signed_in) => {
                visit.admit(signed_in).await?;
                return Ok(visit.redirect(paths::ADMIN_SETTINGS));
            }
            Err(Error::InvalidToken) => return closed(visit),
            Err(error) => at_form(error, |place| place)?,
        }
    } else if setup.verify(&token).await? {
        wrongs(fields.into_errors())
    } else {
        return closed(visit);
    };
    let view = view(&visit, token, email, username, state);
    visit.page(status, &view)
}

fn closed(visit: Visit) -> Result<Response, Fault> {
    visit.page(StatusCode::GONE, &views::SetupClosed {})
}

fn view(
    visit: &Visit,
    token: String,
    email: String,
    username: String,
    state: FormState,
) -> views::Setup {
    let password_min = visit.site.state.setup.password_policy().min_length;
    views::Setup { token, email, username, password_min, state }
}
