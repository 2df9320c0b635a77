//! Invalid configurations are refused with exit code 3, and one line for each problem, with the fix
//! and without secrets.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::process::Command;

use crate::database::Database;
use crate::service::{PUBLIC_URL, Setup};

const CANARY: &str = "Zq7secretZq7";

/// A data folder, and an environment in which everything is right.
struct Place {
    data: TempDir,
    setup: Setup,
}

/// The result of a command.
struct Ended {
    code: i32,
    output: String,
    errors: Vec<String>,
}

impl Place {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap(), setup: Setup::on(Database::sqlite()) }
    }

    fn with(self, variable: &str, value: &str) -> Self {
        Self { setup: self.setup.with(variable, value), ..self }
    }

    /// With this configuration file where it is looked for.
    fn with_file(self, text: &str) -> Self {
        std::fs::write(self.data.path().join("vestibule.toml"), text).unwrap();
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        self.setup.command(self.data.path(), arguments)
    }

    async fn run(&self, arguments: &[&str]) -> Ended {
        end(self.command(arguments)).await
    }

    /// Tries to serve on a port of its own.
    async fn serve(&self) -> Ended {
        self.run(&["serve", "--listen", "127.0.0.1:0"]).await
    }
}

async fn end(mut command: Command) -> Ended {
    let output = tokio::time::timeout(Duration::from_mins(1), command.output());
    let output = output.await.expect("an end within a minute").unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (output, errors, code) = (text(output.stdout), text(output.stderr), output.status.code());
    assert!(!format!("{output}{errors}").contains(CANARY), "{output}{errors}");
    assert!(!errors.contains("panicked"), "{errors}");
    let errors = errors.lines().map(str::to_owned).collect();
    Ended { code: code.unwrap(), output, errors }
}

impl Ended {
    /// Asserts exit code 3 and these lines, each found by some of its words, and no others.
    #[track_caller]
    fn is_refused_for(&self, problems: &[&[&str]]) {
        let errors: Vec<&String> =
            self.errors.iter().filter(|line| line.starts_with("error: ")).collect();
        assert_eq!(self.code, 3, "{:#?}", self.errors);
        for words in problems {
            let found = errors.iter().any(|line| words.iter().all(|word| line.contains(word)));
            assert!(found, "{words:?} in none of {errors:#?}");
        }
        assert_eq!(errors.len(), problems.len(), "{errors:#?}");
    }
}

#[tokio::test]
async fn every_impossible_value_is_reported_at_once() {
    let place = Place::new()
        .with("VESTIBULE_RESET__TTL", "25h")
        .with("VESTIBULE_PASSWORD__MIN_LENGTH", "7")
        .with("VESTIBULE_PASSWORD__ARGON2__MEMORY_KIB", "1024")
        .with("VESTIBULE_SERVER__LISTEN", "everywhere")
        .with("VESTIBULE_SERVER__PUBLIC_URL", "https://accounts.example.com/path")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8, nonsense")
        .with("VESTIBULE_SIGNUP__MODE", "ajar")
        .with("VESTIBULE_LIMITS__ENABLED", "perhaps")
        .with("VESTIBULE_MAIL__PORT", "70000")
        .with("VESTIBULE_MAIL__SECURITY", "a little")
        .with("VESTIBULE_DATABASE__URL", &format!("mysql://root:{CANARY}@localhost/x"))
        .with("VESTIBULE_SERVER__COLOUR", "blue");
    let problems: &[&[&str]] = &[
        &["reset.ttl = \"25h\"", "from VESTIBULE_RESET__TTL", "1m to 24h"],
        &["password.min_length = \"7\"", "from VESTIBULE_PASSWORD__MIN_LENGTH", "8 to 256"],
        &["password.argon2.memory_kib", "19456"],
        &["server.listen = \"everywhere\"", "an address and port"],
        &["server.public_url", "without a path"],
        &["server.trusted_proxies", "\"nonsense\" is not a network"],
        &["signup.mode = \"ajar\"", "open"],
        &["limits.enabled", "true or false"],
        &["mail.port", "1 to 65535"],
        &["mail.security", "starttls, tls or none"],
        &["database.url = (hidden)", "postgres://"],
        &["server.colour", "VESTIBULE_SERVER__COLOUR", "unknown key"],
    ];
    place.run(&["config", "check"]).await.is_refused_for(problems);
    place.run(&["serve"]).await.is_refused_for(problems);
}

#[tokio::test]
async fn unknown_keys_are_errors_wherever_they_stand() {
    let file = "[server]\nlisten_on = \"x\"\n[mail]\nserver = \"x\"\n[nonsense]\nport = 1\n";
    let place = Place::new().with_file(file).with("VESTIBULE_MAIL__HOSTS", "x");
    place.serve().await.is_refused_for(&[
        &["server.listen_on", "vestibule.toml", "unknown key"],
        &["mail.server", "vestibule.toml", "unknown key"],
        &["nonsense.port", "unknown key", "did you mean mail.port?"],
        &["mail.hosts", "VESTIBULE_MAIL__HOSTS", "unknown key"],
    ]);
    let broken = Place::new().with_file(&format!("[mail]\npassword = \"{CANARY}\n"));
    broken.serve().await.is_refused_for(&[&["vestibule.toml", "not valid TOML", "line 2"]]);
    let wrong = Place::new().with_file("[mail]\nport = 1.5\n");
    wrong.serve().await.is_refused_for(&[&["mail.port", "expected a number from 1 to 65535"]]);
}

