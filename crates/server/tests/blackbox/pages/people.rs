//! The pages for users: sign-up, sign-in, password reset, account and sessions.

use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::{Browser, NEW_PASSWORD, PASSWORD};
use crate::database::{Database, count};
use crate::on_both_databases;
use crate::people::{CHANGED, RESET, WELCOME, mail_to};
use crate::service::{Service, Setup};

on_both_databases! {
    the_whole_journey_without_a_script;
    a_reset_ends_every_session_and_does_not_sign_in;
    a_password_change_ends_all_other_sessions;
    sessions_are_listed_and_ended_one_by_one_and_together;
    a_session_cookie_is_new_at_every_sign_in_and_kept_as_a_digest;
    wrong_input_is_told_at_the_field_and_nothing_is_lost;
    an_account_has_so_many_sessions_and_no_more;
}

async fn signed_up<'a>(service: &'a Service, email: &str) -> Browser<'a> {
    let name = email.split('@').next().unwrap();
    let browser = Browser::of(service);
    browser.get("/signup").await.says(200, "<form");
    let fields = [("email", email), ("username", name), ("password", PASSWORD)];
    browser.submit("/signup", &fields).await.leads_to("/account");
    browser
}

async fn the_whole_journey_without_a_script(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let email = "anna@example.com";
    let browser = signed_up(&service, email).await;
    browser.get("/account").await.says(200, email);
    mail_to(&smtp, email, WELCOME).await;
    browser.submit("/logout", &[]).await.leads_to("/login");
    browser.get("/login").await.says(200, "You are signed out");
    browser.get("/account").await.leads_to("/login?next=/account");

    browser.get("/password-reset").await.says(200, "Send Reset Link");
    browser.submit("/password-reset", &[("email", email)]).await.leads_to("/password-reset?sent=1");
    let sent = browser.get("/password-reset?sent=1").await;
    sent.says(200, "Check your e-mail");
    assert!(sent.html.contains(email));
    let token = mail_to(&smtp, email, RESET).await.token().unwrap().to_owned();

    let form = browser.get(&format!("/reset-password?token={token}")).await;
    form.says(200, "<h1>Reset Password</h1>");
    assert_eq!(form.hidden("token").as_deref(), Some(token.as_str()));
    let chosen =
        [("token", token.as_str()), ("password", NEW_PASSWORD), ("password_confirm", NEW_PASSWORD)];
    browser.submit("/password-reset", &chosen).await.leads_to("/password-reset/done");
    browser.get("/password-reset/done").await.says(200, "Password changed");
    browser.get("/login?reset=1").await.says(200, "Password changed");
    mail_to(&smtp, email, CHANGED).await;

    browser.sign_in(email, PASSWORD).await.says(422, "is incorrect");
    browser.sign_in(email, NEW_PASSWORD).await.leads_to("/account");
    browser.get("/").await.leads_to("/account");
    browser.get("/login").await.leads_to("/account");
}

async fn a_reset_ends_every_session_and_does_not_sign_in(database: Database) {
    let service = Setup::on(database).start().await;
    let email = "anna@example.com";
    let here = signed_up(&service, email).await;
    let there = Browser::of(&service);
    there.sign_in(email, PASSWORD).await.leads_to("/account");
    let token = service.reset_link(email).await;
    here.get(&format!("/password-reset?token={token}")).await.says(200, email);
    let chosen =
        [("token", token.as_str()), ("password", NEW_PASSWORD), ("password_confirm", NEW_PASSWORD)];
    here.submit("/password-reset", &chosen).await.leads_to("/password-reset/done");
    assert_eq!(here.cookie("session"), None);
    for browser in [&here, &there] {
        browser.get("/account").await.leads_to("/login?next=/account");
    }
    there.get("/login").await;
    assert_eq!(there.cookie("session"), None);
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM sessions").await, 0);
}

async fn a_password_change_ends_all_other_sessions(database: Database) {
    let service = Setup::on(database).start().await;
    let email = "anna@example.com";
    let here = signed_up(&service, email).await;
    let there = Browser::of(&service);
    there.sign_in(email, PASSWORD).await.leads_to("/account");
    here.get("/account").await;
    let change = |current, new, again| {
        [("current_password", current), ("password", new), ("password_confirm", again)]
    };
    let path = "/account/password";
    let wrong = here.submit(path, &change("not this one", NEW_PASSWORD, NEW_PASSWORD)).await;
    wrong.says(422, "Your current password is incorrect");
    here.submit(path, &change(PASSWORD, PASSWORD, PASSWORD))
        .await
        .says(422, "different from your current one");
    let apart = here.submit(path, &change(PASSWORD, NEW_PASSWORD, "something else")).await;
    apart.says(422, ">Passwords do not match<");
    assert!(!apart.html.contains(NEW_PASSWORD));
    here.submit(path, &change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD)).await.leads_to("/account");
    here.get("/account").await.says(200, "Password changed");
    there.get("/account").await.leads_to("/login?next=/account");
    there.sign_in(email, NEW_PASSWORD).await.leads_to("/account");
}

