//! Password reset for front ends with their own pages; the same use cases as [`crate::recovery`].

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use crate::client_ip::Client;
use crate::error::{Act, ApiError};
use crate::payload::StrictJson;
use crate::recovery::{ForgotPasswordRequest, request, reset};
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::MessageResponse;

/// Password reset operations.
pub(crate) struct PasswordResetApi;

/// A password reset.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct PasswordResetRequest {
    /// Token of the mailed link.
    #[oai(validator(min_length = 1, max_length = 4096))]
    token: String,
    /// New password: 12 (configurable) to 256 characters of any kind, at most 1024 bytes.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    password: String,
}

/// The validity of a reset link.
#[derive(Debug, Object)]
struct VerifyResponse {
    /// `true` if the link is valid now.
    valid: bool,
}

#[OpenApi(prefix_path = "/password-reset", tag = "Tag::PasswordReset")]
impl PasswordResetApi {
    /// Request a reset link
    ///
    /// The response is the same for all addresses; a mail is sent if there is an account.
    #[oai(path = "/request", method = "post", operation_id = "requestPasswordReset")]
    async fn request(
        &self,
        state: Data<&ApiState>,
        client: Client,
        body: StrictJson<ForgotPasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        request(&state, &client, &body.0).await
    }

    /// Verify a reset link
    ///
    /// Changes nothing, so mail scanners do no harm. A missing or malformed token is not valid.
    #[oai(path = "/verify", method = "get", operation_id = "verifyPasswordReset")]
    async fn verify(
        &self,
        state: Data<&ApiState>,
        /// Token of the mailed link.
        token: Query<Option<String>>,
    ) -> Result<Json<VerifyResponse>, ApiError> {
        let valid = match token.0 {
            Some(token) => state.recovery.verify(&token).await,
            None => Ok(false),
        };
        let valid = valid.map_err(|error| ApiError::of(Act::Other, error))?;
        Ok(Json(VerifyResponse { valid }))
    }

    /// Reset the password
    ///
    /// Sets a new password and ends all sessions of the account. Does not sign in.
    #[oai(path = "/reset", method = "post", operation_id = "submitPasswordReset")]
    async fn reset(
        &self,
        state: Data<&ApiState>,
        client: Client,
        body: StrictJson<PasswordResetRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        let PasswordResetRequest { token, password } = body.0;
        reset(&state, &client, token, &password, "password").await
    }
}
