//! The responses that several operations share. They never contain a hash.

use poem_openapi::Object;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;
use vestibule_domain::model::user::User;
use vestibule_domain::use_cases::sessions::SignedIn;

/// A message.
#[derive(Debug, Object)]
pub(crate) struct MessageResponse {
    /// Sentence for users.
    pub(crate) message: String,
}

/// Tokens of a new or refreshed session.
#[derive(Object)]
pub(crate) struct TokenResponse {
    /// Access token, `v4.public.…`. Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Always `bearer`.
    token_type: String,
    /// Lifetime of the access token in seconds.
    expires_in: i64,
    /// Refresh token, for `/api/v1/auth/refresh`. Works once.
    refresh_token: String,
    // The user. Without a doc comment: with one, the document gives the type a second name.
    user: UserResponse,
}

/// An account.
#[derive(Debug, Object)]
pub(crate) struct UserResponse {
    /// Account id.
    id: Uuid,
    /// Email address.
    email: String,
    /// Username.
    username: String,
    /// `true` if the user may sign in.
    is_active: bool,
    /// `true` for administrators.
    is_admin: bool,
    /// Time of creation, RFC 3339.
    #[oai(validator(max_length = 35))]
    created_at: String,
}

/// A public key for verifying access tokens.
#[derive(Clone, Debug, Object)]
pub struct PublishedKey {
    /// Key id in the footer of tokens: PASERK `k4.pid.…`.
    pub kid: String,
    /// Public key: PASERK `k4.public.…`.
    pub key: String,
    /// Use: `access`.
    #[oai(rename = "use")]
    pub purpose: String,
}

/// Formats a time as all responses do (RFC 3339). Valid for the years 0 to 9999.
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
