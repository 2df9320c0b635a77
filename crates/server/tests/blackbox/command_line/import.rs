//! Import of accounts with their passwords from other systems, and export.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{end, run};
use crate::database::{Database, count};
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::service::{Service, Setup};

on_both_databases! {
    people_bring_their_passwords_along;
    invalid_import_lines_are_reported_and_the_others_imported;
    a_rehearsal_sees_what_does_not_fit_together;
    an_import_that_is_killed_is_completed_by_the_next;
    accounts_of_other_systems_sign_in;
    accounts_leave_as_they_came;
}

/// Hashes that other systems made, with their passwords; `vestibule-passwords` says how.
const VECTORS: &str = include_str!("../../../../passwords/tests/foreign/vectors.txt");
const HASH: &str = "$2b$04$h9bQDDEMPbJEkYAlkapni.yncGVdXy244i56V6AofKKRT/pA1t8h6";
const PASSWORD: &str = "correct horse battery";

/// A password, its hash, and whether that hash knows all of it.
fn secrets() -> Vec<(String, &'static str, bool)> {
    let lines = VECTORS.lines().map(|line| {
        let fields: Vec<&str> = line.split('\t').collect();
        let password = fields[2].replace("\\0", "\0");
        let is_cut = fields[1] == "Bcrypt" && password.len() >= 72;
        (password, fields[3], !is_cut)
    });
    lines.collect()
}

/// Writes accounts `from..to` beside the data, one a line.
fn accounts(data: &Path, from: usize, to: usize) -> String {
    let secrets = secrets();
    let mut lines = String::new();
    for number in from..to {
        let (_, hash, _) = secrets[number % secrets.len()];
        let account = json!({ "email": format!("p{number}@example.com"), "password_hash": hash });
        writeln!(lines, "{account}").unwrap();
    }
    let file = data.join("accounts.jsonl");
    std::fs::write(&file, lines).unwrap();
    file.to_str().unwrap().to_owned()
}

async fn report(service: &Service, arguments: &[&str], input: &str) -> (i32, Value) {
    let ended = run(service, &[&["user", "import", "--json"], arguments].concat(), input).await;
    let report = serde_json::from_str(&ended.output);
    (ended.code, report.unwrap_or_else(|error| panic!("{error}: {ended:?}")))
}

async fn people_bring_their_passwords_along(database: Database) {
    let title = "Imported users sign in with their passwords, which are rehashed with Argon2id";
    let mut experiment = Experiment::begin("E30", title, &database);
    let people = experiment.figure("people", 10_000, 10_000);
    let signed_in = experiment.figure("of_whom_sign_in", 98, 10_000);
    let service = Arc::new(Setup::on(database).start().await);
    let file = accounts(service.data.path(), 0, people);
    let (code, report) = report(&service, &[&file], "").await;
    assert_eq!((code, &report["added"], &report["refused"]), (0, &json!(people), &json!([])));
    assert_eq!(report["without_password"], 0);

    let secrets = Arc::new(secrets());
    // At most as many as hashing threads: some of these hashes take a second, and longer waits get
    // 503.
    let at_once = std::thread::available_parallelism().unwrap().get();
    let (crowd, mut outcomes) = (Arc::new(Semaphore::new(at_once)), JoinSet::new());
    for number in 0..signed_in {
        let (service, secrets, crowd) = (service.clone(), secrets.clone(), crowd.clone());
        outcomes.spawn(async move {
            let _turn = crowd.acquire().await.unwrap();
            let (password, _, is_known) = &secrets[number % secrets.len()];
            let email = format!("p{number}@example.com");
            // First the foreign hash, then, if it covered the whole password, an Argon2id hash.
            let wrong = service.sign_in(&email, "not the password").await.status;
            let first = service.sign_in(&email, password).await.status;
            let second = service.sign_in(&email, password).await.status;
            (usize::from((wrong, first, second) != (401, 200, 200)), usize::from(*is_known))
        });
    }
    let (mut refused, mut known) = (0, 0);
    while let Some(outcome) = outcomes.join_next().await {
        let outcome = outcome.unwrap();
        refused += outcome.0;
        known += outcome.1;
    }
    let db = service.database().await;
    let ours = "SELECT count(*) FROM passwords WHERE hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'";
    let renewed = usize::try_from(count(&db, ours).await).unwrap();
    experiment.tried(signed_in);
    experiment.exactly("refused", refused, 0);
    experiment.exactly("hashes_that_are_not_renewed", known.abs_diff(renewed), 0);
    experiment.conclude();
}

