//! Authentication and authorisation of administrators.

use std::sync::Arc;

use poem::endpoint::make_sync;
use poem::http::StatusCode;
use poem::{Endpoint, Request, Route};
use time::Duration;
use vestibule_domain::model::client::ClientInfo;
use vestibule_http::{ClientAddress, RequestContext, protect};
use vestibule_testkit::random::SteadyRandom;

use crate::test_app::{ADMIN, ANNA, COOKIE, ORIGIN, TestApp};

const USERS: &str = "/api/v1/admin/users";

#[tokio::test]
async fn strangers_are_nobody_and_users_are_not_administrators() {
    let app = TestApp::new().await;
    let stranger = app.send("GET", USERS, &[], "").await;
    assert_eq!(stranger.problem(), (401, "unauthenticated"));
    assert_eq!(stranger.headers["www-authenticate"], "Bearer");
    let token = app.token(ANNA).await;
    let cookie = app.cookie(ANNA).await;
    for credentials in [("Authorization", token.as_str()), ("Cookie", &cookie)] {
        let user = app.send("GET", USERS, &[credentials], "").await;
        assert_eq!(user.problem(), (403, "forbidden"));
        assert_eq!(user.body["detail"], "Administrators only");
    }
    let token = app.token(ADMIN).await;
    let cookie = app.cookie(ADMIN).await;
    for credentials in [("Authorization", token.as_str()), ("Cookie", &cookie)] {
        assert_eq!(app.send("GET", USERS, &[credentials], "").await.status, 200);
    }
}

#[tokio::test]
async fn a_cookie_changes_something_only_from_the_services_own_pages() {
    let app = TestApp::new().await;
    let cookie = app.cookie(ADMIN).await;
    let target = format!("{USERS}/{}/sessions", app.user(ANNA).await.id);
    for (headers, status) in [
        (vec![], 403),
        (vec![("Sec-Fetch-Site", "cross-site"), ("Origin", ORIGIN)], 403),
        (vec![("Sec-Fetch-Site", "same-site")], 403),
        (vec![("Sec-Fetch-Site", "none")], 403),
        (vec![("Origin", "null")], 403),
        (vec![("Origin", "https://evil.example")], 403),
        (vec![("Sec-Fetch-Site", "same-origin"), ("Origin", "null")], 204),
        (vec![("Origin", ORIGIN)], 204),
    ] {
        let with = [&[("Cookie", cookie.as_str())], &headers[..]].concat();
        let answer = app.send("DELETE", &target, &with, "").await;
        assert_eq!(answer.status, status, "{headers:?}");
        if status == 403 {
            assert_eq!(answer.problem().1, "cross_site");
        }
    }
    // An access token is sent by programs, never by a browser on its own.
    let token = app.token(ADMIN).await;
    let by_token = [("Authorization", token.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(app.send("DELETE", &target, &by_token, "").await.status, 204);
}

#[tokio::test]
async fn a_refused_request_is_no_sign_of_life() {
    let app = TestApp::new().await;
    let cookie = app.cookie(ADMIN).await;
    let target = format!("{USERS}/{}", app.user(ANNA).await.id);
    app.clock.advance(Duration::days(4));
    let foreign = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "cross-site")];
    assert_eq!(app.send("DELETE", &target, &foreign, "").await.problem(), (403, "cross_site"));
    app.clock.advance(Duration::days(4));
    let later = app.send("GET", USERS, &[("Cookie", &cookie)], "").await;
    assert_eq!(later.problem(), (401, "unauthenticated"));
}

#[tokio::test]
async fn only_one_kind_of_credentials_is_looked_at() {
    let app = TestApp::new().await;
    let cookie = app.cookie(ADMIN).await;
    let token = app.token(ADMIN).await;
    for authorization in ["Bearer forged", "Basic YTpi", ""] {
        let both = [("Authorization", authorization), ("Cookie", cookie.as_str())];
        let answer = app.send("GET", USERS, &both, "").await;
        assert_eq!(answer.problem(), (401, "unauthenticated"), "{authorization:?}");
    }
    let twice = [("Authorization", token.as_str()), ("Authorization", &token)];
    assert_eq!(app.send("GET", USERS, &twice, "").await.status, 401);
    let valid = [("Authorization", token.as_str()), ("Cookie", "__Host-vestibule_session=forged")];
    assert_eq!(app.send("GET", USERS, &valid, "").await.status, 200);
}

