//! `vestibule user` and `vestibule admin`, and their effect on signed-in users.

use std::time::Duration;

use serde_json::Value;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::run;
use crate::database::Database;
use crate::on_both_databases;
use crate::people::{Answer, CHANGED, mails_to};
use crate::service::{PUBLIC_URL, Service, Setup, eventually};

on_both_databases! {
    an_account_is_made_looked_at_and_ended;
    a_password_is_set_and_its_owner_is_told;
    an_account_is_closed_and_opened_again;
    administrators_are_made_and_unmade;
}

const EMAIL: &str = "anna@example.com";
const FIRST: &str = "the first password";
const SECOND: &str = "the second password";
const CREATE: [&str; 5] = ["user", "create", "--email", EMAIL, "--password-stdin"];

async fn an_account_is_made_looked_at_and_ended(database: Database) {
    let service = Setup::on(database).start().await;
    // Blanks belong to a password, the end of the line does not.
    let made = run(&service, &CREATE, "  the first password  \n").await.ok();
    assert!(made.contains(EMAIL), "{made}");
    let signed_in = service.sign_in(EMAIL, "  the first password  ").await;
    assert_eq!(signed_in.status, 200);
    assert_eq!(service.sign_in(EMAIL, FIRST).await.status, 401);

    let shown = run(&service, &["user", "show", "ANNA@example.com", "--json"], "").await.ok();
    let shown: Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown, signed_in.body["user"]);
    let id = shown["id"].as_str().unwrap();
    let by_id = run(&service, &["user", "show", id, "--json"], "").await.ok();
    assert_eq!(serde_json::from_str::<Value>(&by_id).unwrap(), shown);
    let line = run(&service, &["user", "show", id], "").await.ok();
    assert!(line.contains(EMAIL) && line.lines().count() == 1, "{line}");
    assert_eq!(listed(&service, "user").await, [EMAIL]);

    for (input, word) in [(FIRST, "e-mail"), ("short", "12"), ("", "empty")] {
        let arguments = if word == "e-mail" { EMAIL } else { "ben@example.com" };
        let create = ["user", "create", "--email", arguments, "--password-stdin"];
        let refused = run(&service, &create, input).await;
        assert_eq!((refused.code, refused.output.as_str()), (1, ""), "{refused:?}");
    }
    let incomplete = ["user", "create", "--email", "ben@example.com"];
    run(&service, &incomplete, FIRST).await.fails_with(1, &["--password-stdin"]);
    run(&service, &["user", "show", "ben@example.com"], "").await.fails_with(1, &[]);
    run(&service, &["user", "show", "ben"], "").await.fails_with(1, &["neither"]);
    assert_eq!(listed(&service, "user").await, [EMAIL], "a refusal changes nothing");

    run(&service, &["user", "delete", EMAIL], "y\n").await.fails_with(1, &["--yes"]);
    assert_eq!(service.me(&signed_in.token()).await.status, 200);
    run(&service, &["user", "delete", EMAIL, "--yes"], "").await.ok();
    let gone = async |answer: Answer| {
        (answer.status, &answer.body["code"]) == (404, &"user_not_found".into())
    };
    assert!(soon(&service, &signed_in.token(), gone).await);
    let refused = service.sign_in(EMAIL, "  the first password  ").await;
    refused.is(401, "Invalid email or password");
    assert_eq!(listed(&service, "user").await, Vec::<String>::new());
    run(&service, &["user", "delete", EMAIL, "--yes"], "").await.fails_with(1, &[]);
}

