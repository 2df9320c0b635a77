//! Tests of a remote verifier with an issuer over HTTP.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::time;
use vestibule_verify::{
    FetchError, KEYS_STALE, RemoteError, RemoteVerifier, Settings, UNKNOWN_KEY_PAUSE, VerifyError,
};

use crate::fixture::{FROZEN, NEW, OLD, published, token};
use crate::issuer::{Answer, Issuer, KEYS, REVOCATIONS, pass};

/// The session of the tokens.
const SESSION: &str = "0198c7f2-2222-7222-8222-222222222222";

/// Returns the error of the first fetch of keys.
async fn failure(verifier: &RemoteVerifier) -> String {
    match verifier.verify(FROZEN).await.unwrap_err() {
        RemoteError::NoKeys { cause, .. } => cause.unwrap().to_string(),
        RemoteError::Refused(refusal) => panic!("{refusal}"),
    }
}

fn refusal(outcome: Result<vestibule_verify::Claims, RemoteError>) -> VerifyError {
    match outcome.unwrap_err() {
        RemoteError::Refused(refusal) => refusal,
        RemoteError::NoKeys { .. } => panic!("no keys"),
    }
}

#[tokio::test]
async fn a_token_is_verified_with_the_issuers_keys() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    assert!(issuer.asked().is_empty());
    for _ in 0..3 {
        assert_eq!(verifier.verify(FROZEN).await.unwrap().session_id.to_string(), SESSION);
    }
    assert_eq!(issuer.asked(), [KEYS]);
}

#[tokio::test]
async fn a_malformed_token_causes_no_request() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    for text in ["", "me", "v4.public.AAAA.AAAA", &FROZEN.replace("public", "local")] {
        assert_eq!(refusal(verifier.verify(text).await), VerifyError::Malformed);
    }
    assert!(issuer.asked().is_empty());
}

#[tokio::test]
async fn new_keys_are_accepted_and_retired_keys_refused() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    assert!(verifier.verify(&token(OLD)).await.is_ok());
    issuer.publish(&[OLD, NEW]);
    pass(UNKNOWN_KEY_PAUSE).await;
    assert!(verifier.verify(&token(NEW)).await.is_ok());
    assert!(verifier.verify(&token(OLD)).await.is_ok());
    issuer.publish(&[NEW]);
    pass(KEYS_STALE).await;
    assert_eq!(refusal(verifier.verify(&token(OLD)).await), VerifyError::UnknownKey);
    assert!(verifier.verify(&token(NEW)).await.is_ok());
    assert_eq!(issuer.asked(), [KEYS; 3]);
}

#[tokio::test]
async fn the_keys_survive_an_outage() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    assert!(verifier.verify(FROZEN).await.is_ok());
    issuer.answer(KEYS, Answer::status(503));
    pass(KEYS_STALE).await;
    assert!(verifier.verify(FROZEN).await.is_ok());
    assert!(verifier.keys_age().unwrap() >= KEYS_STALE);
    assert_eq!(issuer.asked(), [KEYS; 2]);
}

#[tokio::test]
async fn keys_are_fetched_when_the_issuer_becomes_available() {
    let issuer = Issuer::publishing(&[OLD]).await;
    issuer.answer(KEYS, Answer::status(500));
    let verifier = issuer.verifier();
    assert_eq!(failure(&verifier).await, "unexpected status 500 from the issuer");
    issuer.publish(&[OLD]);
    let RemoteError::NoKeys { retry_after, .. } = verifier.verify(FROZEN).await.unwrap_err() else {
        panic!("refused")
    };
    pass(retry_after).await;
    assert!(verifier.verify(FROZEN).await.is_ok());
}

