//! The accounts: find them, and do to them what administrators do.

use poem::http::StatusCode;
use poem::web::{Form, Path, Query};
use poem::{Response, handler};
use serde::Deserialize;
use uuid::Uuid;
use vestibule_domain::authority::Authority;
use vestibule_domain::error::Error;
use vestibule_domain::id::UserId;
use vestibule_domain::user::{User, UserFilter};

use super::next_page;
use crate::fault::Fault;
use crate::flash::Flash;
use crate::paths::{self, escaped};
use crate::views::{self, Deed, PeopleNotice, PersonRow};
use crate::visit::Visit;

const PER_PAGE: u32 = 25;

#[derive(Deserialize)]
pub(super) struct Address {
    #[serde(default)]
    query: String,
    cursor: Option<Uuid>,
}

#[derive(Deserialize)]
pub(super) struct Act {
    id: Uuid,
    act: String,
}

#[handler]
pub(super) async fn show(mut visit: Visit, address: Query<Address>) -> Result<Response, Fault> {
    let by = visit.authority()?;
    let Address { query, cursor } = address.0;
    let filter = UserFilter::containing(&query);
    let after = cursor.map(UserId::from_uuid);
    let administration = &visit.site.state.administration;
    let mut users = administration.list(&by, &filter, after, PER_PAGE + 1).await?;
    let next =
        next_page(paths::ADMIN_USERS, &query, &mut users, PER_PAGE, |user| user.id.to_string());
    let you = visit.actor()?.user.id;
    let notice = match visit.forget_flash() {
        Some(Flash::Person { notice }) => Some(notice),
        _ => None,
    };
    let rows = users.iter().map(|user| row(user, you)).collect();
    visit.admin_page(StatusCode::OK, &views::People { query, rows, next, notice }).await
}

#[derive(Deserialize)]
pub(super) struct Search {
    /// What was searched for, so that the list afterwards is the same.
    #[serde(default)]
    query: String,
}

#[handler]
pub(super) async fn change(
    visit: Visit,
    path: Path<Act>,
    search: Form<Search>,
) -> Result<Response, Fault> {
    let mut visit = visit.at(paths::ADMIN_USERS);
    let by = visit.authority()?;
    let Path(Act { id, act }) = path;
    let administration = visit.site.state.administration.clone();
    let notice = match administration.find(&by, UserId::from_uuid(id)).await {
        Ok(user) => perform(&visit, &by, &user, &act).await?,
        Err(Error::UserNotFound) => PeopleNotice::Gone,
        Err(error) => return Err(error.into()),
    };
    visit.tell(Flash::Person { notice });
    Ok(visit.redirect(&list(&search.query)))
}

/// The list of those who were searched for.
fn list(query: &str) -> String {
    if query.is_empty() {
        return paths::ADMIN_USERS.to_owned();
    }
    format!("{}?query={}", paths::ADMIN_USERS, escaped(query))
}

/// Does it, and says what became of it.
async fn perform(
    visit: &Visit,
    by: &Authority,
    user: &User,
    act: &str,
) -> Result<PeopleNotice, Fault> {
    let administration = &visit.site.state.administration;
    let (done, deed) = match act {
        "activate" => (administration.activate(by, user).await, Deed::Activated),
        "deactivate" => (administration.deactivate(by, user).await, Deed::Deactivated),
        "send-reset" => (administration.send_reset(by, user).await, Deed::ResetSent),
        "end-sessions" => (administration.end_sessions(by, user).await, Deed::SessionsEnded),
        "promote" => (administration.set_admin(by, user, true).await, Deed::Promoted),
        "demote" => (administration.set_admin(by, user, false).await, Deed::Demoted),
        _ => return Err(Fault::not_found()),
    };
    match done {
        Ok(()) => Ok(PeopleNotice::Done { deed, email: user.email.as_str().to_owned() }),
        Err(Error::UserNotFound) => Ok(PeopleNotice::Gone),
        Err(Error::OwnAccount) => Ok(PeopleNotice::Yourself),
        Err(Error::AccountInactive) => Ok(PeopleNotice::Inactive),
        Err(Error::Unavailable(_)) => Ok(PeopleNotice::Failed),
        Err(error) => Err(error.into()),
    }
}

fn row(user: &User, you: UserId) -> PersonRow {
    PersonRow {
        id: user.id.to_string(),
        email: user.email.as_str().to_owned(),
        username: user.username.as_str().to_owned(),
        is_active: user.is_active,
        is_admin: user.is_admin,
        is_you: user.id == you,
        created: user.created_at.into(),
    }
}