#[tokio::test]
async fn the_public_url_is_required_but_for_a_try_out() {
    let place = Place::new();
    let without = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env_remove("VESTIBULE_SERVER__PUBLIC_URL");
        command
    };
    let words: &[&[&str]] = &[&["server.public_url", "required", "https://", "--dev"]];
    end(without(&["serve", "--listen", "127.0.0.1:0"])).await.is_refused_for(words);
    end(without(&["config", "check"])).await.is_refused_for(words);

    for address in ["0.0.0.0:0", "[::]:0"] {
        let ended = end(without(&["serve", "--dev", "--listen", address])).await;
        ended.is_refused_for(&[&["server.listen", "--dev", "loopback address"]]);
    }
}

#[tokio::test]
async fn a_taken_port_and_an_unwritable_folder_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let place = Place::new();
    let ended = place.run(&["serve", "--listen", &address]).await;
    ended.is_refused_for(&[&["server.listen", &address, "choose another"]]);

    // Below a regular file there is no folder, even for root.
    let file = place.data.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    let below = below.to_str().unwrap();
    let ended = place.run(&["serve", "--listen", "127.0.0.1:0", "--data-dir", below]).await;
    assert_eq!(ended.code, 3);
    let named = |line: &String| line.contains("server.data_dir") && line.contains("may write");
    assert!(ended.errors.iter().any(named), "{:#?}", ended.errors);
}

#[tokio::test]
async fn an_unreachable_database_is_reported_without_its_password() {
    for url in ["postgres://127.0.0.1:1/x", "postgres://anna:Zq7secretZq7@127.0.0.1:1/x"] {
        let place = Place::new().with("VESTIBULE_DATABASE__URL", url);
        // `serve` waits for it; other commands fail at once.
        let ended = place.run(&["user", "list"]).await;
        ended.is_refused_for(&[&["database.url", "check that the database runs"]]);
    }
    let place = Place::new().with("VESTIBULE_DATABASE__URL", "sqlite:///no/such/folder/x.db");
    let ended = place.run(&["user", "list"]).await;
    ended.is_refused_for(&[&["database.url", "/no/such/folder/x.db", "belong to the user"]]);
}

#[tokio::test]
async fn key_files_that_are_readable_by_others_or_unreadable_prevent_the_start() {
    let place = Place::new();
    assert_eq!(place.run(&["keys", "list"]).await.code, 0);
    let key = place.data.path().join("keys/access-1.json");
    let content = std::fs::read_to_string(&key).unwrap();
    let mode = |mode| std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode));

    mode(0o644).unwrap();
    let others: &[&[&str]] = &[&["access-1.json", "accessible to other users", "chmod 600"]];
    place.serve().await.is_refused_for(others);
    mode(0o600).unwrap();

    let secret = content.split('"').find(|text| text.starts_with("k4.secret.")).unwrap();
    let half = &content[..content.len() / 2];
    let mut other = secret.to_owned().into_bytes();
    other[12] = if other[12] == b'A' { b'B' } else { b'A' };
    let other = content.replace(secret, &String::from_utf8(other).unwrap());
    for broken in ["", "{}", "null", half, &other, &content.replace("k4.secret.", "k4.secret.!")] {
        std::fs::write(&key, broken).unwrap();
        let ended = place.serve().await;
        ended.is_refused_for(&[&["access-1.json", "restore it from a backup"]]);
        assert!(!ended.errors.join("").contains(&secret[20..60]), "{:#?}", ended.errors);
    }
    std::fs::write(&key, &content).unwrap();
    assert_eq!(place.run(&["keys", "list"]).await.code, 0);

    let folder = place.data.path().join("keys");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    place.serve().await.is_refused_for(&[&["writable by other users", "chmod 700"]]);
}

#[tokio::test]
async fn mail_settings_are_checked_together() {
    let place = Place::new()
        .with("VESTIBULE_MAIL__HOST", "mail.example.com")
        .with("VESTIBULE_MAIL__PASSWORD", CANARY);
    place.serve().await.is_refused_for(&[
        &["mail.from_address", "required with mail.host"],
        &["mail.password", "together or not at all"],
    ]);
    let anchored = Place::new()
        .with("VESTIBULE_MAIL__HOST", "mail.example.com")
        .with("VESTIBULE_MAIL__FROM_ADDRESS", "accounts@example.com");
    let missing = anchored.with("VESTIBULE_MAIL__CA_FILE", "missing.pem");
    missing.serve().await.is_refused_for(&[&["mail.ca_file", "missing.pem", "cannot be read"]]);
    std::fs::write(missing.data.path().join("missing.pem"), "nonsense").unwrap();
    missing.serve().await.is_refused_for(&[&["mail"]]);
}

