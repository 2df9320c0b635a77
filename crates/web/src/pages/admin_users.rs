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
use crate::fault::{Fault, escaped};
use crate::flash::Flash;
use crate::paths;
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
        Some(Flash::Person { outcome, email }) => notice(&outcome, email),
        _ => None,
    };
    let rows = users.iter().map(|user| row(user, you)).collect();
    let mail_is_missing = !visit.site.state.mail_setup.is_set_up().await?;
    visit.page(StatusCode::OK, &views::People { query, rows, next, notice }, mail_is_missing)
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
    let (outcome, email) = match administration.find(&by, UserId::from_uuid(id)).await {
        Ok(user) => (perform(&visit, &by, &user, &act).await?, user.email.as_str().to_owned()),
        Err(Error::UserNotFound) => ("gone", String::new()),
        Err(error) => return Err(error.into()),
    };
    visit.tell(Flash::Person { outcome: outcome.to_owned(), email });
    Ok(visit.redirect(&list(&search.query)))
}

/// The list of those who were searched for.
fn list(query: &str) -> String {
    if query.is_empty() {
        return paths::ADMIN_USERS.to_owned();
    }
    format!("{}?query={}", paths::ADMIN_USERS, escaped(query))
}

/// Does it, and names what became of it.
async fn perform(
    visit: &Visit,
    by: &Authority,
    user: &User,
    act: &str,
) -> Result<&'static str, Fault> {
    let administration = &visit.site.state.administration;
    let (done, deed) = match act {
        "activate" => (administration.activate(by, user.id).await, "activated"),
        "deactivate" => (administration.deactivate(by, user).await, "deactivated"),
        "send-reset" => (administration.send_reset(by, user).await, "reset_sent"),
        "end-sessions" => (administration.end_sessions(by, user).await, "sessions_ended"),
        "promote" => (administration.set_admin(by, user.id, true).await, "promoted"),
        "demote" => (administration.set_admin(by, user.id, false).await, "demoted"),
        _ => return Err(Fault::not_found()),
    };
    match done {
        Ok(()) => Ok(deed),
        Err(Error::UserNotFound) => Ok("gone"),
        Err(Error::OwnAccount) => Ok("yourself"),
        Err(Error::AccountInactive) => Ok("inactive"),
        Err(Error::Unavailable(_)) => Ok("failed"),
        Err(error) => Err(error.into()),
    }
}

fn notice(outcome: &str, email: String) -> Option<PeopleNotice> {
    let deed = match outcome {
        "activated" => Deed::Activated,
        "deactivated" => Deed::Deactivated,
        "reset_sent" => Deed::ResetSent,
        "sessions_ended" => Deed::SessionsEnded,
        "promoted" => Deed::Promoted,
        "demoted" => Deed::Demoted,
        "gone" => return Some(PeopleNotice::Gone),
        "yourself" => return Some(PeopleNotice::Yourself),
        "inactive" => return Some(PeopleNotice::Inactive),
        "failed" => return Some(PeopleNotice::Failed),
        _ => return None,
    };
    Some(PeopleNotice::Done { deed, email })
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