async fn invalid_import_lines_are_reported_and_the_others_imported(database: Database) {
    let service = Setup::on(database).start().await;
    service.sign_up("there@example.com", PASSWORD).await.token();
    let id = "0b8f1c9e-3a52-4b63-9d6f-6f1f3f1d2c3b";
    let lines = [
        json!({ "email": "anna@example.com", "id": id, "username": "anna", "password_hash": HASH,
                "is_admin": true, "created_at": "2019-05-06T07:08:09Z", "language": "de" })
        .to_string(),
        json!({ "email": " THERE@example.com ", "password_hash": HASH }).to_string(),
        json!({ "email": "anna@example.net" }).to_string(),
        json!({ "email": "anna@example.org", "username": "Anna" }).to_string(),
        json!({ "email": "berta@example.com", "id": id }).to_string(),
        String::new(),
        json!({ "email": "carl@example.com", "password_hash": "$1$salt$hash" }).to_string(),
        json!({ "email": "no address" }).to_string(),
        json!({ "email": "dora@example.com", "username": "d" }).to_string(),
        json!({ "email": "emil@example.com", "created_at": "yesterday" }).to_string(),
        json!({ "email": "fritz@example.com", "language": "xx" }).to_string(),
        json!({ "email": "gerd@example.com", "password": "in the clear" }).to_string(),
        json!({ "email": "hugo@example.com", "is_active": "SECRET" }).to_string(),
        r#"{"email": "ida@example.com""#.to_owned(),
        r#"{"email": "i@example.com", "email": "i@example.com"}"#.to_owned(),
        json!({ "username": "unknown" }).to_string(),
        format!("{{\"email\": \"{}\"}}", "x".repeat(200_000)),
        json!({ "email": "jan@example.com", "is_active": false, "password_hash": HASH })
            .to_string(),
    ]
    .join("\n");
    let before = service.run(&["user", "list", "--json"]).await;
    let (code, rehearsed) = report(&service, &["-", "--dry-run"], &lines).await;
    assert_eq!(code, 1);
    assert_eq!(service.run(&["user", "list", "--json"]).await, before, "a rehearsal");

    let (code, real) = report(&service, &["-"], &lines).await;
    assert_eq!(code, 1);
    assert_eq!(real["refused"], rehearsed["refused"]);
    assert_eq!(real["added"], rehearsed["added"]);
    assert_eq!((&real["added"], &real["without_password"]), (&json!(3), &json!(1)));
    assert_eq!((&real["there_already"], &rehearsed["dry_run"]), (&json!(1), &json!(true)));
    let refused = real["refused"].as_array().unwrap();
    let told: Vec<(u64, &str)> = refused
        .iter()
        .map(|entry| (entry["line"].as_u64().unwrap(), entry["reason"].as_str().unwrap()))
        .collect();
    for (line, words) in [
        (4, "the username Anna is taken"),
        (5, "the id is taken"),
        (7, "MD5-crypt does not protect a password"),
        (8, "invalid email"),
        (9, "3 to 32 characters"),
        (10, "created_at is not a time"),
        (11, "language is not one of en, de, ar"),
        (12, "unknown field `password`"),
        (13, "wrong type"),
        (14, "does not end on this line"),
        (15, "duplicate field `email`"),
        (16, "missing field `email`"),
        (17, "longer than 64 KiB"),
    ] {
        let found = told.iter().any(|(at, reason)| *at == line && reason.contains(words));
        assert!(found, "line {line}, {words:?}: {told:#?}");
    }
    assert_eq!(told.len(), 13, "{told:#?}");
    assert!(!real.to_string().contains("SECRET") && !real.to_string().contains("$1$"), "{real}");

    let anna: Value =
        serde_json::from_str(&service.run(&["user", "show", id, "--json"]).await).unwrap();
    assert_eq!(anna["created_at"], "2019-05-06T07:08:09Z");
    assert_eq!((&anna["username"], &anna["is_admin"]), (&json!("anna"), &json!(true)));
    assert_eq!(service.sign_in("anna@example.com", PASSWORD).await.status, 200);
    service.sign_in("jan@example.com", PASSWORD).await.is(403, "User account is inactive");
    assert_eq!(service.sign_in("there@example.com", PASSWORD).await.status, 200, "as it was");
    assert_eq!(service.sign_in("anna@example.net", PASSWORD).await.status, 401);
    let link = service.reset_link("anna@example.net").await;
    service.reset(&link, "a first password").await.is(200, "Password reset successfully");

    let (_, again) = report(&service, &["-"], &lines).await;
    assert_eq!((&again["added"], &again["there_already"]), (&json!(0), &json!(4)));

    let weak = json!({ "email": "carl@example.com", "password_hash": "$1$salt$hash" }).to_string();
    let (code, dropped) = report(&service, &["-", "--drop-unusable-hashes"], &weak).await;
    assert_eq!((code, &dropped["added"], &dropped["without_password"]), (0, &json!(1), &json!(1)));
    run(&service, &["user", "import", "no-such-file"], "").await.fails_with(1, &["no-such-file"]);
}

