//! Five routes; each handler parses, calls one use case and returns the result.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::accounts::SignUp;
use vestibule_domain::use_cases::recovery::ResetPassword;
use vestibule_domain::use_cases::sessions::{SignIn, SignedIn};

use crate::accounts::Accounts;
use crate::edge::{Body, Client, Failure, Signed, bounded, checked};

/// Enough for an email, a username and a password.
const MAX_BODY_BYTES: usize = 16 * 1024;

type Shared = State<Arc<Accounts>>;

/// Returns all routes.
pub fn router(accounts: Arc<Accounts>) -> Router {
    Router::new()
        .route("/register", post(register))
        .route("/login", post(login))
        .route("/private", get(private))
        .route("/forgot", post(forgot))
        .route("/reset", post(reset))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn(bounded))
        .with_state(accounts)
}

#[derive(Deserialize)]
struct Register {
    email: String,
    username: String,
    password: String,
}

async fn register(
    State(accounts): Shared,
    Client(client): Client,
    Body(body): Body<Register>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let min = accounts.own.password_policy().min_length;
    let wanted = SignUp {
        email: checked("email", EmailAddress::parse(&body.email))?,
        username: checked("username", Username::parse(&body.username))?,
        password: checked("password", Password::choose(&body.password, min))?,
        language: None,
    };
    Ok((StatusCode::CREATED, tokens(&accounts.own.sign_up(wanted, &client).await?)))
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(
    State(accounts): Shared,
    Client(client): Client,
    Body(body): Body<Login>,
) -> Result<Json<Value>, Failure> {
    let proof = SignIn {
        email: checked("email", EmailAddress::parse(&body.email))?,
        password: checked("password", Password::parse(&body.password))?,
        language: None,
    };
    Ok(tokens(&accounts.sessions.sign_in(proof, &client).await?))
}

async fn private(Signed(actor): Signed) -> Json<Value> {
    Json(json!({ "hello": actor.user.username.as_str() }))
}

#[derive(Deserialize)]
struct Forgot {
    email: String,
}

/// Responds the same for every email, in the same time, so that it does not reveal which emails
/// have accounts.
async fn forgot(
    State(accounts): Shared,
    Client(client): Client,
    Body(body): Body<Forgot>,
) -> Result<StatusCode, Failure> {
    let email = checked("email", EmailAddress::parse(&body.email))?;
    accounts.recovery.request(&email, &client).await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
struct Reset {
    token: String,
    password: String,
}

async fn reset(
    State(accounts): Shared,
    Client(client): Client,
    Body(body): Body<Reset>,
) -> Result<StatusCode, Failure> {
    let min = accounts.recovery.password_policy().min_length;
    let password = checked("password", Password::choose(&body.password, min))?;
    accounts.recovery.reset(ResetPassword { token: body.token, password }, &client).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tokens(signed_in: &SignedIn) -> Json<Value> {
    let seconds = signed_in.expires_in.whole_seconds();
    Json(json!({ "access_token": signed_in.access_token.expose(), "expires_in": seconds }))
}