#[tokio::test]
async fn a_response_that_is_too_long_is_rejected() {
    let issuer = Issuer::publishing(&[OLD]).await;
    // Exactly the limit is accepted, with or without a content length.
    let padded = |length: usize| {
        let keys = published(&[OLD]);
        format!("{keys}{}", " ".repeat(length - keys.len()))
    };
    for sized in [true, false] {
        issuer.answer(KEYS, Answer { sized, ..Answer::ok(padded(64 * 1024)) });
        assert!(issuer.verifier().verify(FROZEN).await.is_ok());
        issuer.answer(KEYS, Answer { sized, ..Answer::ok(padded(64 * 1024 + 1)) });
        let message = failure(&issuer.verifier()).await;
        assert_eq!(message, "response of the issuer longer than 65536 bytes");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let elsewhere = Issuer::publishing(&[OLD]).await;
    let headers = vec![("Location", format!("{}{KEYS}", elsewhere.address))];
    issuer.answer(KEYS, Answer { headers, ..Answer::status(302) });
    assert_eq!(failure(&issuer.verifier()).await, "unexpected status 302 from the issuer");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_incomplete_response_is_rejected() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let body = published(&[OLD]);
    let headers = vec![("Content-Length", (body.len() + 1).to_string())];
    issuer.answer(KEYS, Answer { headers, sized: false, ..Answer::ok(body) });
    assert_eq!(failure(&issuer.verifier()).await, "no response from the issuer");
}

#[tokio::test]
async fn plain_http_to_an_https_url_fails() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = Some(format!("https://{}", listener.local_addr().unwrap()));
    let verifier = RemoteVerifier::with(Settings { url, ..issuer.settings() }).unwrap();
    let answer = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        stream
    };
    let (stream, message) = tokio::join!(answer, failure(&verifier));
    assert_eq!(message, "no response from the issuer");
    drop(stream);
}

#[tokio::test]
async fn a_request_to_a_silent_issuer_times_out() {
    // The listener accepts the connection and never responds.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Issuer::publishing(&[OLD]).await;
    let url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let verifier = RemoteVerifier::with(Settings { url, ..silent.settings() }).unwrap();
    let (ask, started) = (failure(&verifier), time::Instant::now());
    let (stream, message) = tokio::join!(
        async {
            let stream = listener.accept().await.unwrap();
            // Only the deadline remains.
            time::pause();
            stream
        },
        ask
    );
    assert_eq!(message, "no response from the issuer");
    assert!(started.elapsed() < Duration::from_secs(6));
    drop(stream);
}

#[tokio::test]
async fn a_session_is_refused_once_the_feed_contains_it() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    assert!(verifier.verify(FROZEN).await.is_ok());
    assert_eq!(verifier.feed_age(), None);
    let page = json!({"sessions": [SESSION], "next": "17"}).to_string();
    issuer.answer(REVOCATIONS, Answer::ok(page));
    let follow = verifier.follow_revocations(Duration::from_millis(100));
    let clone = verifier.clone();
    let ended = async {
        // The second request has the cursor of the first response.
        issuer.is_asked(&format!("{REVOCATIONS}?since=17")).await;
        clone.verify(FROZEN).await
    };
    tokio::select! {
        never = follow => match never {},
        ended = ended => assert_eq!(refusal(ended), VerifyError::Ended),
    }
    assert!(verifier.feed_age().is_some());
    assert_eq!(issuer.asked()[1..], [REVOCATIONS, &format!("{REVOCATIONS}?since=17")]);
}

#[tokio::test]
async fn concurrent_verifications_share_one_request() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    let started = Instant::now();
    let crowd: Vec<_> = (0..64).map(|_| Box::pin(verifier.verify(FROZEN))).collect();
    for one in crowd {
        assert!(one.await.is_ok());
    }
    assert_eq!(issuer.asked(), [KEYS]);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn an_error_shows_its_cause_once() {
    let cause = std::sync::Arc::new(FetchError::Status(500));
    let error = RemoteError::NoKeys { retry_after: Duration::from_secs(1), cause: Some(cause) };
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "unexpected status 500 from the issuer");
    assert!(!error.to_string().contains("500"));
}
