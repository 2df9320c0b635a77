//! Operations on sessions: sign in, refresh, list and end them.

use poem::web::Data;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use serde::Deserialize;
use uuid::Uuid;
use vestibule_domain::error::{Error, Violations};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::SessionId;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::session::Session;
use vestibule_domain::use_cases::authenticated_session::AuthenticatedSession;
use vestibule_domain::use_cases::sessions::SignIn;

use crate::bearer::Signed;
use crate::client_ip::Client;
use crate::error::{Act, ApiError};
use crate::payload::StrictJson;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::{TokenResponse, rfc3339};

/// Session operations.
pub(crate) struct SessionsApi;

/// Credentials for a sign-in.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct SignInRequest {
    /// Email address of the account.
    #[oai(validator(min_length = 3, max_length = 254, pattern = "@"))]
    email: String,
    /// Password of the account.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    password: String,
}

/// A refresh of tokens.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct RefreshRequest {
    /// Refresh token from the last sign-in or refresh.
    #[oai(validator(min_length = 1, max_length = 256), write_only)]
    refresh_token: String,
}

/// The sessions of the user, the latest used first.
#[derive(Debug, Object)]
struct SessionsResponse {
    /// The sessions.
    sessions: Vec<SessionResponse>,
}

/// A session: a sign-in on a device.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct SessionResponse {
    /// Session id.
    id: Uuid,
    /// `true` for the session of this request.
    current: bool,
    /// Time of the sign-in, RFC 3339.
    #[oai(validator(max_length = 35))]
    created_at: String,
    /// Approximate time of the latest use, RFC 3339.
    #[oai(validator(max_length = 35))]
    last_seen_at: String,
    /// Client IP of the sign-in.
    ip: Option<String>,
    /// User agent of the sign-in.
    user_agent: Option<String>,
}

/// Sessions were ended.
#[derive(ApiResponse)]
enum Ended {
    /// Ended; the tokens are invalid.
    #[oai(status = 204)]
    Done,
}

impl SessionResponse {
    fn of(session: &Session, actor: &AuthenticatedSession) -> Self {
        Self {
            id: session.id.as_uuid(),
            current: session.id == actor.session.id,
            created_at: rfc3339(session.created_at),
            last_seen_at: rfc3339(session.last_seen_at),
            ip: session.client.ip.map(|ip| ip.to_string()),
            user_agent: session.client.user_agent().map(ToOwned::to_owned),
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
            // API clients send no language of the user.
            (Some(email), Some(password)) => Ok(SignIn { email, password, language: None }),
            _ => Err(violations.into()),
        }
    }
}

#[OpenApi(prefix_path = "/api/v1/auth", tag = "Tag::Authentication")]
impl SessionsApi {
    /// Sign in
    ///
    /// The response is the same, in form and time, for a wrong password and an unknown address.
    #[oai(path = "/signin", method = "post", operation_id = "signIn")]
    async fn sign_in(
        &self,
        state: Data<&ApiState>,
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
    /// Ends the session of the access token at once.
    #[oai(path = "/signout", method = "post", operation_id = "signOut")]
    async fn sign_out(&self, signed: Signed, state: Data<&ApiState>) -> Result<Ended, ApiError> {
        state.sessions.sign_out(&signed.0).await.map_err(failed)?;
        Ok(Ended::Done)
    }

    /// Refresh tokens
    ///
    /// Exchanges a refresh token for the next one and a new access token. A token works once; sent
    /// again within 10 seconds, after a lost response, it returns the same successor. Later reuse ends
    /// the session, and the user is notified by mail.
    #[oai(path = "/refresh", method = "post", operation_id = "refresh")]
    async fn refresh(
        &self,
        state: Data<&ApiState>,
        client: Client,
        body: StrictJson<RefreshRequest>,
    ) -> Result<Json<TokenResponse>, ApiError> {
        let refreshed = state.sessions.refresh(&body.0.refresh_token, &client.0).await;
        Ok(Json(refreshed.map_err(failed)?.into()))
    }

    /// List sessions
    ///
    /// The user's valid sessions, the latest used first.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn list(
        &self,
        signed: Signed,
        state: Data<&ApiState>,
    ) -> Result<Json<SessionsResponse>, ApiError> {
        let sessions = state.sessions.list(&signed.0).await.map_err(failed)?;
        let sessions = sessions.iter().map(|session| SessionResponse::of(session, &signed.0));
        Ok(Json(SessionsResponse { sessions: sessions.collect() }))
    }

    /// End a session
    ///
    /// Ends one of the user's sessions; its tokens are invalid at once.
    #[oai(path = "/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end(
        &self,
        signed: Signed,
        state: Data<&ApiState>,
        /// Session id.
        id: Path<Uuid>,
    ) -> Result<Ended, ApiError> {
        let id = SessionId::from_uuid(id.0);
        state.sessions.end(&signed.0, id).await.map_err(failed)?;
        Ok(Ended::Done)
    }

    /// End all other sessions
    ///
    /// Their tokens are invalid at once; the current session stays.
    #[oai(path = "/sessions", method = "delete", operation_id = "endOtherSessions")]
    async fn end_others(&self, signed: Signed, state: Data<&ApiState>) -> Result<Ended, ApiError> {
        state.sessions.end_others(&signed.0).await.map_err(failed)?;
        Ok(Ended::Done)
    }
}
