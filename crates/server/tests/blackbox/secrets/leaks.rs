//! All operations with unique secrets, including failures, and a search for the secrets afterwards.

use std::path::Path;

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::search::{Place, Secret};
use crate::database::{Database, execute};
use crate::encodings::from_base64url;
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::people::{CHANGED, WELCOME, mail_to, mails_to, reset_token};
use crate::service::{Service, Setup};
use crate::wire::Draft;

on_both_databases! {
    no_secret_is_found_outside_its_place;
}

const EMAIL: &str = "anna.canary@example.com";
/// Contains characters that all encodings write differently.
const FIRST: &str = "Zq1 first \"pässword\" \\/+?";
const SECOND: &str = "Zq2 second <pässword> %41&=";
const THIRD: &str = "Zq3 third 'pässword' \u{1f511}$";
const FOURTH: &str = "Zq4 fourth p\u{e4}ssword {} \u{7}";
const WRONG: &str = "Zq5 wrong \"pässword\" \\;--";
const SMTP_PASSWORD: &str = "Zq6 SMTP server \"password\" \\/+?";
const DATABASE: &str = "Zq7databasepasswordZq7";

/// Secrets and outputs of the operations.
#[derive(Default)]
struct Traces {
    errors: Vec<u8>,
    commands: Vec<u8>,
    tokens: Vec<(String, String)>,
    /// Separate halves, because only digests of halves are stored.
    halves_of_refresh_tokens: Vec<String>,
}

async fn no_secret_is_found_outside_its_place(database: Database) {
    let title = "No secret is in a log, an error, a dump or the output of a command";
    let mut experiment = Experiment::begin("E18", title, &database);
    let database = match database {
        // The PostgreSQL cluster of the tests requires no password and ignores one.
        Database::Postgres(url) => {
            Database::Postgres(url.replacen("postgres@", &format!("postgres:{DATABASE}@"), 1))
        }
        Database::Sqlite => Database::Sqlite,
    };
    let behaviour = Behaviour::accept().with_starttls().with_login("smtp-user", SMTP_PASSWORD);
    let smtp = SmtpSink::start(behaviour).await;
    let data = tempfile::tempdir().unwrap();
    let ca_file = data.path().join("ca.pem");
    std::fs::write(&ca_file, SmtpSink::ca_pem()).unwrap();
    let setup = Setup::on(database)
        .mailing_to(&smtp)
        .with("VESTIBULE_MAIL__SECURITY", "starttls")
        .with("VESTIBULE_MAIL__USERNAME", "smtp-user")
        .with("VESTIBULE_MAIL__PASSWORD", SMTP_PASSWORD)
        .with("VESTIBULE_MAIL__CA_FILE", ca_file.to_str().unwrap())
        .with("RUST_LOG", "trace");
    let mut service = setup.start_in(data).await;

    let mut traces = Traces::default();
    travel(&service, &smtp, &mut traces).await;
    stumble(&service, &mut traces).await;
    run_commands(&service, &smtp, &mut traces).await;
    let hashes = hashes(&service).await;
    break_down(&service, &mut traces).await;

    let mut stored = vec![dump(&service.database().await).await];
    // Killed without cleanup, so that the write-ahead log stays.
    service.kill().await;
    stored.extend(files(service.data.path()));
    let log = Place::new("the log", service.log.lines().join("\n"));
    let errors = Place::new("an error", &traces.errors);
    let commands = Place::new("the output of a command", &traces.commands);

    let secrets = secrets(&service, &traces);
    let hashes: Vec<Secret> = hashes.iter().map(|hash| Secret::new("a hash", hash)).collect();
    let mut found = Vec::new();
    for place in stored.iter().chain([&log, &errors, &commands]) {
        found.extend(place.finds(&secrets));
    }
    for place in [&log, &errors, &commands] {
        found.extend(place.finds(&hashes));
    }
    eprintln!("{found:#?}");
    experiment.tried(secrets.len() + hashes.len());
    experiment.measure("places", stored.len() + 3);
    experiment.measure("bytes_of_log", service.log.lines().iter().map(String::len).sum::<usize>());
    experiment.exactly("secrets_found", found.len(), 0);

    // Checks that the search works, with values that must be found.
    let in_store = |bytes: &str| stored.iter().any(|place| place.contains(bytes.as_bytes()));
    assert!(in_store(EMAIL) && in_store("$argon2id$"));
    assert!(stored.iter().any(|place| !place.finds(&hashes).is_empty()));
    assert!(errors.contains(b"invalid_token") && errors.contains(b"Error during sign in"));
    assert!(log.contains(b"/api/v1/auth/reset-password") && log.contains(b"\"ERROR\""));
    assert!(log.contains(b"/password-reset/verify") && commands.contains(EMAIL.as_bytes()));
    let leaky = Place::new("a line", format!("{{\"message\":\"{}\"}}", traces.tokens[0].1));
    assert!(!leaky.finds(&secrets).is_empty());
    experiment.conclude();
}

