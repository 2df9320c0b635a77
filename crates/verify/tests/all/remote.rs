//! A verifier with an issuer behind a socket.

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

/// Why no keys were had, the first time somebody asked.
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
async fn what_is_no_token_is_no_reason_to_ask() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    for text in ["", "me", "v4.public.AAAA.AAAA", &FROZEN.replace("public", "local")] {
        assert_eq!(refusal(verifier.verify(text).await), VerifyError::Malformed);
    }
    assert!(issuer.asked().is_empty());
}

#[tokio::test]
async fn a_rotation_is_followed_and_a_retired_key_dies() {
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
async fn an_issuer_that_comes_later_is_found() {
    let issuer = Issuer::publishing(&[OLD]).await;
    issuer.answer(KEYS, Answer::status(500));
    let verifier = issuer.verifier();
    assert_eq!(failure(&verifier).await, "the issuer answers with status 500");
    issuer.publish(&[OLD]);
    let RemoteError::NoKeys { retry_after, .. } = verifier.verify(FROZEN).await.unwrap_err() else {
        panic!("refused")
    };
    pass(retry_after).await;
    assert!(verifier.verify(FROZEN).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read() {
    let issuer = Issuer::publishing(&[OLD]).await;
    // The bound itself is fine, with its length said or not.
    let padded = |length: usize| {
        let keys = published(&[OLD]);
        format!("{keys}{}", " ".repeat(length - keys.len()))
    };
    for sized in [true, false] {
        issuer.answer(KEYS, Answer { sized, ..Answer::ok(padded(64 * 1024)) });
        assert!(issuer.verifier().verify(FROZEN).await.is_ok());
        issuer.answer(KEYS, Answer { sized, ..Answer::ok(padded(64 * 1024 + 1)) });
        let message = failure(&issuer.verifier()).await;
        assert_eq!(message, "the issuer's answer is longer than 65536 bytes");
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let elsewhere = Issuer::publishing(&[OLD]).await;
    let headers = vec![("Location", format!("{}{KEYS}", elsewhere.address))];
    issuer.answer(KEYS, Answer { headers, ..Answer::status(302) });
    assert_eq!(failure(&issuer.verifier()).await, "the issuer answers with status 302");
    assert!(elsewhere.asked().is_empty());
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_none() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let body = published(&[OLD]);
    let headers = vec![("Content-Length", (body.len() + 1).to_string())];
    issuer.answer(KEYS, Answer { headers, sized: false, ..Answer::ok(body) });
    assert_eq!(failure(&issuer.verifier()).await, "the issuer does not answer");
}

#[tokio::test]
async fn an_issuer_without_tls_is_not_believed_to_have_it() {
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
    assert_eq!(message, "the issuer does not answer");
    drop(stream);
}

#[tokio::test]
async fn an_issuer_that_is_silent_is_given_up() {
    // The listener takes the connection, and nobody ever answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = Issuer::publishing(&[OLD]).await;
    let url = Some(format!("http://{}", listener.local_addr().unwrap()));
    let verifier = RemoteVerifier::with(Settings { url, ..silent.settings() }).unwrap();
    let (ask, started) = (failure(&verifier), time::Instant::now());
    let (stream, message) = tokio::join!(
        async {
            let stream = listener.accept().await.unwrap();
            // Only the deadline is left to wait for.
            time::pause();
            stream
        },
        ask
    );
    assert_eq!(message, "the issuer does not answer");
    assert!(started.elapsed() < Duration::from_secs(6));
    drop(stream);
}

#[tokio::test]
async fn a_session_that_has_ended_is_refused_once_the_feed_names_it() {
    let issuer = Issuer::publishing(&[OLD]).await;
    let verifier = issuer.verifier();
    assert!(verifier.verify(FROZEN).await.is_ok());
    assert_eq!(verifier.feed_age(), None);
    let page = json!({"sessions": [SESSION], "next": "17"}).to_string();
    issuer.answer(REVOCATIONS, Answer::ok(page));
    let follow = verifier.follow_revocations(Duration::from_millis(100));
    let clone = verifier.clone();
    let ended = async {
        // The second question has the cursor of the first answer.
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
async fn who_waits_in_a_crowd_does_not_wait_in_a_queue() {
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
fn an_error_tells_its_cause_once() {
    let cause = std::sync::Arc::new(FetchError::Status(500));
    let error = RemoteError::NoKeys { retry_after: Duration::from_secs(1), cause: Some(cause) };
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "the issuer answers with status 500");
    assert!(!error.to_string().contains("500"));
}