async fn sessions_are_listed_and_ended_one_by_one_and_together(database: Database) {
    let service = Setup::on(database).start().await;
    let email = "anna@example.com";
    let here = signed_up(&service, email).await;
    let others = [Browser::of(&service), Browser::of(&service), Browser::of(&service)];
    for other in &others {
        other.sign_in(email, PASSWORD).await.leads_to("/account");
    }
    let page = here.get("/account").await;
    let ids: Vec<&str> = page
        .html
        .split("/account/sessions/")
        .skip(1)
        .filter_map(|rest| rest.split_once("/revoke\"").map(|(id, _)| id))
        .filter(|id| id.len() == 36)
        .collect();
    assert_eq!(ids.len(), 3, "{}", page.html);

    let stranger = signed_up(&service, "ben@example.com").await;
    stranger.get("/account").await;
    let end = format!("/account/sessions/{}/revoke", ids[0]);
    stranger.submit(&end, &[]).await.leads_to("/account");
    assert!(here.get("/account").await.html.contains(ids[0]), "another user ended a session");

    here.submit(&end, &[]).await.leads_to("/account");
    assert!(!here.get("/account").await.html.contains(ids[0]));
    here.submit("/account/sessions/revoke-others", &[]).await.leads_to("/account");
    here.get("/account").await.says(200, "signed in only on this device");
    for other in &others {
        other.get("/account").await.leads_to("/login?next=/account");
    }
    here.submit("/account/sessions/nonsense/revoke", &[]).await.says(404, "<h1");
}

async fn a_session_cookie_is_new_at_every_sign_in_and_kept_as_a_digest(database: Database) {
    let service = Setup::on(database).start().await;
    let email = "anna@example.com";
    let browser = signed_up(&service, email).await;
    let first = browser.cookie("session").unwrap();
    assert_eq!(first.len(), 64);
    browser.submit("/logout", &[]).await;
    // A cookie planted before the sign-in is not reused, and stays invalid (session fixation).
    browser.keep("session", &first);
    browser.sign_in(email, PASSWORD).await.leads_to("/account");
    let second = browser.cookie("session").unwrap();
    assert_ne!(first, second);
    let thief = Browser::of(&service);
    thief.keep("session", &first);
    thief.get("/account").await.leads_to("/login?next=/account");

    // Signing in again ends the previous session of this browser.
    browser.get("/account").await;
    browser.submit("/login", &[("email", email), ("password", PASSWORD)]).await;
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM sessions").await, 1);
    thief.keep("session", &second);
    thief.get("/account").await.leads_to("/login?next=/account");

    let third = browser.cookie("session").unwrap();
    let digest = "SELECT count(*) FROM sessions WHERE length(browser_key_digest) = 32";
    assert_eq!(count(&db, digest).await, 1);
    for entry in std::fs::read_dir(service.data.path()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let found = bytes.windows(third.len()).any(|window| window == third.as_bytes());
        assert!(!found, "the key is in {}", path.display());
    }
}

async fn wrong_input_is_told_at_the_field_and_nothing_is_lost(database: Database) {
    let service = Setup::on(database).start().await;
    signed_up(&service, "anna@example.com").await;
    let browser = Browser::of(&service);
    browser.get("/signup").await;
    let fields = [("email", "anna@example.com"), ("username", "other"), ("password", PASSWORD)];
    let taken = browser.submit("/signup", &fields).await;
    taken.says(422, "An account with this e-mail address exists");
    assert!(taken.html.contains("value=\"anna@example.com\"") && taken.html.contains("other"));
    assert!(!taken.html.contains(PASSWORD));
    assert!(taken.html.contains("<title>Error: "));

    let fields = [("email", "unknown"), ("username", "a b"), ("password", "short")];
    let wrong = browser.submit("/signup", &fields).await;
    for words in ["in the correct format", "12 characters or more"] {
        wrong.says(422, words);
    }
    browser.get("/password-reset").await;
    let empty = browser.submit("/password-reset", &[("email", " ")]).await;
    empty.says(422, "Enter your e-mail address");
    // Markup in a field is escaped.
    let markup = "<script>alert(1)</script>";
    let echoed = browser.submit("/password-reset", &[("email", markup)]).await;
    assert!(!echoed.html.contains(markup), "{}", echoed.html);
}

async fn an_account_has_so_many_sessions_and_no_more(database: Database) {
    let service = Setup::on(database).start().await;
    let email = "anna@example.com";
    let oldest = signed_up(&service, email).await;
    let second = Browser::of(&service);
    second.sign_in(email, PASSWORD).await.leads_to("/account");
    for _ in 0..49 {
        assert_eq!(service.sign_in(email, PASSWORD).await.status, 200);
    }
    oldest.get("/account").await.leads_to("/login?next=/account");
    second.get("/account").await.says(200, email);
    let db = service.database().await;
    assert_eq!(count(&db, "SELECT count(*) FROM sessions").await, 50);
}