#[tokio::test]
async fn wrong_usage_is_another_kind_of_error() {
    let place = Place::new();
    for arguments in [
        &[][..],
        &["nonsense"],
        &["serve", "--nonsense"],
        &["serve", "--config"],
        &["user"],
        &["user", "create"],
        // A password on the command line could be read by all users of the machine.
        &["user", "create", "--email", "anna@example.com", "--password", "x"],
        &["admin", "create", "--email", "anna@example.com", "--password=x"],
        &["user", "set-password", "anna@example.com", "--password=x"],
        &["user", "set-password", "anna@example.com", "x"],
        &["migrate", "down"],
        &["keys", "rotate", "nonsense"],
        &["mail", "test"],
    ] {
        let ended = place.run(arguments).await;
        assert_eq!(ended.code, 2, "{arguments:?}: {:#?}", ended.errors);
        let points = |line: &String| line.contains("Usage:") || line.contains("--help");
        assert!(ended.errors.iter().any(points), "{:#?}", ended.errors);
    }
    for arguments in [&["--help"][..], &["--version"], &["user", "create", "--help"]] {
        assert_eq!(place.run(arguments).await.code, 0, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_named_file_must_exist_and_is_the_one_that_counts() {
    let place = Place::new().with_file("[product]\nname = \"Here\"\n");
    let ended = place.run(&["serve", "--config", "missing.toml"]).await;
    ended.is_refused_for(&[&["missing.toml", "cannot be read"]]);

    std::fs::write(place.data.path().join("other.toml"), "[product]\nname = \"There\"\n").unwrap();
    assert_eq!(shown(&place, &[], "product.name").await, ("Here".into(), "vestibule.toml".into()));
    let other = shown(&place, &["--config", "other.toml"], "product.name").await;
    assert_eq!(other, ("There".into(), "other.toml".into()));
    let variable = place.with("VESTIBULE_PRODUCT__NAME", "Everywhere");
    let (value, source) = shown(&variable, &["--config", "other.toml"], "product.name").await;
    assert_eq!((value.as_str(), source.as_str()), ("Everywhere", "VESTIBULE_PRODUCT__NAME"));
}

#[tokio::test]
async fn the_commented_file_becomes_valid_with_a_public_url() {
    let place = Place::new();
    let file = place.run(&["config", "init"]).await;
    assert_eq!(file.code, 0);
    let empty = "#public_url = \"\"";
    assert!(file.output.contains(empty), "{}", file.output);
    let filled = file.output.replace(empty, &format!("public_url = \"{PUBLIC_URL}\""));
    let place = place.with_file(&filled);
    let mut check = place.command(&["config", "check"]);
    check.env_remove("VESTIBULE_SERVER__PUBLIC_URL");
    let checked = end(check).await;
    assert_eq!((checked.code, checked.output.trim()), (0, "The configuration is valid."));
}

#[tokio::test]
async fn secrets_can_come_from_files_and_are_never_shown() {
    let place = Place::new();
    let secret = place.data.path().join("secret");
    std::fs::write(&secret, format!("{CANARY}\n")).unwrap();
    let path = secret.to_str().unwrap().to_owned();
    let place = place
        .with("VESTIBULE_MAIL__USERNAME", "smtp-user")
        .with("VESTIBULE_MAIL__PASSWORD_FILE", &path);
    assert_eq!(place.run(&["config", "check"]).await.code, 0);
    let (value, source) = shown(&place, &[], "mail.password").await;
    assert_eq!(value, "(hidden)");
    assert!(source.starts_with("VESTIBULE_MAIL__PASSWORD_FILE"), "{source}");
    let text = place.run(&["config", "show"]).await;
    assert!(text.output.contains("mail.password = (hidden)"), "{}", text.output);

    let missing = place.with("VESTIBULE_MAIL__PASSWORD_FILE", "missing");
    let ended = missing.run(&["config", "check"]).await;
    ended.is_refused_for(&[
        &["VESTIBULE_MAIL__PASSWORD_FILE", "missing cannot be read"],
        &["mail.password", "together or not at all"],
    ]);
    let no_secret = Place::new().with("VESTIBULE_PRODUCT__NAME_FILE", &path);
    assert_eq!(no_secret.run(&["config", "check"]).await.code, 3);
}

/// A value in force, and where it comes from.
async fn shown(place: &Place, arguments: &[&str], key: &str) -> (String, String) {
    let arguments = [&["config", "show", "--json"], arguments].concat();
    let ended = place.run(&arguments).await;
    assert_eq!(ended.code, 0, "{:#?}", ended.errors);
    let rows: Vec<Value> = serde_json::from_str(&ended.output).unwrap();
    let row = rows.iter().find(|row| row["key"] == key).unwrap();
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    (text("value"), text("source"))
}
