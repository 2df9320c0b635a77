//! The user list of administrators, and actions on users.

use poem::http::StatusCode;
use poem::web::{Form, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use uuid::Uuid;
use vestibule_domain::error::Error;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::use_cases::admin_context::AdminContext;

use super::next_page;
use crate::flash::Flash;
use crate::page_context::PageContext;
use crate::page_error::PageError;
use crate::paths::{self, escaped};
use crate::views::{self, UserAction, UserNotice, UserRow};

const PER_PAGE: u32 = 25;

#[derive(Deserialize)]
pub(super) struct PageQuery {
    #[serde(default)]
    query: String,
    cursor: Option<Uuid>,
}

#[derive(Deserialize)]
pub(super) struct ActionPath {
    id: Uuid,
    action: String,
}

#[handler]
pub(super) async fn show(
    mut context: PageContext,
    page_query: Query<PageQuery>,
) -> Result<Response, PageError> {
    let admin = context.admin()?;
    let PageQuery { query, cursor } = page_query.0;
    let filter = UserFilter::containing(&query);
    let after = cursor.map(UserId::from_uuid);
    let administration = &context.app.state.administration;
    let mut users = administration.list(&admin, &filter, after, PER_PAGE + 1).await?;
    let next =
        next_page(paths::ADMIN_USERS, &query, &mut users, PER_PAGE, |user| user.id.to_string());
    let you = context.signed_in()?.user.id;
    let notice = match context.take_flash() {
        Some(Flash::User { notice }) => Some(notice),
        _ => None,
    };
    let rows = users.iter().map(|user| row(user, you)).collect();
    context.admin_page(StatusCode::OK, &views::UserList { query, rows, next, notice }).await
}

#[derive(Deserialize)]
pub(super) struct Search {
    /// The search query, so that the same list is shown afterwards.
    #[serde(default)]
    query: String,
}

#[handler]
pub(super) async fn change(
    context: PageContext,
    path: Path<ActionPath>,
    search: Form<Search>,
) -> Result<Response, PageError> {
    let mut context = context.with_path(paths::ADMIN_USERS);
    let admin = context.admin()?;
    let Path(ActionPath { id, action }) = path;
    let administration = context.app.state.administration.clone();
    let notice = match administration.find(&admin, UserId::from_uuid(id)).await {
        Ok(user) => perform(&context, &admin, &user, &action).await?,
        Err(Error::UserNotFound) => UserNotice::Gone,
        Err(error) => return Err(error.into()),
    };
    context.set_flash(Flash::User { notice });
    Ok(context.redirect(&list(&search.query)))
}

/// Returns the address of the list for a query.
fn list(query: &str) -> String {
    if query.is_empty() {
        return paths::ADMIN_USERS.to_owned();
    }
    format!("{}?query={}", paths::ADMIN_USERS, escaped(query))
}

/// Performs an action and returns its result.
async fn perform(
    context: &PageContext,
    admin: &AdminContext,
    user: &User,
    name: &str,
) -> Result<UserNotice, PageError> {
    let administration = &context.app.state.administration;
    let (result, action) = match name {
        "activate" => (administration.activate(admin, user).await, UserAction::Activated),
        "deactivate" => (administration.deactivate(admin, user).await, UserAction::Deactivated),
        "send-reset" => (administration.send_reset(admin, user).await, UserAction::ResetSent),
        "end-sessions" => {
            (administration.end_sessions(admin, user).await, UserAction::SessionsEnded)
        }
        "promote" => (administration.set_admin(admin, user, true).await, UserAction::Promoted),
        "demote" => (administration.set_admin(admin, user, false).await, UserAction::Demoted),
        _ => return Err(PageError::not_found()),
    };
    match result {
        Ok(()) => Ok(UserNotice::Done { action, email: user.email.as_str().to_owned() }),
        Err(Error::UserNotFound) => Ok(UserNotice::Gone),
        Err(Error::OwnAccount) => Ok(UserNotice::OwnAccount),
        Err(Error::AccountInactive) => Ok(UserNotice::Inactive),
        Err(Error::Unavailable(_)) => Ok(UserNotice::Failed),
        Err(error) => Err(error.into()),
    }
}

fn row(user: &User, you: UserId) -> UserRow {
    UserRow {
        id: user.id.to_string(),
        email: user.email.as_str().to_owned(),
        username: user.username.as_str().to_owned(),
        is_active: user.is_active,
        is_admin: user.is_admin,
        is_you: user.id == you,
        created: user.created_at.into(),
    }
}