/// Operations that succeed.
async fn travel(service: &Service, smtp: &SmtpSink, traces: &mut Traces) {
    let body = json!({ "email": EMAIL, "username": "anna", "password": FIRST });
    let signed_up = service.post("/api/v1/auth/signup", body).await;
    assert_eq!(signed_up.status, 201, "{signed_up:?}");
    mail_to(smtp, EMAIL, WELCOME).await;
    let refresh = signed_up.body["refresh_token"].as_str().unwrap().to_owned();
    let body = json!({ "refresh_token": refresh });
    let refreshed = service.post("/api/v1/auth/refresh", body).await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    let successor = refreshed.body["refresh_token"].as_str().unwrap().to_owned();
    let signed_in = service.sign_in(EMAIL, FIRST).await.token();
    let reset = reset_token(service, smtp, EMAIL).await;
    assert!(service.verify(&reset).await);
    service.reset(&reset, SECOND).await.is(200, "Password reset successfully");
    mails_to(smtp, EMAIL, CHANGED, 1).await;
    let session = service.sign_in(EMAIL, SECOND).await.token();
    service.change(&session, SECOND, THIRD).await.is(200, "Password changed successfully");
    mails_to(smtp, EMAIL, CHANGED, 2).await;
    for (name, token) in [
        ("the first access token", signed_up.token()),
        ("the second access token", signed_in),
        ("the third access token", session),
        ("the reset token", reset),
    ] {
        traces.tokens.push((name.to_owned(), token));
    }
    for token in [refresh, successor] {
        let (family, turn) = token.split_at(token.len() / 2);
        traces.halves_of_refresh_tokens.extend([family.to_owned(), turn.to_owned()]);
    }
}

