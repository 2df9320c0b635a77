//! One's own account: password and sessions.

use poem::http::StatusCode;
use poem::web::Form;
use poem::{Response, handler};
use serde::Deserialize;
use vestibule_domain::accounts::ChangePassword;
use vestibule_domain::error::Error;
use vestibule_domain::id::SessionId;
use vestibule_domain::session::Session;

use super::Id;
use super::fields::Fields;
use crate::fault::Fault;
use crate::flash::Flash;
use crate::forms::{at_form, wrong, wrongs};
use crate::paths;
use crate::views::{self, AccountNotice, FormState, Mistake, SessionRow, field};
use crate::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Submitted {
    current_password: String,
    password: String,
    password_confirm: String,
}

#[handler]
pub(super) async fn show(mut visit: Visit) -> Result<Response, Fault> {
    visit.actor()?;
    let notice = match visit.forget_flash() {
        Some(Flash::PasswordChanged) => Some(AccountNotice::PasswordChanged),
        Some(Flash::SessionEnded) => Some(AccountNotice::SessionEnded),
        Some(Flash::OthersEnded) => Some(AccountNotice::OthersEnded),
        _ => None,
    };
    page(visit, StatusCode::OK, notice, FormState::Fresh).await
}

#[handler]
pub(super) async fn change_password(
    visit: Visit,
    form: Form<Submitted>,
) -> Result<Response, Fault> {
    let mut visit = visit.at(paths::ACCOUNT);
    let actor = visit.actor()?.clone();
    let accounts = visit.site.state.accounts.clone();
    let Submitted { current_password, password, password_confirm } = form.0;
    let min = accounts.password_policy().min_length;
    let mut fields = Fields::default();
    if current_password.is_empty() {
        fields.refuse(field::CURRENT_PASSWORD, Mistake::CurrentPasswordMissing);
    }
    let old = (!current_password.is_empty())
        .then(|| fields.known_password(field::CURRENT_PASSWORD, &current_password))
        .flatten();
    let new = fields.confirmed_password(&password, &password_confirm, min);
    let (status, state) = if let (Some(old), Some(new)) = (old, new) {
        let request = ChangePassword { old, new };
        match accounts.change_password(&actor, request).await {
            Ok(key) => {
                if let Some(key) = key {
                    visit.renew(&key);
                }
                visit.tell(Flash::PasswordChanged);
                return Ok(visit.redirect(paths::ACCOUNT));
            }
            Err(Error::IncorrectPassword) => {
                wrong(field::CURRENT_PASSWORD, Mistake::CurrentPasswordWrong)
            }
            Err(error) => at_form(error, |_| field::NEW_PASSWORD)?,
        }
    } else {
        wrongs(fields.into_errors())
    };
    page(visit, status, None, state).await
}

#[handler]
pub(super) async fn end_session(visit: Visit, id: Id) -> Result<Response, Fault> {
    let mut visit = visit.at(paths::ACCOUNT);
    let actor = visit.actor()?.clone();
    match visit.site.state.sessions.end(&actor, SessionId::from_uuid(id.0)).await {
        // One that is over already is what was wanted.
        Ok(()) | Err(Error::NotFound) => {}
        Err(error) => return Err(error.into()),
    }
    visit.tell(Flash::SessionEnded);
    Ok(visit.redirect(paths::ACCOUNT))
}

#[handler]
pub(super) async fn end_others(visit: Visit) -> Result<Response, Fault> {
    let mut visit = visit.at(paths::ACCOUNT);
    let actor = visit.actor()?.clone();
    visit.site.state.sessions.end_others(&actor).await?;
    visit.tell(Flash::OthersEnded);
    Ok(visit.redirect(paths::ACCOUNT))
}

async fn page(
    visit: Visit,
    status: StatusCode,
    notice: Option<AccountNotice>,
    state: FormState,
) -> Result<Response, Fault> {
    let actor = visit.actor()?;
    let mut sessions = visit.site.state.sessions.list(actor).await?;
    let own = actor.session.id;
    sessions.sort_by_key(|session| session.id != own);
    let view = views::Account {
        email: actor.user.email.as_str().to_owned(),
        username: actor.user.username.as_str().to_owned(),
        is_admin: actor.user.is_admin,
        password_min: visit.site.state.accounts.password_policy().min_length,
        notice,
        state,
        sessions: sessions.into_iter().map(|session| row(&session, own)).collect(),
    };
    visit.page(status, &view)
}

fn row(session: &Session, own: SessionId) -> SessionRow {
    SessionRow {
        id: session.id.to_string(),
        user_agent: session.caller.user_agent().map(str::to_owned),
        ip: session.caller.ip.map(|ip| ip.to_string()),
        last_seen: session.last_seen_at.into(),
        created: session.created_at.into(),
        current: session.id == own,
    }
}
