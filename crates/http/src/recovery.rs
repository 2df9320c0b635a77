//! Operations for password recovery.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;
use vestibule_domain::error::Violations;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::password::Password;
use vestibule_domain::use_cases::recovery::ResetPassword;

use crate::client_ip::Client;
use crate::error::{Act, ApiError, at_field};
use crate::payload::StrictJson;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::MessageResponse;

const REQUESTED: &str = "If the email exists, a password reset link has been sent";
const RESET: &str = "Password reset successfully";

/// Recovery operations.
pub(crate) struct RecoveryApi;

/// A request for a reset link.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct ForgotPasswordRequest {
    /// Email address of the account.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    email: String,
}

/// A password reset.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct ResetPasswordRequest {
    /// Token of the mailed link.
    #[oai(validator(min_length = 1, max_length = 4096))]
    token: String,
    /// New password: 12 (configurable) to 256 characters of any kind, at most 1024 bytes.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    new_password: String,
}

/// Requests a link, for the operations of both APIs.
pub(crate) async fn request(
    state: &ApiState,
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

/// Resets the password, for the operations of both APIs, which name the password field differently.
pub(crate) async fn reset(
    state: &ApiState,
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
impl RecoveryApi {
    /// Request a reset link
    ///
    /// The response is the same for all addresses; a mail is sent if there is an account.
    #[oai(path = "/forgot-password", method = "post", operation_id = "forgotPassword")]
    async fn forgot_password(
        &self,
        state: Data<&ApiState>,
        client: Client,
        body: StrictJson<ForgotPasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        request(&state, &client, &body.0).await
    }

    /// Reset the password
    ///
    /// Sets a new password and ends all sessions of the account. Does not sign in.
    #[oai(path = "/reset-password", method = "post", operation_id = "resetPassword")]
    async fn reset_password(
        &self,
        state: Data<&ApiState>,
        client: Client,
        body: StrictJson<ResetPasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        let ResetPasswordRequest { token, new_password } = body.0;
        reset(&state, &client, token, &new_password, "new_password").await
    }
}
