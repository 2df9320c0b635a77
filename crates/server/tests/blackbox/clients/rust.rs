//! The client in Rust: `vestibule-client-rust`, which progenitor makes when it is built, goes a
//! person's whole way through a real service.

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use vestibule_client_rust::types::{
    ChangePasswordRequest, ForgotPasswordRequest, Problem, RefreshRequest, ResetPasswordRequest,
    SignInRequest, SignUpRequest, TokenResponse,
};
use vestibule_client_rust::{Client, Error, ResponseValue};
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::Database;
use crate::people::{RESET, mail_to};
use crate::service::Setup;

const ANNA: &str = "anna@example.com";
const FIRST: &str = "correct horse battery";
const SECOND: &str = "a whole new password";
const THIRD: &str = "and yet another one";

type Answer<T> = Result<ResponseValue<T>, Error<Problem>>;

fn signed_in_with(base: &str, tokens: &TokenResponse) -> Client {
    let bearer = HeaderValue::from_str(&format!("Bearer {}", tokens.access_token)).unwrap();
    let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
    let http = reqwest::Client::builder().default_headers(headers).build().unwrap();
    Client::new_with_client(base, http)
}

async fn sign_up(client: &Client, username: &str, password: &str) -> Answer<TokenResponse> {
    let body = SignUpRequest {
        email: format!("{username}@example.com").parse().unwrap(),
        password: password.parse().unwrap(),
        username: username.parse().unwrap(),
    };
    client.sign_up(None, &body).await
}

async fn sign_in(client: &Client, password: &str) -> Answer<TokenResponse> {
    let body = SignInRequest { email: ANNA.parse().unwrap(), password: password.parse().unwrap() };
    client.sign_in(&body).await
}

async fn refresh(client: &Client, tokens: &TokenResponse) -> Answer<TokenResponse> {
    let refresh_token = tokens.refresh_token.parse().unwrap();
    client.refresh(&RefreshRequest { refresh_token }).await
}

/// Returns the body of an answer, which must have this status.
fn body<T>(answer: Answer<T>, status: u16) -> T {
    let answer = answer.unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(answer.status(), status);
    answer.into_inner()
}

/// The problem in an answer with this status and code.
fn problem<T>(answer: Answer<T>, status: u16, code: &str) -> Problem {
    let Err(Error::ErrorResponse(answer)) = answer else {
        panic!("a documented error");
    };
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    assert_eq!(answer.headers()["x-request-id"], answer.request_id.as_str());
    assert_eq!((answer.status, answer.code.as_str()), (status, code));
    answer.into_inner()
}

#[tokio::test]
async fn it_goes_the_whole_way() {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(Database::sqlite()).mailing_to(&smtp).start().await;
    let base = service.url("");
    let visitor = Client::new(&base);
    let opened = body(sign_up(&visitor, "anna", FIRST).await, 201);
    assert_eq!((opened.token_type.as_str(), opened.user.email.as_str()), ("bearer", ANNA));

    let tokens = body(sign_in(&visitor, FIRST).await, 200);
    let anna = signed_in_with(&base, &tokens);
    let me = body(anna.get_current_user().await, 200);
    assert_eq!((me.id, me.username.as_str(), me.is_admin), (opened.user.id, "anna", false));

    let sessions = body(anna.list_sessions().await, 200).sessions;
    assert_eq!(sessions.len(), 2);
    let other = sessions.iter().find(|session| !session.current).unwrap();
    body(anna.end_session(&other.id).await, 204);
    let ended = signed_in_with(&base, &opened);
    problem(ended.get_current_user().await, 401, "unauthenticated");

    let renewed = body(refresh(&visitor, &tokens).await, 200);
    assert_ne!(renewed.refresh_token, tokens.refresh_token);
    let anna = signed_in_with(&base, &renewed);

    let change = async |old: &str| {
        let (old_password, new_password) = (old.parse().unwrap(), SECOND.parse().unwrap());
        anna.change_password(&ChangePasswordRequest { new_password, old_password }).await
    };
    problem(change(THIRD).await, 400, "incorrect_password");
    body(change(FIRST).await, 200);
    problem(sign_in(&visitor, FIRST).await, 401, "invalid_credentials");

    let forgotten = ForgotPasswordRequest { email: ANNA.parse().unwrap() };
    assert!(!body(visitor.forgot_password(&forgotten).await, 200).message.is_empty());
    let token = mail_to(&smtp, ANNA, RESET).await.token().unwrap().to_owned();
    let is_good =
        async || body(visitor.verify_password_reset(Some(token.as_str())).await, 200).valid;
    let reset = async |new: &str| {
        let (token, new_password) = (token.parse().unwrap(), new.parse().unwrap());
        visitor.reset_password(&ResetPasswordRequest { new_password, token }).await
    };
    assert!(is_good().await);
    body(reset(THIRD).await, 200);
    assert!(!is_good().await);
    problem(reset(FIRST).await, 400, "invalid_token");
    problem(anna.get_current_user().await, 401, "unauthenticated");

    let tokens = body(sign_in(&visitor, THIRD).await, 200);
    let anna = signed_in_with(&base, &tokens);
    body(anna.sign_out().await, 204);
    problem(anna.get_current_user().await, 401, "unauthenticated");
    problem(refresh(&visitor, &tokens).await, 401, "invalid_refresh_token");
}

#[tokio::test]
async fn it_reports_every_invalid_field() {
    let service = Setup::on(Database::sqlite()).start().await;
    let visitor = Client::new(&service.url(""));
    let wrong = problem(sign_up(&visitor, "anna", "short").await, 422, "invalid_input");
    let broken: Vec<_> =
        wrong.errors.iter().map(|one| (one.field.as_str(), one.code.as_str())).collect();
    assert_eq!(broken, [("password", "password_too_short")]);
    // What the document rules out, it does not even send.
    assert!("an na".parse::<vestibule_client_rust::types::SignUpRequestUsername>().is_err());
}
