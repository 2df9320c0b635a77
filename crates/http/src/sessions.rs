//! Operations on sessions: sign in, sign out.

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::{Error, Violations};
use vestibule_domain::password::Password;
use vestibule_domain::sessions::SignIn;

use crate::Tag;
use crate::bearer::Signed;
use crate::client::Client;
use crate::error::{Act, ApiError};
use crate::payload::StrictJson;
use crate::state::State;
use crate::views::TokenResponse;

/// The operations.
pub(crate) struct Sessions;

/// What a person presents to sign in.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct SignInRequest {
    /// The account's address.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    email: String,
    /// The account's password.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    password: String,
}

/// The session is over.
#[derive(ApiResponse)]
enum SignedOut {
    /// The session has ended; its access token is dead.
    #[oai(status = 204)]
    Done,
}

impl SignInRequest {
    fn parse(&self) -> Result<SignIn, Error> {
        let mut violations = Violations::default();
        let email = violations.check("email", EmailAddress::parse(&self.email));
        let password = violations.check("password", Password::parse(&self.password));
        match (email, password) {
            // A program signs in for somebody; it says nothing about their language.
            (Some(email), Some(password)) => Ok(SignIn { email, password, language: None }),
            _ => Err(violations.into()),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Authentication")]
impl Sessions {
    /// Sign in
    ///
    /// Answers alike, in form and in time, for a wrong password and for an unknown address.
    #[oai(path = "/signin", method = "post", operation_id = "signIn")]
    async fn sign_in(
        &self,
        state: Data<&State>,
        client: Client,
        body: StrictJson<SignInRequest>,
    ) -> Result<Json<TokenResponse>, ApiError> {
        let failed = |error| ApiError::of(Act::SignIn, error);
        let request = body.0.parse().map_err(failed)?;
        let signed_in = state.sessions.sign_in(request, &client.0).await.map_err(failed)?;
        Ok(Json(signed_in.into()))
    }

    /// Sign out
    ///
    /// Ends the session behind the access token, at once.
    #[oai(path = "/signout", method = "post", operation_id = "signOut")]
    async fn sign_out(&self, signed: Signed, state: Data<&State>) -> Result<SignedOut, ApiError> {
        let outcome = state.sessions.sign_out(&signed.0).await;
        outcome.map_err(|error| ApiError::of(Act::Other, error))?;
        Ok(SignedOut::Done)
    }
}
