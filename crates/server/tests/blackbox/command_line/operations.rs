//! `migrate`, `openapi`, `healthcheck`, `completions` and `man`.

use serde_json::Value;

use super::end;
use crate::database::Database;
use crate::on_both_databases;
use crate::service::Setup;

on_both_databases! {
    migrations_are_told_and_applied;
}

async fn migrations_are_told_and_applied(database: Database) {
    let setup = Setup::on(database);
    let data = tempfile::tempdir().unwrap();
    let migrate =
        async |action: &str| end(setup.command(data.path(), &["migrate", action]), "").await.ok();
    let before = migrate("status").await;
    assert!(!before.is_empty() && before.lines().all(|line| line.starts_with("pending  ")));
    let json = ["migrate", "status", "--json"];
    let json: Value =
        serde_json::from_str(&end(setup.command(data.path(), &json), "").await.ok()).unwrap();
    assert_eq!(json["applied"], serde_json::json!([]));
    assert_eq!(json["pending"].as_array().unwrap().len(), before.lines().count());
    let refused = ["serve", "--no-migrate", "--listen", "127.0.0.1:0"];
    let refused = end(setup.command(data.path(), &refused), "").await;
    assert_eq!(refused.code, 3, "{refused:?}");
    assert!(refused.errors.contains("vestibule migrate up"), "{refused:?}");

    let applied = migrate("up").await;
    assert!(applied.ends_with("The database is up to date.\n"), "{applied}");
    let after = migrate("status").await;
    assert_eq!(after, before.replace("pending", "applied"));
    assert_eq!(migrate("up").await, "The database is up to date.\n");
    let service = setup.clone().with_argument("--no-migrate").start_in(data).await;
    assert_eq!(service.get("/health/ready").await.status, 200);
}

#[tokio::test]
async fn the_document_needs_nothing() {
    let empty = tempfile::tempdir().unwrap();
    // Not even a configuration that is right.
    let setup = Setup::on(Database::sqlite()).with("VESTIBULE_SERVER__LISTEN", "nonsense");
    let json = end(setup.command(empty.path(), &["openapi"]), "").await.ok();
    let document: Value = serde_json::from_str(&json).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3."), "{}", document["openapi"]);
    let yaml = end(setup.command(empty.path(), &["openapi", "--yaml"]), "").await.ok();
    assert!(yaml.starts_with("openapi: 3."), "{}", &yaml[..40]);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was created");

    let service = Setup::on(Database::sqlite()).start().await;
    assert_eq!(service.get("/openapi.json").await.body, document);
    let served = service.http.get(service.url("/openapi.yaml")).send().await.unwrap();
    assert_eq!(served.headers()["content-type"], "application/yaml");
    assert_eq!(served.text().await.unwrap(), yaml);
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let line = format!("operationId: {}", operation["operationId"].as_str().unwrap());
            assert!(yaml.lines().any(|known| known.trim() == line), "{line}");
        }
    }
}

#[tokio::test]
async fn the_healthcheck_command_reports_readiness() {
    let mut service = Setup::on(Database::sqlite()).start().await;
    let address = service.address().to_owned();
    let setup = service.setup.clone().with("VESTIBULE_SERVER__LISTEN", &address);
    let data = tempfile::tempdir().unwrap();
    let probe = async || end(setup.command(data.path(), &["healthcheck"]), "").await;
    assert_eq!(probe().await.ok(), "ready\n");
    service.kill().await;
    probe().await.fails_with(1, &[&address]);
}

#[tokio::test]
async fn shells_complete_every_command_and_manuals_describe_it() {
    let empty = tempfile::tempdir().unwrap();
    let setup = Setup::on(Database::sqlite());
    let told = async |arguments: &[&str]| end(setup.command(empty.path(), arguments), "").await;
    let help = told(&["help"]).await.ok();
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let commands: Vec<&str> = commands
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        .filter(|name| !name.is_empty())
        .collect();
    assert!(commands.contains(&"serve"), "{commands:?}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = told(&["completions", shell]).await.ok();
        for command in &commands {
            assert!(script.contains(command), "{command} is not completed by {shell}");
        }
    }
    let manual = told(&["man"]).await.ok();
    for command in &commands {
        let name = format!("vestibule\\-{}(1)", command.replace('-', "\\-"));
        assert!(manual.contains(&name), "{name} is not in the manual");
    }
    let page = told(&["man", "user", "create"]).await.ok();
    assert!(page.contains(".TH vestibule-user-create 1"), "{page}");
    assert!(page.contains("password\\-stdin"), "{page}");
    told(&["man", "nonsense"]).await.fails_with(1, &["nonsense"]);
    told(&["completions", "nonsense"]).await.fails_with(2, &["nonsense"]);
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0, "nothing was created");
}
