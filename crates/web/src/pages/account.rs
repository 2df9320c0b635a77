//! The account page: password and sessions.

use poem::http::StatusCode;
use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::error::Error;
use vestibule_domain::model::id::SessionId;
use vestibule_domain::model::session::Session;
use vestibule_domain::use_cases::accounts::ChangePassword;

use super::Id;
use crate::flash::Flash;
use crate::form_parser::FormParser;
use crate::forms::{at_form, wrong, wrongs};
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths;
use crate::views::{self, AccountNotice, FieldErrorKind, FormState, SessionRow, field};

#[derive(Deserialize)]
pub(super) struct Submitted {
    current_password: String,
    password: String,
    password_confirm: String,
}

#[handler]
pub(super) async fn show(mut context: PageContext) -> Result<Response, PageError> {
    context.signed_in()?;
    let notice = match context.take_flash() {
        Some(Flash::PasswordChanged) => Some(AccountNotice::PasswordChanged),
        Some(Flash::SessionEnded) => Some(AccountNotice::SessionEnded),
        Some(Flash::OthersEnded) => Some(AccountNotice::OthersEnded),
        _ => None,
    };
    page(context, StatusCode::OK, notice, FormState::Fresh).await
}

#[handler]
pub(super) async fn change_password(
    context: PageContext,
    form: Form<Submitted>,
) -> Result<Response, PageError> {
    let mut context = context.with_path(paths::ACCOUNT);
    let current = context.signed_in()?.clone();
    let accounts = context.app.state.accounts.clone();
    let Submitted { current_password, password, password_confirm } = form.0;
    let min = accounts.password_policy().min_length;
    let mut fields = FormParser::default();
    if current_password.is_empty() {
        fields.reject(field::CURRENT_PASSWORD, FieldErrorKind::CurrentPasswordMissing);
    }
    let old = (!current_password.is_empty())
        .then(|| fields.known_password(field::CURRENT_PASSWORD, &current_password))
        .flatten();
    let new = fields.confirmed_password(&password, &password_confirm, min);
    let (status, state) = if let (Some(old), Some(new)) = (old, new) {
        let request = ChangePassword { old, new };
        match accounts.change_password(&current, request).await {
            Ok(key) => {
                if let Some(key) = key {
                    context.renew_session(&key);
                }
                context.set_flash(Flash::PasswordChanged);
                return Ok(context.redirect(paths::ACCOUNT));
            }
            Err(Error::IncorrectPassword) => {
                wrong(field::CURRENT_PASSWORD, FieldErrorKind::CurrentPasswordWrong)
            }
            Err(error) => at_form(error, |_| field::NEW_PASSWORD)?,
        }
    } else {
        wrongs(fields.into_errors())
    };
    page(context, status, None, state).await
}

#[handler]
pub(super) async fn end_session(context: PageContext, id: Id) -> Result<Response, PageError> {
    let mut context = context.with_path(paths::ACCOUNT);
    let current = context.signed_in()?.clone();
    match context.app.state.sessions.end(&current, SessionId::from_uuid(id.0)).await {
        // An unknown session has ended already.
        Ok(()) | Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    context.set_flash(Flash::SessionEnded);
    Ok(context.redirect(paths::ACCOUNT))
}

#[handler]
pub(super) async fn end_others(context: PageContext) -> Result<Response, PageError> {
    let mut context = context.with_path(paths::ACCOUNT);
    let current = context.signed_in()?.clone();
    context.app.state.sessions.end_others(&current).await?;
    context.set_flash(Flash::OthersEnded);
    Ok(context.redirect(paths::ACCOUNT))
}

async fn page(
    context: PageContext,
    status: StatusCode,
    notice: Option<AccountNotice>,
    state: FormState,
) -> Result<Response, PageError> {
    let current = context.signed_in()?;
    let mut sessions = context.app.state.sessions.list(current).await?;
    let own = current.session.id;
    sessions.sort_by_key(|session| session.id != own);
    let view = views::Account {
        email: current.user.email.as_str().to_owned(),
        username: current.user.username.as_str().to_owned(),
        is_admin: current.user.is_admin,
        password_min: context.app.state.accounts.password_policy().min_length,
        notice,
        state,
        sessions: sessions.into_iter().map(|session| row(&session, own)).collect(),
    };
    context.page(status, &view)
}

fn row(session: &Session, own: SessionId) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        user_agent: session.client.user_agent().map(str::to_owned),
        ip: session.client.ip.map(|ip| ip.to_string()),
        last_seen: session.last_seen_at.into(),
        created: session.created_at.into(),
        current: session.id == own,
    }
}
