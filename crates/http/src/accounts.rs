//! Operations on the user's own account: sign-up, current user, change of password.
#![expect(clippy::unused_async, reason = "the framework wants every operation to be async")]

use poem::web::Data;
use poem_openapi::param::Header;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;
use vestibule_domain::error::{Error, Violations};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::policy::PasswordPolicy;
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::accounts::{ChangePassword, SignUp};

use crate::bearer::Signed;
use crate::client_ip::Client;
use crate::error::{Act, ApiError, at_field};
use crate::payload::StrictJson;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::{MessageResponse, TokenResponse, UserResponse};

/// Account operations.
pub(crate) struct AccountsApi;

/// A new account.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct SignUpRequest {
    /// Email address; identifies the account, ignoring case.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    email: String,
    /// 3 to 32 of `A-Z a-z 0-9 . _ -`, unique ignoring case.
    #[oai(validator(min_length = 3, max_length = 32, pattern = "^[A-Za-z0-9._-]+$"))]
    username: String,
    /// 12 (configurable) to 256 characters of any kind, at most 1024 bytes.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    password: String,
}

/// A change of password.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct ChangePasswordRequest {
    /// Current password.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    old_password: String,
    /// New password: 12 (configurable) to 256 characters of any kind, at most 1024 bytes.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    new_password: String,
}

/// The account was created, and the user is signed in.
#[derive(ApiResponse)]
enum Created {
    /// Account created.
    #[oai(status = 201)]
    Account(Json<TokenResponse>),
}

impl SignUpRequest {
    fn parse(&self, accepted: Option<&str>, policy: &PasswordPolicy) -> Result<SignUp, Error> {
        let mut violations = Violations::default();
        let email = violations.check("email", EmailAddress::parse(&self.email));
        let username = violations.check("username", Username::parse(&self.username));
        let password =
            violations.check("password", Password::choose(&self.password, policy.min_length));
        match (email, username, password) {
            (Some(email), Some(username), Some(password)) => {
                let language = accepted.and_then(Language::negotiate);
                Ok(SignUp { email, username, password, language })
            }
            _ => Err(violations.into()),
        }
    }
}

impl ChangePasswordRequest {
    fn parse(&self, policy: &PasswordPolicy) -> Result<ChangePassword, Error> {
        let mut violations = Violations::default();
        let old = violations.check("old_password", Password::parse(&self.old_password));
        let new = Password::choose(&self.new_password, policy.min_length);
        let new = violations.check("new_password", new);
        match (old, new) {
            (Some(old), Some(new)) => Ok(ChangePassword { old, new }),
            _ => Err(violations.into()),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Authentication")]
impl AccountsApi {
    /// Create an account
    ///
    /// Creates an account, queues a welcome mail and signs the user in.
    #[oai(path = "/signup", method = "post", operation_id = "signUp")]
    async fn sign_up(
        &self,
        state: Data<&ApiState>,
        client: Client,
        /// Languages of the user. Mails are written in the preferred one of `en`, `de` and `ar`.
        #[oai(name = "Accept-Language")]
        accept_language: Header<Option<String>>,
        body: StrictJson<SignUpRequest>,
    ) -> Result<Created, ApiError> {
        let failed = |error| ApiError::of(Act::Registration, error);
        let accepted = accept_language.0.as_deref();
        let request = body.0.parse(accepted, state.accounts.password_policy()).map_err(failed)?;
        let signed_in = state.accounts.sign_up(request, &client.0).await.map_err(failed)?;
        Ok(Created::Account(Json(signed_in.into())))
    }

    /// Get the current user
    ///
    /// Also verifies that the access token is valid: its session and account exist.
    #[oai(path = "/me", method = "get", operation_id = "getCurrentUser")]
    async fn me(&self, signed: Signed) -> Result<Json<UserResponse>, ApiError> {
        Ok(Json(signed.0.user.into()))
    }

    /// Change the password
    ///
    /// Ends all other sessions and all reset links of the account, and notifies the user by mail.
    #[oai(path = "/change-password", method = "post", operation_id = "changePassword")]
    async fn change_password(
        &self,
        signed: Signed,
        state: Data<&ApiState>,
        body: StrictJson<ChangePasswordRequest>,
    ) -> Result<Json<MessageResponse>, ApiError> {
        let failed = |error| ApiError::of(Act::Change, at_field(error, "new_password"));
        let request = body.0.parse(state.accounts.password_policy()).map_err(failed)?;
        state.accounts.change_password(&signed.0, request).await.map_err(failed)?;
        Ok(Json(MessageResponse::new("Password changed successfully")))
    }
}