async fn a_rehearsal_sees_what_does_not_fit_together(database: Database) {
    let service = Setup::on(database).start().await;
    // Of two lines that do not fit together the first is taken, however far apart they are.
    let mut many: Vec<String> =
        (0..450).map(|n| json!({ "email": format!("m{n}@example.com") }).to_string()).collect();
    many.insert(0, json!({ "email": "x@example.com", "username": "Twice" }).to_string());
    many.push(json!({ "email": "y@example.com", "username": "twice" }).to_string());
    many.push(json!({ "email": "M7@example.com" }).to_string());
    let many = many.join("\n");
    let (code, rehearsed) = report(&service, &["-", "--dry-run"], &many).await;
    let (_, real) = report(&service, &["-"], &many).await;
    assert_eq!((code, &real["added"], &real["there_already"]), (1, &json!(451), &json!(1)));
    assert_eq!(real["refused"][0]["line"], 452);
    for field in ["added", "there_already", "refused"] {
        assert_eq!(real[field], rehearsed[field], "{field}");
    }
}

async fn an_import_that_is_killed_is_completed_by_the_next(database: Database) {
    let service = Setup::on(database).start().await;
    let file = accounts(service.data.path(), 0, 5000);
    let there = async || {
        let db = service.database().await;
        // One statement, because the import commits between two.
        let partial = "SELECT count(*) FROM users WHERE id NOT IN (SELECT user_id FROM passwords)";
        assert_eq!(count(&db, partial).await, 0, "no account without its password");
        count(&db, "SELECT count(*) FROM users").await
    };
    let arguments = ["user", "import", &file];
    let mut child = service.setup.command(service.data.path(), &arguments).spawn().unwrap();
    let begun = crate::service::eventually(Duration::from_secs(20), async || there().await > 0);
    assert!(begun.await);
    child.kill().await.unwrap();
    let before = there().await;
    let (code, report) = report(&service, &[&file], "").await;
    assert_eq!((code, &report["refused"]), (0, &json!([])));
    assert_eq!(report["there_already"], before);
    assert_eq!(report["added"], 5000 - before);
    assert_eq!(there().await, 5000);
    let lines = end(service.setup.command(service.data.path(), &arguments), "").await.ok();
    let said = "0 added, 0 of them without a password; 5000 were there already; 0 refused.\n";
    assert_eq!(lines, said);
}

