//! What people call: five paths, each of which parses, calls one use case and presents the outcome.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use vestibule_domain::accounts::SignUp;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::password::Password;
use vestibule_domain::recovery::ResetPassword;
use vestibule_domain::sessions::{SignIn, SignedIn};
use vestibule_domain::username::Username;

use crate::accounts::Accounts;
use crate::edge::{Body, Client, Failure, Signed, bounded, checked};

/// The largest body has an address, a name and a password.
const MAX_BODY_BYTES: usize = 16 * 1024;

type Shared = State<Arc<Accounts>>;

/// All paths.
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
    Client(caller): Client,
    Body(body): Body<Register>,
) -> Result<(StatusCode, Json<Value>), Failure> {
    let min = accounts.own.password_policy().min_length;
    let wanted = SignUp {
        email: checked("email", EmailAddress::parse(&body.email))?,
        username: checked("username", Username::parse(&body.username))?,
        password: checked("password", Password::choose(&body.password, min))?,
        language: None,
    };
    Ok((StatusCode::CREATED, tokens(&accounts.own.sign_up(wanted, &caller).await?)))
}

#[derive(Deserialize)]
struct Login {
    email: String,
    password: String,
}

async fn login(
    State(accounts): Shared,
    Client(caller): Client,
    Body(body): Body<Login>,
) -> Result<Json<Value>, Failure> {
    let proof = SignIn {
        email: checked("email", EmailAddress::parse(&body.email))?,
        password: checked("password", Password::parse(&body.password))?,
        language: None,
    };
    Ok(tokens(&accounts.sessions.sign_in(proof, &caller).await?))
}

async fn private(Signed(actor): Signed) -> Json<Value> {
    Json(json!({ "hello": actor.user.username.as_str() }))
}

#[derive(Deserialize)]
struct Forgot {
    email: String,
}

/// Answers the same for every address, and as fast: whether it has an account is nobody's business.
async fn forgot(
    State(accounts): Shared,
    Client(caller): Client,
    Body(body): Body<Forgot>,
) -> Result<StatusCode, Failure> {
    let email = checked("email", EmailAddress::parse(&body.email))?;
    accounts.recovery.request(&email, &caller).await?;
    Ok(StatusCode::ACCEPTED)
}

#[derive(Deserialize)]
struct Reset {
    token: String,
    password: String,
}

async fn reset(
    State(accounts): Shared,
    Client(caller): Client,
    Body(body): Body<Reset>,
) -> Result<StatusCode, Failure> {
    let min = accounts.recovery.password_policy().min_length;
    let password = checked("password", Password::choose(&body.password, min))?;
    accounts.recovery.reset(ResetPassword { token: body.token, password }, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tokens(signed_in: &SignedIn) -> Json<Value> {
    let seconds = signed_in.expires_in.whole_seconds();
    Json(json!({ "access_token": signed_in.access_token.expose(), "expires_in": seconds }))
}
