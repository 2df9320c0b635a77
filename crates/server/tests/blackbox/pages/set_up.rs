//! First-administrator setup: a single-use link shown at the start.

use tokio::task::JoinSet;

use super::browser::form;
use super::{Browser, PASSWORD};
use crate::database::{Database, count};
use crate::on_both_databases;
use crate::service::{PUBLIC_URL, Service, Setup};

on_both_databases! {
    the_link_shown_at_the_start_makes_one_administrator;
    every_start_shows_another_link_while_one_is_needed;
    many_who_have_the_link_make_one_administrator;
}

/// The path and query of the newest link the service has shown.
fn link(service: &Service) -> Option<String> {
    let prefix = format!("{PUBLIC_URL}/setup?token=");
    let shown = service.log.lines().into_iter().rev().find_map(|line| {
        let (_, rest) = line.split_once(&prefix)?;
        Some(rest.split([' ', '"']).next()?.to_owned())
    })?;
    Some(format!("/setup?token={shown}"))
}

fn fields<'a>(token: &'a str, email: &'a str, name: &'a str) -> [(&'a str, &'a str); 4] {
    [("token", token), ("email", email), ("username", name), ("password", PASSWORD)]
}

async fn the_link_shown_at_the_start_makes_one_administrator(database: Database) {
    let mut service = Setup::on(database).start().await;
    assert_eq!(service.sign_up("anna@example.com", PASSWORD).await.status, 201);
    let link = link(&service).expect("a link");
    let token = link.split_once('=').unwrap().1.to_owned();
    let browser = Browser::of(&service);
    browser.get(&link).await.says(200, "<form");
    let weak = [("token", token.as_str()), ("email", "x"), ("username", "x"), ("password", "x")];
    browser.submit("/setup", &weak).await.says(422, "12 characters or more");
    let refused = browser.submit("/setup", &fields(&token, "anna@example.com", "root")).await;
    refused.says(422, "An account with this e-mail address exists");
    let made = browser.submit("/setup", &fields(&token, "root@example.com", "root")).await;
    made.leads_to("/admin/settings");
    browser.get("/admin/settings").await.says(200, "<h1>SMTP</h1>");
    browser.get("/admin/users").await.says(200, "root@example.com");

    let late = Browser::of(&service);
    late.get(&link).await.says(410, "vestibule admin create");
    let page = late.submit("/setup", &fields(&token, "mallory@example.com", "mallory")).await;
    page.says(410, "vestibule admin create");
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM users WHERE is_admin").await, 1);
    service.terminate().await;
    service.restart().await;
    assert_eq!(super::set_up::link(&service), Some(link), "no other link is shown");
    let root = Browser::of(&service);
    root.sign_in("root@example.com", PASSWORD).await.leads_to("/account");
}

async fn every_start_shows_another_link_while_one_is_needed(database: Database) {
    let mut service = Setup::on(database).start().await;
    let first = link(&service).unwrap();
    service.terminate().await;
    service.restart().await;
    let second = link(&service).unwrap();
    assert_ne!(first, second);
    let browser = Browser::of(&service);
    browser.get(&first).await.says(410, "vestibule admin create");
    browser.get(&second).await.says(200, "<form");
    // The link becomes invalid once there is an administrator.
    service.sign_up("anna@example.com", PASSWORD).await;
    service.run(&["admin", "promote", "anna@example.com"]).await;
    browser.get(&second).await.says(410, "vestibule admin create");
}

async fn many_who_have_the_link_make_one_administrator(database: Database) {
    let service = Setup::on(database).start().await;
    let link = link(&service).unwrap();
    let token = link.split_once('=').unwrap().1;
    let mut attempts = JoinSet::new();
    for number in 0..20 {
        let (email, name) = (format!("root{number}@example.com"), format!("root{number}"));
        attempts.spawn(form(&service, "/setup", &fields(token, &email, &name)).send());
    }
    let outcomes = attempts.join_all().await;
    let outcomes: Vec<u16> =
        outcomes.into_iter().map(|outcome| outcome.unwrap().status().as_u16()).collect();
    assert_eq!(outcomes.iter().filter(|status| **status == 303).count(), 1, "{outcomes:?}");
    // Some get 503, because the number of hashes at once is bounded.
    assert!(outcomes.iter().all(|status| [303, 410, 503].contains(status)), "{outcomes:?}");
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM users").await, 1);
}