/// Imports the output of the scripts in `docs/guides`, from accounts that those systems created.
async fn accounts_of_other_systems_sign_in(database: Database) {
    let passwords = include_str!("samples/passwords.txt");
    for (file, lines) in [
        ("devise.jsonl", include_str!("samples/devise.jsonl")),
        ("django.jsonl", include_str!("samples/django.jsonl")),
        ("fastapi_users.jsonl", include_str!("samples/fastapi_users.jsonl")),
        ("pocketbase.jsonl", include_str!("samples/pocketbase.jsonl")),
    ] {
        let database = match &database {
            Database::Sqlite => Database::sqlite(),
            Database::Postgres(_) => Database::postgres().await,
        };
        let service = Setup::on(database).start().await;
        let (code, report) = report(&service, &["-"], lines).await;
        assert_eq!((code, &report["refused"]), (0, &json!([])), "{file}");
        assert_eq!(report["added"], lines.lines().count(), "{file}");
        let mut people = 0;
        for line in passwords.lines() {
            let fields: Vec<&str> = line.split('\t').collect();
            let [of, email, password] = fields[..] else { panic!("{line}") };
            if of != file {
                continue;
            }
            people += 1;
            let shown = service.run(&["user", "show", email, "--json"]).await;
            let is_active = serde_json::from_str::<Value>(&shown).unwrap()["is_active"] == true;
            // Only a client with the right password learns that an account is inactive.
            let expected = if password == "-" {
                401
            } else if is_active {
                200
            } else {
                403
            };
            let answer = service.sign_in(email, password).await;
            assert_eq!(answer.status, expected, "{file}, {email}");
        }
        assert_eq!(people, lines.lines().count(), "{file}");
    }
}

async fn accounts_leave_as_they_came(database: Database) {
    let service = Setup::on(database).start().await;
    for name in ["anna", "berta"] {
        service.sign_up(&format!("{name}@example.com"), PASSWORD).await.token();
    }
    service.run(&["user", "deactivate", "berta@example.com"]).await;
    let all = service.run(&["user", "export", "--all"]).await;
    assert_eq!(all.lines().count(), 2);
    assert!(!all.contains("argon2"), "{all}");
    let with_hashes = service.run(&["user", "export", "--all", "--with-password-hashes"]).await;

    let other = Setup::on(Database::sqlite()).start().await;
    let (code, report) = report(&other, &["-"], &with_hashes).await;
    assert_eq!((code, &report["added"]), (0, &json!(2)));
    assert_eq!(
        other.run(&["user", "export", "--all", "--with-password-hashes"]).await,
        with_hashes
    );
    assert_eq!(other.sign_in("anna@example.com", PASSWORD).await.status, 200);
    other.sign_in("berta@example.com", PASSWORD).await.is(403, "User account is inactive");

    let anna = other.run(&["user", "export", "anna@example.com"]).await;
    let anna: Value = serde_json::from_str(&anna).unwrap();
    assert_eq!(anna["account"]["email"], "anna@example.com");
    assert_eq!(anna["sessions"].as_array().unwrap().len(), 1);
    let kinds: Vec<_> = anna["events"].as_array().unwrap().iter().map(|e| &e["kind"]).collect();
    assert_eq!(kinds, ["signed_in", "user_created"], "newest first");
    assert!(!anna.to_string().contains("argon2"), "{anna}");
    let first: Value =
        serde_json::from_str(&service.run(&["user", "export", "anna@example.com"]).await).unwrap();
    assert_eq!(first["mails"][0]["kind"], "welcome");
    run(&other, &["user", "export"], "").await.fails_with(2, &["--all"]);
    run(&other, &["user", "export", "unknown@example.com"], "").await.fails_with(1, &[]);
}
