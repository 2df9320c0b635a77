//! The same recovery through the door that front ends with their own pages use.

use poem::web::Data;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::Deserialize;

use crate::Tag;
use crate::client::Client;
use crate::error::{Act, ApiError};
use crate::payload::StrictJson;
use crate::recovery::{ForgotPasswordRequest, request, reset};
use crate::state::State;
use crate::views::MessageResponse;

/// The operations.
pub(crate) struct PasswordReset;

/// A link's token, and the password it sets.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct PasswordResetRequest {
    /// The token of the mailed link.
    #[oai(validator(min_length = 1, max_length = 4096))]
    token: String,
    /// The new password: 12 (configurable) to 256 characters of any kind, at most 1024 bytes.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    password: String,
}

/// Whether a link works.
#[derive(Debug, Object)]
struct VerifyResponse {
    /// Whether it would set a password now.
    valid: bool,
}

#[OpenApi(prefix_path = "/password-reset", tag = "Tag::PasswordReset")]
impl PasswordReset {
    /// Ask for a reset link
    ///
    /// Answers alike for every address; a mail follows if there is an account.
    #[oai(path = "/request", method = "post", operation_id = "requestPasswordReset")]
    async fn request(
        &self,
        state: Data<&State>,
        client: Client,
        body: StrictJson<ForgotPasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        request(&state, &client, &body.0).await
    }

    /// Check a reset link
    ///
    /// Changes nothing: mail scanners may ask as often as they like. A missing or malformed token
    /// is not valid.
    #[oai(path = "/verify", method = "get", operation_id = "verifyPasswordReset")]
    async fn verify(
        &self,
        state: Data<&State>,
        /// The token of the mailed link.
        token: Query<Option<String>>,
    ) -> Result<Json<VerifyResponse>, ApiError> {
        let valid = match token.0 {
            Some(token) => state.recovery.verify(&token).await,
            None => Ok(false),
        };
        let valid = valid.map_err(|error| ApiError::of(Act::Other, error))?;
        Ok(Json(VerifyResponse { valid }))
    }

    /// Use a reset link
    ///
    /// Sets a new password and ends every session of the account. Signs nobody in.
    #[oai(path = "/reset", method = "post", operation_id = "submitPasswordReset")]
    async fn reset(
        &self,
        state: Data<&State>,
        client: Client,
        body: StrictJson<PasswordResetRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        let PasswordResetRequest { token, password } = body.0;
        reset(&state, &client, token, &password, "password").await
    }
}
