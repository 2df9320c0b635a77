//! Setup of the first administrator.

use poem::http::StatusCode;
use poem::web::{Form, Query};
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::use_cases::accounts::SignUp;

use crate::form_parser::FormParser;
use crate::forms::{at_form, wrongs};
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{self, FormState, field};

#[derive(Deserialize)]
pub(super) struct PageQuery {
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
pub(super) async fn show(
    context: PageContext,
    query: Query<PageQuery>,
) -> Result<Response, PageError> {
    let token = query.0.token;
    if !context.app.state.setup.verify(&token).await? {
        return closed(context);
    }
    let view = view(&context, token, String::new(), String::new(), FormState::Fresh);
    context.page(StatusCode::OK, &view)
}

#[handler]
pub(super) async fn create_admin(
    mut context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    let Submitted { token, email, username, password } = form.0;
    let setup = context.app.state.setup.clone();
    let min = setup.password_policy().min_length;
    let mut fields = FormParser::default();
    let parsed = (
        fields.email(&email),
        fields.username(&username),
        fields.new_password(field::NEW_PASSWORD, &password, min),
    );
    let (status, state) = if let (Some(email), Some(username), Some(password)) = parsed {
        let request = SignUp { email, username, password, language: Some(context.language) };
        match setup.create_admin(&token, request, &context.client).await {
            Ok(signed_in) => {
                context.sign_in(signed_in).await?;
                return Ok(context.redirect(paths::ADMIN_SETTINGS));
            }
            Err(Error::InvalidToken) => return closed(context),
            Err(error) => at_form(error, |place| place)?,
        }
    } else if setup.verify(&token).await? {
        wrongs(fields.into_errors())
    } else {
        return closed(context);
    };
    let view = view(&context, token, email, username, state);
    context.page(status, &view)
}

fn closed(context: PageContext) -> Result<Response, PageError> {
    context.page(StatusCode::GONE, &views::SetupClosed {})
}

fn view(
    context: &PageContext,
    token: String,
    email: String,
    username: String,
    state: FormState,
) -> views::Setup {
    let password_min = context.app.state.setup.password_policy().min_length;
    views::Setup { token, email, username, password_min, state }
}
