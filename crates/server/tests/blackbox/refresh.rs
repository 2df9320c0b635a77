//! Refresh tokens and the list of sessions, over HTTP.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::{Database, count, execute};
use crate::on_both_databases;
use crate::people::{Answer, mail_to};
use crate::service::{Service, Setup};

on_both_databases! {
    a_refresh_token_works_once_and_its_successor_goes_on;
    a_retry_is_answered_alike_and_a_copy_ends_the_session;
    refreshes_at_the_same_moment_agree;
    a_refresh_survives_a_restart_and_dies_with_its_session;
    sessions_are_listed_and_ended_one_by_one_and_all_at_once;
    at_most_fifty_sessions_are_kept;
}

const PASSWORD: &str = "the first password";
const ANNA: &str = "anna@example.com";
const REFUSED: &str = "Invalid or expired refresh token";

async fn refresh(service: &Service, token: &str) -> Answer {
    service.post("/api/v1/auth/refresh", json!({ "refresh_token": token })).await
}

fn refresh_token(answer: &Answer) -> String {
    answer.body["refresh_token"].as_str().expect("a refresh token").to_owned()
}

async fn ask(service: &Service, method: Method, token: &str, path: &str) -> Answer {
    let request = service.http.request(method, service.url(path)).bearer_auth(token);
    Answer::of(request.send().await.unwrap()).await
}

async fn sessions(service: &Service, token: &str) -> Vec<Value> {
    let listed = ask(service, Method::GET, token, "/api/v1/auth/sessions").await;
    assert_eq!(listed.status, 200, "{listed:?}");
    listed.body["sessions"].as_array().unwrap().clone()
}

async fn a_refresh_token_works_once_and_its_successor_goes_on(database: Database) {
    let service = Setup::on(database).start().await;
    let signed_up = service.sign_up(ANNA, PASSWORD).await;
    let first = refresh_token(&signed_up);
    let refreshed = refresh(&service, &first).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert_ne!(refresh_token(&refreshed), first);
    assert_eq!(refreshed.body["token_type"], "bearer");
    assert_eq!(refreshed.body["expires_in"], 900);
    assert_eq!(refreshed.body["user"], signed_up.body["user"]);
    assert_eq!(service.me(&refreshed.token()).await.status, 200);
    assert_eq!(service.me(&signed_up.token()).await.status, 200, "until it expires");
    assert_eq!(refresh(&service, &refresh_token(&refreshed)).await.status, 200);

    let text = service.sign_in(ANNA, PASSWORD).await;
    for wrong in ["x", &"0".repeat(128), &text.token(), &refresh_token(&text)[..127]] {
        let refused = refresh(&service, wrong).await;
        refused.is(401, REFUSED);
        assert_eq!(refused.body["code"], "invalid_refresh_token");
    }
}

async fn a_retry_is_answered_alike_and_a_copy_ends_the_session(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let first = refresh_token(&service.sign_up(ANNA, PASSWORD).await);
    let heard = refresh(&service, &first).await;
    let again = refresh(&service, &first).await;
    assert_eq!(refresh_token(&heard), refresh_token(&again));

    let db = service.database().await;
    let ten_seconds = 10_000_000;
    let earlier = format!("UPDATE sessions SET refreshed_at = refreshed_at - {ten_seconds}");
    assert_eq!(execute(&db, &earlier).await, 1);
    refresh(&service, &first).await.is(401, REFUSED);
    assert_eq!(service.me(&heard.token()).await.status, 401, "the session has ended");
    refresh(&service, &refresh_token(&heard)).await.is(401, REFUSED);
    mail_to(&smtp, ANNA, "One of your Vestibule sessions was ended").await;
    refresh(&service, &first).await.is(401, REFUSED);
    let told = "SELECT count(*) FROM outbox WHERE kind = 'refresh_token_reused'";
    assert_eq!(count(&db, told).await, 1, "once");
}

