//! Tests of the poem extractor.

use std::future;

use poem::http::StatusCode;
use poem::http::header::{AUTHORIZATION, RETRY_AFTER, WWW_AUTHENTICATE};
use poem::{Endpoint, EndpointExt as _, Request, Response, Route, get, handler};
use vestibule_verify::Claims;

use crate::fixture::{FROZEN, NEW, OLD, token};
use crate::issuer::{Answer, Issuer, KEYS};

#[handler]
async fn me(claims: Claims) -> String {
    future::ready(claims.user_id.to_string()).await
}

fn app(issuer: &Issuer) -> impl Endpoint {
    Route::new().at("/me", get(me)).data(issuer.verifier())
}

async fn ask(app: &impl Endpoint, authorization: Option<&str>) -> Response {
    let mut request = Request::builder().uri_str("/me");
    if let Some(value) = authorization {
        request = request.header(AUTHORIZATION, value);
    }
    app.get_response(request.finish()).await
}

#[tokio::test]
async fn a_handler_gets_the_claims() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let mut answer = ask(&app(&issuer), Some(&format!("Bearer {FROZEN}"))).await;
    assert_eq!(answer.status(), StatusCode::OK);
    let body = answer.take_body().into_string().await.unwrap();
    assert_eq!(body, "0198c7f2-1111-7111-8111-111111111111");
}

#[tokio::test]
async fn every_invalid_token_gets_the_same_response() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let app = app(&issuer);
    let cut = &FROZEN[..FROZEN.len() - 1];
    for token in [cut, &token(NEW), &token(OLD).replacen("eyJ", "eyK", 1), ""] {
        let mut answer = ask(&app, Some(&format!("Bearer {token}"))).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()[WWW_AUTHENTICATE], r#"Bearer error="invalid_token""#);
        assert_eq!(answer.take_body().into_string().await.unwrap(), "");
    }
}

#[tokio::test]
async fn without_credentials_the_response_names_only_the_scheme() {
    let issuer = Issuer::publishing(&[OLD]).await;
    for authorization in [None, Some("Basic YTpi")] {
        let answer = ask(&app(&issuer), authorization).await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()[WWW_AUTHENTICATE], "Bearer");
    }
    assert!(issuer.asked().is_empty());
}

#[tokio::test]
async fn without_keys_the_status_is_503() {
    let issuer = Issuer::publishing(&[OLD]).await;
    issuer.answer(KEYS, Answer::status(500));
    let answer = ask(&app(&issuer), Some(&format!("Bearer {FROZEN}"))).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()[RETRY_AFTER], "2");
    assert!(!answer.headers().contains_key(WWW_AUTHENTICATE));
}

#[tokio::test]
async fn an_application_without_a_verifier_responds_500() {
    let app = Route::new().at("/me", get(me));
    let answer = ask(&app, Some(&format!("Bearer {FROZEN}"))).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
}
