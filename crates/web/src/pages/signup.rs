//! Sign-up.

use poem::http::StatusCode;
use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::model::policy::SignUpMode;
use vestibule_domain::use_cases::accounts::SignUp;

use crate::form_parser::FormParser;
use crate::forms::{at_form, wrongs};
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{self, FormState, field};

#[derive(Deserialize)]
pub(super) struct Submitted {
    email: String,
    username: String,
    password: String,
}

#[handler]
pub(super) fn show(context: PageContext) -> Result<Response, PageError> {
    if context.signed_in.is_some() {
        return Ok(context.redirect(paths::ACCOUNT));
    }
    if context.app.state.accounts.sign_up_mode() == SignUpMode::Closed {
        return closed(context);
    }
    let view = view(&context, String::new(), String::new(), FormState::Fresh);
    context.page(StatusCode::OK, &view)
}

#[handler]
pub(super) async fn sign_up(
    mut context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    let Submitted { email, username, password } = form.0;
    let accounts = context.app.state.accounts.clone();
    let min = accounts.password_policy().min_length;
    let mut fields = FormParser::default();
    let parsed = (
        fields.email(&email),
        fields.username(&username),
        fields.new_password(field::NEW_PASSWORD, &password, min),
    );
    let (status, state) = if let (Some(email), Some(username), Some(password)) = parsed {
        let request = SignUp { email, username, password, language: Some(context.language) };
        match accounts.sign_up_browser(request, &context.client).await {
            Ok(signed_in) => {
                context.sign_in(signed_in).await?;
                return Ok(context.redirect(paths::ACCOUNT));
            }
            Err(Error::SignUpClosed) => return closed(context),
            Err(error) => at_form(error, |place| place)?,
        }
    } else {
        wrongs(fields.into_errors())
    };
    let view = view(&context, email, username, state);
    context.page(status, &view)
}

fn closed(context: PageContext) -> Result<Response, PageError> {
    context.page(StatusCode::FORBIDDEN, &views::SignUpClosed {})
}

fn view(context: &PageContext, email: String, username: String, state: FormState) -> views::SignUp {
    let password_min = context.app.state.accounts.password_policy().min_length;
    views::SignUp { email, username, password_min, state }
}
