//! Finds users by id or email, and prints them as JSON; shared by the commands on users.

use anyhow::anyhow;
use serde_json::{Value, json};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::user::User;
use vestibule_domain::use_cases::admin_context::AdminContext;

use super::rfc3339;
use crate::app::App;
use crate::failure::Failure;

/// Number of users that are read at a time.
pub(super) const PAGE: u32 = 500;

/// Finds the user with an id or an email address.
pub(super) async fn find(app: &App, user: &str) -> Result<User, Failure> {
    let operator = AdminContext::operator();
    if let Ok(id) = user.parse() {
        return Ok(app.administration.find(&operator, UserId::from_uuid(id)).await?);
    }
    let email = EmailAddress::parse(user)
        .map_err(|error| anyhow!("{user:?} is neither an id nor an email address: {error}"))?;
    Ok(app.administration.find_by_email(&operator, &email).await?)
}

/// Returns the JSON of a user, as `--json` prints it.
pub(super) fn as_json(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "email": user.email.as_str(),
        "username": user.username.as_str(),
        "is_active": user.is_active,
        "is_admin": user.is_admin,
        "created_at": rfc3339(user.created_at),
    })
}
