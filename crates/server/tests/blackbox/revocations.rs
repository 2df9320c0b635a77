//! The list of ended sessions, for services that verify access tokens locally.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::database::Database;
use crate::on_both_databases;
use crate::service::{Service, Setup};

on_both_databases! {
    ended_sessions_are_listed_by_cursor;
}

const LIST: &str = "/api/v1/revocations";
const ANNA: &str = "anna@example.com";
const PASSWORD: &str = "a good long password";

/// The ended sessions listed after a cursor, and the next cursor.
async fn told(service: &Service, since: Option<&str>) -> (BTreeSet<String>, String) {
    let path = since.map_or_else(|| LIST.to_owned(), |since| format!("{LIST}?since={since}"));
    let answer = service.get(&path).await;
    assert_eq!((answer.status, &answer.body["more"]), (200, &json!(false)), "{answer:?}");
    let sessions = answer.body["sessions"].as_array().unwrap().iter();
    let sessions = sessions.map(|id| id.as_str().unwrap().to_owned()).collect();
    (sessions, answer.body["next"].as_str().unwrap().to_owned())
}

/// The session ID of an access token.
async fn session(service: &Service, token: &str) -> String {
    let request = service.http.get(service.url("/api/v1/auth/sessions")).bearer_auth(token);
    let sessions: Value =
        serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();
    let sessions = sessions["sessions"].as_array().unwrap().iter();
    let current = sessions.clone().find(|session| session["current"] == true).unwrap();
    current["id"].as_str().unwrap().to_owned()
}

async fn ended_sessions_are_listed_by_cursor(database: Database) {
    let setup = Setup::on(database).with("VESTIBULE_TOKENS__REVOCATIONS", "true");
    let mut service = setup.start().await;
    let first = service.sign_up(ANNA, PASSWORD).await.token();
    let second = service.sign_in(ANNA, PASSWORD).await.token();
    let (ended, next) = told(&service, None).await;
    assert_eq!(ended, BTreeSet::new());
    let ids = (session(&service, &first).await, session(&service, &second).await);
    let out = service.post_as(&second, "/api/v1/auth/signout", json!({})).await;
    assert_eq!(out.status, 204);
    let (ended, next) = told(&service, Some(&next)).await;
    assert_eq!(ended, BTreeSet::from([ids.1.clone()]));
    let changed = service.change(&first, PASSWORD, "another good password").await;
    changed.is(200, "Password changed successfully");
    assert!(!told(&service, Some(&next)).await.0.contains(&ids.0), "the session has not ended");
    service.run(&["user", "deactivate", ANNA]).await;
    let (ended, _) = told(&service, Some(&next)).await;
    assert!(ended.contains(&ids.0), "{ended:?}");

    // The list and its cursors stay valid after a restart.
    assert_eq!(service.terminate().await.code(), Some(0));
    service.restart().await;
    let both = BTreeSet::from([ids.0, ids.1]);
    assert_eq!(told(&service, None).await.0, both);
    assert_eq!(told(&service, Some(&next)).await.0, both, "the last minute is listed again");
    for nonsense in ["", "0", "x.y", "1764500000000001"] {
        let answer = service.get(&format!("{LIST}?since={nonsense}")).await;
        assert_eq!(answer.status, 422, "{nonsense}");
        assert_eq!(answer.body["errors"][0]["field"], "since", "{answer:?}");
    }
}

#[tokio::test]
async fn revocations_are_served_only_if_configured() {
    let service = Setup::on(Database::sqlite()).start().await;
    let answer = service.get(LIST).await;
    assert_eq!((answer.status, &answer.body["code"]), (404, &json!("not_found")));
}
