//! Backups of a database in use, and restoring them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::database::{Database, count, text};
use crate::evidence::Experiment;
use crate::service::{Service, Setup};

const OLD: &str = "the password so far";
const NEW: &str = "the password from now on";
const ANNA: &str = "anna@example.com";
const BERTA: &str = "berta@example.com";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_made_under_load_brings_accounts_back_and_nothing_that_was_ended() {
    let title = "A backup made under load has every acknowledged write and no ended session";
    let mut experiment = Experiment::begin("E27", title, &Database::sqlite());
    let rounds = experiment.figure("backups", 1, 20);
    let service = Setup::on(Database::sqlite()).start().await;
    let token = service.sign_up(ANNA, OLD).await.token();
    service.sign_up(BERTA, OLD).await.token();
    let (used, open) = (service.reset_link(ANNA).await, service.reset_link(BERTA).await);
    assert_eq!(service.reset(&used, NEW).await.status, 200);
    let living = service.sign_in(ANNA, NEW).await.token();

    let crowd = Crowd::of(&service);
    let (mut lost, mut revived) = (0, 0);
    for round in 0..rounds {
        crowd.grows(5).await;
        let acknowledged = crowd.signed_up();
        let copy = service.data.path().join(format!("copy-{round}.db"));
        service.run(&["backup", copy.to_str().unwrap()]).await;
        assert_eq!(std::fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);

        let restored = restore(&service, &copy).await;
        let db = restored.database().await;
        assert_eq!(text(&db, "PRAGMA integrity_check").await, "ok");
        for email in &acknowledged {
            let known = format!("SELECT count(*) FROM users WHERE email_key = '{email}'");
            lost += usize::from(count(&db, &known).await != 1);
        }
        let newest = acknowledged.last().unwrap();
        assert_eq!(restored.sign_in(newest, OLD).await.status, 200);
        assert_eq!(restored.sign_in(ANNA, NEW).await.status, 200);
        for token in [&token, &living] {
            revived += usize::from(restored.me(token).await.status != 401);
        }
        for link in [&used, &open] {
            revived += usize::from(restored.verify(link).await);
        }
        experiment.tried(acknowledged.len());
    }
    crowd.leaves().await;
    assert!(service.verify(&open).await, "a copy changes nothing");
    experiment.exactly("acknowledged_lost", lost, 0);
    experiment.exactly("revived", revived, 0);
    experiment.conclude();
}

/// Restores as the operations guide does: an empty folder, the keys and the copy, one command.
async fn restore(service: &Service, copy: &Path) -> Service {
    let data = TempDir::new().unwrap();
    std::fs::copy(copy, data.path().join("vestibule.db")).unwrap();
    crate::evidence::copy_keys(service.data.path(), data.path());
    for _ in 0..2 {
        let command = service.setup.command(data.path(), &["after-restore"]).output();
        let ended = command.await.unwrap();
        assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    }
    service.setup.clone().start_in(data).await
}

/// Users who sign up one after the other until the test stops them.
struct Crowd {
    signed_up: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    people: JoinSet<()>,
}

impl Crowd {
    fn of(service: &Service) -> Self {
        let (signed_up, over) =
            (Arc::<Mutex<Vec<String>>>::default(), Arc::<AtomicBool>::default());
        let mut people = JoinSet::new();
        for person in 0..3 {
            let (url, http) = (service.url("/api/v1/auth/signup"), service.http.clone());
            let (signed_up, over) = (signed_up.clone(), over.clone());
            people.spawn(async move {
                for number in 0.. {
                    if over.load(Ordering::Relaxed) {
                        break;
                    }
                    let name = format!("person{person}-{number}");
                    let email = format!("{name}@example.com");
                    let body = serde_json::json!({
                        "email": email, "username": name, "password": OLD,
                    });
                    let answer = http.post(&url).json(&body).send().await.unwrap();
                    if answer.status() == 201 {
                        signed_up.lock().unwrap().push(email);
                    }
                }
            });
        }
        Self { signed_up, over, people }
    }

    fn signed_up(&self) -> Vec<String> {
        self.signed_up.lock().unwrap().clone()
    }

    /// Waits until there are `more` additional users.
    async fn grows(&self, more: usize) {
        let wanted = self.signed_up().len() + more;
        let limit = std::time::Duration::from_secs(30);
        let there = async || self.signed_up().len() >= wanted;
        assert!(crate::service::eventually(limit, there).await, "no account was created");
    }

    async fn leaves(self) {
        self.over.store(true, Ordering::Relaxed);
        self.people.join_all().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_replaces_nothing_and_is_made_of_nothing_but_a_database() {
    let service = Setup::on(Database::sqlite()).start().await;
    let precious = service.data.path().join("precious");
    std::fs::write(&precious, "precious").unwrap();
    let refused = run(&service.setup, service.data.path(), &["backup", "precious"]).await;
    assert_eq!(refused, (1, "error: precious already exists\n".to_owned()));
    assert_eq!(std::fs::read(&precious).unwrap(), b"precious");

    let nothing = TempDir::new().unwrap();
    let (code, errors) = run(&service.setup, nothing.path(), &["backup", "copy.db"]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("there is no database at"), "{errors}");
    assert_eq!(std::fs::read_dir(nothing.path()).unwrap().count(), 0, "nothing is left behind");
    let (code, errors) = run(&service.setup, nothing.path(), &["after-restore"]).await;
    assert_eq!((code, &*errors), (1, "error: the database is empty; restore the backup first\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_server_its_own_tools_make_the_copy_postgres() {
    let service = Setup::on(Database::postgres().await).start().await;
    let (code, errors) = run(&service.setup, service.data.path(), &["backup", "copy"]).await;
    assert_eq!(code, 1);
    assert!(errors.contains("pg_dump --format=custom --file=copy"), "{errors}");

    let token = service.sign_up(ANNA, OLD).await.token();
    let open = service.reset_link(ANNA).await;
    let said = service.run(&["after-restore"]).await;
    assert!(said.contains("Accounts: 1."), "{said}");
    assert_eq!(service.me(&token).await.status, 401);
    assert!(!service.verify(&open).await);
    assert_eq!(service.sign_in(ANNA, OLD).await.status, 200);
    let db = service.database().await;
    let recorded =
        "SELECT count(*) FROM audit_events WHERE kind = 'everything_revoked' AND user_id IS NULL";
    assert_eq!(count(&db, recorded).await, 1);
}

async fn run(setup: &Setup, folder: &Path, arguments: &[&str]) -> (i32, String) {
    let ended = setup.command(folder, arguments).output().await.unwrap();
    (ended.status.code().unwrap(), String::from_utf8(ended.stderr).unwrap())
}
