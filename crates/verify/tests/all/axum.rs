//! Tests of the axum extractor.

use axum::Router;
use axum::body::Body;
use axum::extract::FromRef;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::routing::get;
use tower::ServiceExt as _;
use vestibule_verify::{Claims, RemoteVerifier};

use crate::fixture::{FROZEN, NEW, OLD, token};
use crate::issuer::{Answer, Issuer, KEYS};

/// A state that contains a verifier.
#[derive(Clone)]
struct State {
    verifier: RemoteVerifier,
}

impl FromRef<State> for RemoteVerifier {
    fn from_ref(state: &State) -> Self {
        state.verifier.clone()
    }
}

async fn me(claims: Claims) -> String {
    claims.user_id.to_string()
}

async fn ask(app: Router, authorization: Option<&str>) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::get("/me");
    if let Some(value) = authorization {
        request = request.header(AUTHORIZATION, value);
    }
    let answer = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 1024).await.unwrap();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn a_handler_gets_the_claims() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let bearer = format!("Bearer {FROZEN}");
    let plain: Router = Router::new().route("/me", get(me)).with_state(issuer.verifier());
    let rich =
        Router::new().route("/me", get(me)).with_state(State { verifier: issuer.verifier() });
    for app in [plain, rich] {
        let (status, _, body) = ask(app, Some(&bearer)).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(body, "0198c7f2-1111-7111-8111-111111111111");
    }
}

#[tokio::test]
async fn every_invalid_token_gets_the_same_response() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let app: Router = Router::new().route("/me", get(me)).with_state(issuer.verifier());
    let cut = &FROZEN[..FROZEN.len() - 1];
    for token in [cut, &token(NEW), &token(OLD).replacen("eyJ", "eyK", 1), ""] {
        let (status, headers, body) = ask(app.clone(), Some(&format!("Bearer {token}"))).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[WWW_AUTHENTICATE], r#"Bearer error="invalid_token""#);
        assert_eq!(body, "");
    }
}

#[tokio::test]
async fn without_credentials_the_response_names_only_the_scheme() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let app: Router = Router::new().route("/me", get(me)).with_state(issuer.verifier());
    for authorization in [None, Some("Basic YTpi")] {
        let (status, headers, _) = ask(app.clone(), authorization).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        assert_eq!(headers[WWW_AUTHENTICATE], "Bearer");
    }
    assert!(issuer.asked().is_empty());
}

#[tokio::test]
async fn without_keys_the_status_is_503() {
    let issuer = Issuer::publishing(&[OLD]).await;
    issuer.answer(KEYS, Answer::status(500));
    let app: Router = Router::new().route("/me", get(me)).with_state(issuer.verifier());
    let (status, headers, _) = ask(app, Some(&format!("Bearer {FROZEN}"))).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(headers[RETRY_AFTER], "2");
    assert!(!headers.contains_key(WWW_AUTHENTICATE));
}