/// Requests with a secret in the wrong place or in the wrong form.
async fn stumble(service: &Service, traces: &mut Traces) {
    let token = |index: usize| traces.tokens[index].1.clone();
    let (dead, live, reset) = (token(0), token(2), token(3));
    let refresh = traces.halves_of_refresh_tokens[..2].concat();
    let sign_in = "/api/v1/auth/signin";
    let mut drafts = Vec::new();
    for secret in [FIRST, THIRD, WRONG, &live, &reset, &refresh] {
        for body in [
            json!({ "email": secret, "password": secret }),
            json!({ "email": EMAIL, "password": [secret] }),
            json!({ "email": EMAIL, "password": { "is": secret } }),
            json!({ "email": [secret], "password": secret }),
            json!({ "email": EMAIL, "password": secret, secret: secret }),
            json!({ secret: secret }),
            json!([secret, secret]),
            json!(secret),
        ] {
            drafts.push(Draft::json(sign_in, body.to_string()));
        }
        let json = json!({ "email": EMAIL, "password": secret }).to_string();
        drafts.push(Draft::json(sign_in, &json[..json.len() - 2]));
        drafts.push(Draft::json(sign_in, format!("{json}{json}")));
        drafts.push(Draft::json(sign_in, json.replacen(':', "=", 1)));
        drafts.push(Draft::new("POST", sign_in).header("Content-Type", "text/plain").body(&json));
        drafts.push(Draft::new("POST", sign_in).header("Content-Type", "x/y; a=b").body(secret));
        let again = json!({ "email": EMAIL, "username": "other", "password": secret });
        drafts.push(Draft::json("/api/v1/auth/signup", again.to_string()));
        let named = json!({ "email": "a@example.com", "username": secret, "password": secret });
        drafts.push(Draft::json("/api/v1/auth/signup", named.to_string()));
        let refreshed = json!({ "refresh_token": secret });
        drafts.push(Draft::json("/api/v1/auth/refresh", refreshed.to_string()));
        let used = json!({ "token": secret, "new_password": secret });
        drafts.push(Draft::json("/api/v1/auth/reset-password", used.to_string()));
        let used = json!({ "token": secret, "password": secret });
        drafts.push(Draft::json("/password-reset/reset", used.to_string()));
        let change = json!({ "old_password": secret, "new_password": secret });
        let change = Draft::json("/api/v1/auth/change-password", change.to_string());
        drafts.extend([change.clone(), change.clone().bearing(&dead), change.bearing(&live)]);
    }
    let wrong = json!({ "email": EMAIL, "password": WRONG });
    drafts.push(Draft::json(sign_in, wrong.to_string()));
    let me = "/api/v1/auth/me";
    for token in [&live, &dead, &reset] {
        drafts.push(Draft::new("GET", format!("{me}?access_token={token}")));
        drafts.push(Draft::new("GET", me).header("Authorization", format!("Basic {token}")));
        drafts.push(Draft::new("GET", me).bearing(token).bearing(token));
        let verify = format!("/password-reset/verify?token={token}");
        drafts.push(
            Draft::new("GET", verify).header("Referer", format!("https://x.example/?t={token}")),
        );
        drafts
            .push(Draft::new("DELETE", format!("/nothing?token={token}")).header("Cookie", token));
    }
    drafts.push(Draft::new("GET", me).bearing(&dead));
    drafts.push(Draft::new("GET", me).bearing(&reset));
    drafts.push(Draft::new("GET", me).bearing(&live[..live.len() - 3]));
    for draft in drafts {
        let raw = service.raw(&draft).await;
        if raw.status >= 400 {
            traces.errors.extend_from_slice(&raw.body);
            traces.errors.extend_from_slice(format!("{:?}\n", raw.headers).as_bytes());
        }
    }
}

/// Commands of an operator, with the most verbose log.
async fn run_commands(service: &Service, smtp: &SmtpSink, traces: &mut Traces) {
    let commands: &[(&[&str], &str)] = &[
        (&["user", "set-password", EMAIL, "--password-stdin"], FOURTH),
        (&["user", "create", "--email", EMAIL, "--password-stdin"], WRONG),
        (&["user", "create", "--email", "no address", "--password-stdin"], WRONG),
        (&["user", "list", "--json"], ""),
        (&["user", "show", EMAIL, "--json"], ""),
        (&["config", "show"], ""),
        (&["config", "show", "--json"], ""),
        (&["keys", "list", "--json"], ""),
        (&["keys", "rotate"], ""),
        (&["mail", "test", "--to", EMAIL], ""),
        (&["migrate", "status"], ""),
    ];
    for (arguments, input) in commands {
        let mut command = service.setup.command(service.data.path(), arguments);
        let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // A command that reads no input may have ended already.
        let written = stdin.write_all(format!("{input}\n").as_bytes()).await;
        assert!(written.is_ok() || input.is_empty(), "{arguments:?}: {written:?}");
        drop(stdin);
        let output = child.wait_with_output().await.unwrap();
        traces.commands.extend([output.stdout, output.stderr].concat());
    }
    mails_to(smtp, EMAIL, CHANGED, 3).await;
    assert_eq!(service.sign_in(EMAIL, FOURTH).await.status, 200);
}