async fn a_password_is_set_and_its_owner_is_told(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let session = service.sign_up(EMAIL, FIRST).await.token();

    let set = ["user", "set-password", EMAIL, "--password-stdin"];
    run(&service, &set, &format!("{SECOND}\n")).await.ok();
    let ended = soon(&service, &session, async |me: Answer| me.status == 401).await;
    assert!(ended, "all sessions have ended");
    service.sign_in(EMAIL, FIRST).await.is(401, "Invalid email or password");
    assert_eq!(service.sign_in(EMAIL, SECOND).await.status, 200);
    mails_to(&smtp, EMAIL, CHANGED, 1).await;
    run(&service, &set, "short\n").await.fails_with(1, &["12"]);
    run(&service, &set[..3], "").await.fails_with(1, &["--password-stdin"]);
    assert_eq!(service.sign_in(EMAIL, SECOND).await.status, 200);

    let link = run(&service, &["user", "reset-link", EMAIL], "").await.ok();
    let token = link.trim_end().strip_prefix(&format!("{PUBLIC_URL}/reset-password?token="));
    let token = token.expect("a link and nothing else");
    assert!(service.verify(token).await);
    service.reset(token, FIRST).await.is(200, "Password reset successfully");
    service.reset(token, SECOND).await.is(400, "Invalid or expired token");
    assert_eq!(service.sign_in(EMAIL, FIRST).await.status, 200);
    mails_to(&smtp, EMAIL, CHANGED, 2).await;
    run(&service, &["user", "reset-link", "ben@example.com"], "").await.fails_with(1, &[]);
}

async fn an_account_is_closed_and_opened_again(database: Database) {
    let service = Setup::on(database).start().await;
    let session = service.sign_up(EMAIL, FIRST).await.token();
    let link = service.reset_link(EMAIL).await;

    run(&service, &["user", "deactivate", EMAIL], "").await.ok();
    let inactive = |answer: Answer| {
        answer.is(403, "User account is inactive");
        assert_eq!(answer.body["code"], "account_inactive");
    };
    inactive(service.sign_in(EMAIL, FIRST).await);
    service.sign_in(EMAIL, SECOND).await.is(401, "Invalid email or password");
    inactive(service.me(&session).await);
    service.reset(&link, SECOND).await.is(400, "Invalid or expired token");
    run(&service, &["user", "reset-link", EMAIL], "").await.fails_with(1, &["inactive"]);

    run(&service, &["user", "activate", EMAIL], "").await.ok();
    assert_eq!(service.me(&session).await.status, 401, "sessions do not come back to life");
    service.reset(&link, SECOND).await.is(400, "Invalid or expired token");
    assert_eq!(service.sign_in(EMAIL, FIRST).await.status, 200);
}

async fn administrators_are_made_and_unmade(database: Database) {
    let service = Setup::on(database).start().await;
    let create = ["admin", "create", "--email", "root@example.com", "--password-stdin"];
    run(&service, &create, FIRST).await.ok();
    let admin = service.sign_in("root@example.com", FIRST).await;
    assert_eq!(admin.body["user"]["is_admin"], true);
    let session = service.sign_up(EMAIL, FIRST).await.token();
    assert_eq!(listed(&service, "admin").await, ["root@example.com"]);
    assert_eq!(listed(&service, "user").await.len(), 2);

    run(&service, &["admin", "promote", EMAIL], "").await.ok();
    assert!(soon(&service, &session, async |me: Answer| me.body["is_admin"] == true).await);
    assert_eq!(listed(&service, "admin").await, ["root@example.com", EMAIL]);
    run(&service, &["admin", "demote", EMAIL], "").await.ok();
    assert!(soon(&service, &session, async |me: Answer| me.body["is_admin"] == false).await);
    assert_eq!(listed(&service, "admin").await, ["root@example.com"]);
    run(&service, &["admin", "promote", "ben@example.com"], "").await.fails_with(1, &[]);
}

/// Returns `true` if the service sees what a command has done: it may take a second to.
async fn soon(service: &Service, token: &str, is_so: impl AsyncFn(Answer) -> bool) -> bool {
    let see = async || is_so(service.me(token).await).await;
    eventually(Duration::from_secs(5), see).await
}

/// The addresses that `user list` or `admin list` tells, in order.
async fn listed(service: &Service, whom: &str) -> Vec<String> {
    let json = run(service, &[whom, "list", "--json"], "").await.ok();
    let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
    let lines = run(service, &[whom, "list"], "").await.ok();
    assert_eq!(lines.lines().count(), rows.len());
    assert!(!json.contains("argon2"), "{json}");
    rows.iter().map(|row| row["email"].as_str().unwrap().to_owned()).collect()
}