#[tokio::test]
async fn a_planted_cookie_opens_nothing() {
    let app = TestApp::new().await;
    let cookie = app.cookie(ADMIN).await;
    let key = cookie.split_once('=').unwrap().1;
    for planted in [
        format!("{cookie}; {cookie}"),
        format!("vestibule_session={key}"),
        format!("{COOKIE}="),
        format!("{COOKIE}=forged"),
        format!("{COOKIE}=\"{key}\""),
    ] {
        let answer = app.send("GET", USERS, &[("Cookie", &planted)], "").await;
        assert_eq!(answer.problem(), (401, "unauthenticated"), "{planted}");
    }
    let twice = [("Cookie", cookie.as_str()), ("Cookie", "__Host-vestibule_session=x")];
    assert_eq!(app.send("GET", USERS, &twice, "").await.status, 401);
    let among_others = format!("a=b; {cookie}; c=d");
    assert_eq!(app.send("GET", USERS, &[("Cookie", &among_others)], "").await.status, 200);
}

#[tokio::test]
async fn credentials_are_asked_for_before_anything_else_is_said() {
    let app = TestApp::new().await;
    for (method, path, body) in [
        ("PATCH", "/users/nonsense", "{}"),
        ("GET", "/users?limit=0", ""),
        ("PUT", "/settings/smtp", "nonsense"),
        ("POST", "/mail/nonsense/resend", ""),
    ] {
        let answer = app.send(method, &format!("/api/v1/admin{path}"), &[], body).await;
        assert_eq!(answer.problem(), (401, "unauthenticated"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_method_that_is_not_taken_is_answered_with_those_that_are() {
    let app = TestApp::new().await;
    let user = format!("{USERS}/{}", app.user(ANNA).await.id);
    for (method, target, allow) in [
        ("POST", user.as_str(), "DELETE, PATCH"),
        ("GET", &format!("{user}/sessions"), "DELETE"),
        ("DELETE", USERS, "GET"),
        ("POST", "/api/v1/admin/settings/smtp", "GET, PUT"),
    ] {
        let answer = app.send(method, target, &[], "").await;
        assert_eq!(answer.problem(), (405, "method_not_allowed"), "{method} {target}");
        assert_eq!(answer.headers["allow"], allow, "{method} {target}");
    }
}

#[tokio::test]
async fn the_document_names_both_ways_in_as_alternatives() {
    let document: serde_json::Value =
        serde_json::from_str(&vestibule_http::openapi_json()).unwrap();
    let schemes = &document["components"]["securitySchemes"];
    assert_eq!(schemes["session"]["type"], "apiKey");
    assert_eq!(schemes["session"]["in"], "cookie");
    assert_eq!(schemes["session"]["name"], COOKIE);
    let paths = document["paths"].as_object().unwrap();
    let admin = paths.iter().filter(|(path, _)| path.starts_with("/api/v1/admin/"));
    let operations: Vec<_> = admin.flat_map(|(_, item)| item.as_object().unwrap()).collect();
    assert_eq!(operations.len(), 11);
    for (_, operation) in operations {
        let either = serde_json::json!([{"bearer": []}, {"session": []}]);
        assert_eq!(operation["security"], either, "{}", operation["operationId"]);
        assert_eq!(operation["tags"], serde_json::json!(["Administration"]));
    }
}

#[tokio::test]
async fn paths_that_are_not_the_apis_are_left_to_others() {
    let app = TestApp::new().await;
    for path in ["/", "/login", "/admin/users", "/setup", "/assets/app.css", "/.well-known/x"] {
        assert_eq!(app.send("GET", path, &[], "").await.problem(), (404, "not_found"), "{path}");
    }
}

#[tokio::test]
async fn whatever_answers_finds_out_who_calls() {
    let who = make_sync(|request: Request| {
        let client = request.extensions().get::<ClientInfo>().unwrap();
        assert_eq!(client.user_agent(), Some("browser"));
    });
    let route = Route::new().at("/page", who);
    let requests = RequestContext::new(Arc::new(SteadyRandom::default()), false);
    let endpoint = protect(route, ClientAddress::default(), requests);
    let request = Request::builder().uri_str("/page").header("User-Agent", "browser").finish();
    assert_eq!(endpoint.call(request).await.unwrap().status(), StatusCode::OK);
}