/// Drops a table of the running service, so that errors with a cause are logged.
async fn break_down(service: &Service, traces: &mut Traces) {
    let signed_in = service.sign_in(EMAIL, FOURTH).await.token();
    execute(&service.database().await, "ALTER TABLE sessions RENAME TO sessions_elsewhere").await;
    let sign_in = json!({ "email": EMAIL, "password": FOURTH }).to_string();
    let sign_up = json!({ "email": "b@example.com", "username": "ben", "password": FOURTH });
    let me = Draft::new("GET", "/api/v1/auth/me").bearing(&signed_in);
    for (draft, sentence) in [
        (Draft::json("/api/v1/auth/signin", sign_in), "Error during sign in"),
        (Draft::json("/api/v1/auth/signup", sign_up.to_string()), "Error during registration"),
        (me, "Internal server error"),
    ] {
        let raw = service.raw(&draft).await;
        assert_eq!((raw.status, raw.problem().as_str()), (500, "internal_error"), "{raw:?}");
        assert_eq!(raw.json()["detail"], sentence);
        let id = raw.header("x-request-id").unwrap().to_owned();
        let cause = |line: &serde_json::Value| {
            line["level"] == "ERROR" && line["span"]["request_id"] == id.as_str()
        };
        service.log.wait_for(0, cause).await;
        traces.errors.extend_from_slice(&raw.body);
    }
    execute(&service.database().await, "ALTER TABLE sessions_elsewhere RENAME TO sessions").await;
    traces.tokens.push(("the last access token".to_owned(), signed_in));
}

fn secrets(service: &Service, traces: &Traces) -> Vec<Secret> {
    let passwords = [FIRST, SECOND, THIRD, FOURTH, WRONG, SMTP_PASSWORD, DATABASE];
    let mut secrets: Vec<Secret> =
        passwords.iter().map(|password| Secret::new("a password", password)).collect();
    secrets.extend(traces.tokens.iter().map(|(name, token)| Secret::token(name, token)));
    let halves = traces.halves_of_refresh_tokens.iter();
    secrets.extend(halves.map(|half| Secret::new("half a refresh token", half)));
    for entry in std::fs::read_dir(service.data.path().join("keys")).unwrap() {
        let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
        let key: serde_json::Value = serde_json::from_str(&text).unwrap();
        let secret = key["secret"].as_str().unwrap();
        let signs = secret.strip_prefix("k4.secret.");
        let bytes = from_base64url(signs.or(secret.strip_prefix("k4.local.")).unwrap());
        assert_eq!(bytes.len(), if signs.is_some() { 64 } else { 32 });
        secrets.push(Secret::new("a key", secret));
        // The second half of a signing key is the public key.
        secrets.push(Secret::new("the seed of a key", &bytes[..32]));
    }
    assert!(secrets.len() > 15);
    secrets
}

async fn hashes(service: &Service) -> Vec<String> {
    let db = service.database().await;
    let sql = "SELECT hash FROM passwords";
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let hashes: Vec<String> =
        rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert!(!hashes.is_empty());
    hashes
}

/// All rows of all tables, as text.
async fn dump(db: &DatabaseConnection) -> Place {
    let backend = db.get_database_backend();
    let strings = async |sql: String| -> Vec<String> {
        let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap_or_default()).collect()
    };
    let is_sqlite = backend == sea_orm::DatabaseBackend::Sqlite;
    let tables = if is_sqlite {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    } else {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
    };
    let mut text = String::new();
    for table in strings(tables.to_owned()).await {
        let columns = if is_sqlite {
            let names = format!("SELECT name FROM pragma_table_info('{table}')");
            let names = strings(names).await;
            let quoted = names.iter().map(|name| format!("quote(\"{name}\")"));
            quoted.collect::<Vec<_>>().join(" || ' ' || ")
        } else {
            format!("\"{table}\"::text")
        };
        text.push_str(&strings(format!("SELECT {columns} FROM \"{table}\"")).await.join("\n"));
    }
    Place::new("the database", text)
}

/// All files of the data directory except the keys, including pages that SQLite has freed.
fn files(folder: &Path) -> Vec<Place> {
    let mut places = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            places.push(Place::new(&name, std::fs::read(&path).unwrap()));
        }
    }
    places
}