async fn refreshes_at_the_same_moment_agree(database: Database) {
    let service = Setup::on(database).start().await;
    let first = refresh_token(&service.sign_up(ANNA, PASSWORD).await);
    let mut crowd = JoinSet::new();
    for _ in 0..50 {
        let body = json!({ "refresh_token": first });
        let request = service.http.post(service.url("/api/v1/auth/refresh")).json(&body);
        crowd.spawn(async move { Answer::of(request.send().await.unwrap()).await });
    }
    let mut successors = HashSet::new();
    for refreshed in crowd.join_all().await {
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        successors.insert(refresh_token(&refreshed));
    }
    assert_eq!(successors.len(), 1);
}

async fn a_refresh_survives_a_restart_and_dies_with_its_session(database: Database) {
    let mut service = Setup::on(database).start().await;
    let first = refresh_token(&service.sign_up(ANNA, PASSWORD).await);
    service.kill().await;
    service.restart().await;
    let refreshed = refresh(&service, &first).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let out = service.post_as(&refreshed.token(), "/api/v1/auth/signout", json!({})).await;
    assert_eq!(out.status, 204);
    refresh(&service, &refresh_token(&refreshed)).await.is(401, REFUSED);

    let signed_in = service.sign_in(ANNA, PASSWORD).await;
    let link = service.reset_link(ANNA).await;
    service.reset(&link, "the second password").await.is(200, "Password reset successfully");
    refresh(&service, &refresh_token(&signed_in)).await.is(401, REFUSED);
}

async fn sessions_are_listed_and_ended_one_by_one_and_all_at_once(database: Database) {
    let service = Setup::on(database).start().await;
    let here = service.sign_up(ANNA, PASSWORD).await.token();
    let there = service.sign_in(ANNA, PASSWORD).await.token();
    let elsewhere = service.sign_in(ANNA, PASSWORD).await.token();
    let stranger = service.sign_up("ben@example.com", PASSWORD).await.token();

    let listed = sessions(&service, &here).await;
    assert_eq!(listed.len(), 3);
    let current: Vec<_> = listed.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!(current[0]["ip"], "127.0.0.1");
    for session in &listed {
        let keys: Vec<_> = session.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["created_at", "current", "id", "ip", "last_seen_at"]);
    }

    let id_of = |listed: &[Value]| {
        let current = listed.iter().find(|session| session["current"] == true).unwrap();
        format!("/api/v1/auth/sessions/{}", current["id"].as_str().unwrap())
    };
    let path = id_of(&sessions(&service, &there).await);
    assert_eq!(ask(&service, Method::DELETE, &stranger, &path).await.status, 404);
    assert_eq!(service.me(&there).await.status, 200);
    assert_eq!(ask(&service, Method::DELETE, &here, &path).await.status, 204);
    assert_eq!(service.me(&there).await.status, 401);
    assert_eq!(ask(&service, Method::DELETE, &here, &path).await.status, 404);
    let nonsense = "/api/v1/auth/sessions/nonsense";
    assert_eq!(ask(&service, Method::DELETE, &here, nonsense).await.status, 404);

    assert_eq!(ask(&service, Method::DELETE, &here, "/api/v1/auth/sessions").await.status, 204);
    assert_eq!(service.me(&elsewhere).await.status, 401);
    assert_eq!(service.me(&stranger).await.status, 200);
    assert_eq!(sessions(&service, &here).await.len(), 1);
    let own = id_of(&sessions(&service, &here).await);
    assert_eq!(ask(&service, Method::DELETE, &here, &own).await.status, 204);
    assert_eq!(service.me(&here).await.status, 401, "the current session can be ended");
}

async fn at_most_fifty_sessions_are_kept(database: Database) {
    let service = Setup::on(database).start().await;
    let oldest = service.sign_up(ANNA, PASSWORD).await.token();
    let second = service.sign_in(ANNA, PASSWORD).await.token();
    for _ in 2..50 {
        assert_eq!(service.sign_in(ANNA, PASSWORD).await.status, 200);
    }
    assert_eq!(service.me(&oldest).await.status, 200);
    assert_eq!(service.sign_in(ANNA, PASSWORD).await.status, 200);
    assert_eq!(service.me(&oldest).await.status, 401);
    assert_eq!(sessions(&service, &second).await.len(), 50);
}
