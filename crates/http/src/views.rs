//! What answers look like. Never a hash, never a secret that was not just issued.

use poem_openapi::Object;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;
use vestibule_domain::sessions::SignedIn;
use vestibule_domain::user::User;

/// A sentence for people.
#[derive(Debug, Object)]
pub(crate) struct MessageResponse {
    /// The sentence.
    pub(crate) message: String,
}

/// Somebody has just signed in.
#[derive(Object)]
pub(crate) struct TokenResponse {
    /// The access token, `v4.public.…`; present it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `bearer`.
    token_type: String,
    /// How many seconds the access token is valid.
    expires_in: i64,
    /// What to exchange at `/api/v1/auth/refresh` for the next ones; works once.
    refresh_token: String,
    // Who signed in. Without a doc comment: with one, the document gives the type a second name.
    user: UserResponse,
}

/// An account, as its owner and administrators see it.
#[derive(Debug, Object)]
pub(crate) struct UserResponse {
    /// Names the account for ever.
    id: Uuid,
    /// Where mail goes.
    email: String,
    /// The chosen name.
    username: String,
    /// Whether the account may sign in.
    is_active: bool,
    /// Whether the account may administer others.
    is_admin: bool,
    /// When the account came into being, RFC 3339.
    #[oai(validator(max_length = 35))]
    created_at: String,
}

/// A moment as all answers write it. Every moment between the years 0 and 9999 has this form; the
/// clock knows no other.
pub(crate) fn rfc3339(moment: OffsetDateTime) -> String {
    moment.format(&Rfc3339).unwrap_or_default()
}

impl MessageResponse {
    pub(crate) fn new(message: &str) -> Self {
        Self { message: message.to_owned() }
    }
}

impl From<SignedIn> for TokenResponse {
    fn from(signed_in: SignedIn) -> Self {
        Self {
            access_token: signed_in.access_token.expose().to_owned(),
            token_type: "bearer".to_owned(),
            expires_in: signed_in.expires_in.whole_seconds(),
            refresh_token: signed_in.refresh_token.expose().to_string(),
            user: signed_in.user.into(),
        }
    }
}

impl From<User> for UserResponse {
    fn from(user: User) -> Self {
        Self {
            id: user.id.as_uuid(),
            email: user.email.as_str().to_owned(),
            username: user.username.as_str().to_owned(),
            is_active: user.is_active,
            is_admin: user.is_admin,
            created_at: rfc3339(user.created_at),
        }
    }
}
