//! Operations on sessions: sign in, stay signed in, see and end them.

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;
use uuid::Uuid;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::error::{Error, Violations};
use vestibule_domain::id::SessionId;
use vestibule_domain::password::Password;
use vestibule_domain::session::Session;
use vestibule_domain::sessions::{Actor, SignIn};

use crate::Tag;
use crate::bearer::Signed;
use crate::client::Client;
use crate::error::{Act, ApiError};
use crate::payload::StrictJson;
use crate::state::State;
use crate::views::{TokenResponse, rfc3339};

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

/// What a client presents to stay signed in.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct RefreshRequest {
    /// The token that came with the last sign-in or refresh.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    refresh_token: String,
}

/// The sessions of an account, the one seen last first.
#[derive(Debug, Object)]
struct SessionsResponse {
    /// The sessions.
    sessions: Vec<SessionResponse>,
}

/// One sign-in on one device.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct SessionResponse {
    /// Names the session.
    id: Uuid,
    /// Whether it is the one that asks.
    current: bool,
    /// When it was opened, RFC 3339.
    #[oai(validator(max_length = 35))]
    created_at: String,
    /// When its owner was last seen, roughly, RFC 3339.
    #[oai(validator(max_length = 35))]
    last_seen_at: String,
    /// The address it was opened from.
    ip: Option<String>,
    /// What the client called itself.
    user_agent: Option<String>,
}

/// The session is over.
#[derive(ApiResponse)]
enum Ended {
    /// Done; the tokens of what has ended are dead.
    #[oai(status = 204)]
    Done,
}

impl SessionResponse {
    fn of(session: &Session, actor: &Actor) -> Self {
        Self {
            id: session.id.as_uuid(),
            current: session.id == actor.session.id,
            created_at: rfc3339(session.created_at),
            last_seen_at: rfc3339(session.last_seen_at),
            ip: session.caller.ip.map(|ip| ip.to_string()),
            user_agent: session.caller.user_agent().map(ToOwned::to_owned),
        }
    }
}

fn failed(error: Error) -> ApiError {
    ApiError::of(Act::Other, error)
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
    async fn sign_out(&self, signed: Signed, state: Data<&State>) -> Result<Ended, ApiError> {
        state.sessions.sign_out(&signed.0).await.map_err(failed)?;
        Ok(Ended::Done)
    }

    /// Stay signed in
    ///
    /// Exchanges a refresh token for the next one and a fresh access token. A token works once; sent
    /// again within 10 seconds, because an answer was lost, it is answered with the same successor.
    /// Later, somebody has a copy of it: the session ends, and its owner is told by mail.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        state: Data<&State>,
        client: Client,
        body: StrictJson<RefreshRequest>,
    ) -> Result<Json<TokenResponse>, ApiError> {
        let refreshed = state.sessions.refresh(&body.0.refresh_token, &client.0).await;
        Ok(Json(refreshed.map_err(failed)?.into()))
    }

    /// List one's sessions
    ///
    /// Those that live, the one seen last first.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list(
        &self,
        signed: Signed,
        state: Data<&State>,
    ) -> Result<Json<SessionsResponse>, ApiError> {
        let sessions = state.sessions.list(&signed.0).await.map_err(failed)?;
        let sessions = sessions.iter().map(|session| SessionResponse::of(session, &signed.0));
        Ok(Json(SessionsResponse { sessions: sessions.collect() }))
    }

    /// End a session
    ///
    /// One of one's own; its access token and its refresh token are dead at once.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end(
        &self,
        signed: Signed,
        state: Data<&State>,
        /// The session.
        id: Path<Uuid>,
    ) -> Result<Ended, ApiError> {
        let id = SessionId::from_uuid(id.0);
        state.sessions.end(&signed.0, id).await.map_err(failed)?;
        Ok(Ended::Done)
    }

    /// End all other sessions
    ///
    /// Their access and refresh tokens are dead at once; the session that asks goes on.
    #[oai(path = "/sessions", method = "delete", operation_id = "endOtherSessions")]
    async fn end_others(&self, signed: Signed, state: Data<&State>) -> Result<Ended, ApiError> {
        state.sessions.end_others(&signed.0).await.map_err(failed)?;
        Ok(Ended::Done)
    }
}
