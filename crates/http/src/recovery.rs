//! Operations for forgotten passwords.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::Violations;
use vestibule_domain::password::Password;
use vestibule_domain::recovery::ResetPassword;

use crate::Tag;
use crate::client::Client;
use crate::error::{Act, ApiError, at_field};
use crate::payload::StrictJson;
use crate::state::State;
use crate::views::MessageResponse;

const REQUESTED: &str = "If the email exists, a password reset link has been sent";
const RESET: &str = "Password reset successfully";

/// The operations.
pub(crate) struct Recovery;

/// Whose password is forgotten.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct ForgotPasswordRequest {
    /// The account's address.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    email: String,
}

/// A link's token, and the password it sets.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct ResetPasswordRequest {
    /// The token of the mailed link.
    #[oai(validator(min_length = 1, max_length = 4096))]
    token: String,
    /// The new password: 12 (configurable) to 256 characters of any kind, at most 1024 bytes.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    new_password: String,
}

/// Asks for a link; both doors end here.
pub(crate) async fn request(
    state: &State,
    client: &Client,
    body: &ForgotPasswordRequest,
) -> Result<Json<MessageResponse>, ApiError> {
    let failed = |error| ApiError::of(Act::Other, error);
    let mut violations = Violations::default();
    let email = violations.check("email", EmailAddress::parse(&body.email));
    let email = email.ok_or_else(|| failed(violations.into()))?;
    state.recovery.request(&email, &client.0).await.map_err(failed)?;
    Ok(Json(MessageResponse::new(REQUESTED)))
}

/// Uses a link; both doors end here, each with its own name for the new password.
pub(crate) async fn reset(
    state: &State,
    client: &Client,
    token: String,
    password: &str,
    field: &'static str,
) -> Result<Json<MessageResponse>, ApiError> {
    let failed = |error| ApiError::of(Act::Reset, at_field(error, field));
    let min_length = state.accounts.password_policy().min_length;
    let mut violations = Violations::default();
    let password = violations.check(field, Password::choose(password, min_length));
    let password = password.ok_or_else(|| failed(violations.into()))?;
    let request = ResetPassword { token, password };
    state.recovery.reset(request, &client.0).await.map_err(failed)?;
    Ok(Json(MessageResponse::new(RESET)))
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Authentication")]
impl Recovery {
    /// Ask for a reset link
    ///
    /// Answers alike for every address; a mail follows if there is an account.
    #[oai(path = "/forgot-password", method = "post", operation_id = "forgotPassword")]
    async fn forgot_password(
        &self,
        state: Data<&State>,
        client: Client,
        body: StrictJson<ForgotPasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        request(&state, &client, &body.0).await
    }

    /// Use a reset link
    ///
    /// Sets a new password and ends every session of the account. Signs nobody in.
    #[oai(path = "/reset-password", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        state: Data<&State>,
        client: Client,
        body: StrictJson<ResetPasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        let ResetPasswordRequest { token, new_password } = body.0;
        reset(&state, &client, token, &new_password, "new_password").await
    }
}
