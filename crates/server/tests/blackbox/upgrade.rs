//! Migrations: run by one node only, completed after an interruption, and refused for a newer
//! schema.

mod snapshots;

use std::path::Path;
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, Statement,
    TransactionTrait,
};
use tempfile::TempDir;
use vestibule_migrations::{Migrator, MigratorTrait};

use crate::connections::Starting;
use crate::database::{Database, count, execute};
use crate::evidence::{Experiment, rounded};
use crate::on_both_databases;
use crate::service::{Service, Setup, eventually};
use crate::wire::Draft;

const BUSY: Duration = Duration::from_secs(30);

on_both_databases! {
    a_migration_that_is_killed_is_completed_by_the_next_start;
    a_newer_schema_is_not_changed;
}

async fn a_migration_that_is_killed_is_completed_by_the_next_start(database: Database) {
    let title = "Killed migrations are completed by the next start";
    let mut experiment = Experiment::begin("E17", title, &database);
    let on_sqlite = database.url().is_none();
    let kills = experiment.figure("kills_of_migrations", 3, 100);
    let people = experiment.figure("people", 500, 100_000);
    let mut dice = experiment.dice();
    let fresh = schema(&fresh(on_sqlite).await).await;
    let releases = u32::try_from(Migrator::migrations().len()).unwrap();
    let mut differing = 0;
    for release in 1..releases {
        let database = if on_sqlite { Database::sqlite() } else { Database::postgres().await };
        let data = TempDir::new().unwrap();
        let setup = Setup::on(database);
        // `config check` creates nothing; the file is made here.
        if on_sqlite {
            std::fs::write(data.path().join("vestibule.db"), "").unwrap();
        }
        let db = setup.database.connect(data.path()).await;
        Migrator::up(&db, Some(release)).await.unwrap();
        fill(&db, people).await;
        for _ in 0..kills {
            let mut command = setup.command(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
            let mut child = command.spawn().unwrap();
            let life = Duration::from_millis(dice.below(120));
            // A faster start has completed the migrations and continues as usual.
            let _ = tokio::time::timeout(life, child.wait()).await;
            child.kill().await.unwrap();
            experiment.tried(1);
        }
        let service = setup.start_in(data).await;
        differing += usize::from(schema(&service.database().await).await != fresh);
        let there = count(&db, "SELECT count(*) FROM users").await;
        assert_eq!(usize::try_from(there).unwrap(), people);
    }
    experiment.exactly("schemas_that_differ", differing, 0);
    experiment.conclude();
}

/// Number of migrations before the one that changes the outbox.
const BEFORE: u32 = 2;

/// A database before a migration that cannot finish, because another client has locked one of its
/// tables.
struct Held {
    setup: Setup,
    db: DatabaseConnection,
    /// The schema before.
    before: Vec<String>,
    holder: DatabaseTransaction,
}

impl Held {
    async fn with(people: usize) -> Self {
        let setup = Setup::on(Database::postgres().await);
        let db = setup.database.connect(Path::new("")).await;
        Migrator::up(&db, Some(BEFORE)).await.unwrap();
        fill(&db, people).await;
        let before = schema(&db).await;
        let holder = db.begin().await.unwrap();
        holder.execute_unprepared("LOCK TABLE outbox IN ACCESS SHARE MODE").await.unwrap();
        Self { setup, db, before, holder }
    }

    /// Waits until a migration has reached the lock.
    async fn is_reached(&self) {
        let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted \
                       AND relation = 'outbox'::regclass";
        let in_its_middle = async || count(&self.db, waiting).await == 1;
        assert!(eventually(BUSY, in_its_middle).await);
    }

    /// Releases the lock once the waiting process has ended. Returns `true` if nothing has changed.
    async fn let_go(self) -> (bool, Setup) {
        // PostgreSQL notices only when it responds that its client has disconnected.
        self.holder.rollback().await.unwrap();
        let held = "SELECT count(*) FROM pg_locks WHERE relation = 'outbox'::regclass";
        assert!(eventually(BUSY, async || count(&self.db, held).await == 0).await);
        (schema(&self.db).await == self.before, self.setup)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_killed_in_its_middle_leaves_nothing_half_done_postgres() {
    let held = Held::with(10).await;
    let data = TempDir::new().unwrap();
    let mut command = held.setup.command(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.spawn().unwrap();
    held.is_reached().await;
    child.kill().await.unwrap();
    let (is_untouched, setup) = held.let_go().await;
    assert!(is_untouched);
    let service = setup.start_in(data).await;
    assert_eq!(schema(&service.database().await).await, schema(&fresh(false).await).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_told_to_stop_leaves_nothing_half_done_postgres() {
    let title = "Stopped during a migration, the service exits and the schema is unchanged";
    let mut experiment = Experiment::begin("E13", title, &Database::Postgres(String::new()));
    let fresh = schema(&fresh(false).await).await;
    let stops = experiment.figure("stops_of_migrations", 1, 20);
    let (mut unclean, mut changed, mut differing) = (0, 0, 0);
    let mut slowest = Duration::ZERO;
    for _ in 0..stops {
        let held = Held::with(10).await;
        let mut starting = Starting::of(&held.setup);
        held.is_reached().await;
        let told = Instant::now();
        starting.tell_to_stop().await;
        let ended = starting.end_within(BUSY).await.expect("an end");
        slowest = slowest.max(told.elapsed());
        unclean += usize::from(ended.code() != Some(0));
        let (is_untouched, setup) = held.let_go().await;
        changed += usize::from(!is_untouched);
        let service = setup.start_in(starting.data).await;
        differing += usize::from(schema(&service.database().await).await != fresh);
    }
    experiment.tried(stops);
    experiment.exactly("ended_otherwise", unclean, 0);
    experiment.exactly("schemas_half_done", changed, 0);
    experiment.exactly("schemas_that_differ_after_the_next_start", differing, 0);
    experiment.at_most("slowest_stop_s", rounded(slowest.as_secs_f64()), 30.0);
    experiment.conclude();
}

/// Statuses of a node for a load balancer and for a client.
async fn looks(node: &Starting, number: usize) -> [u16; 2] {
    let name = format!("visitor{number}");
    let body = serde_json::json!({
        "email": format!("{name}@example.com"), "username": name,
        "password": "a good long password",
    });
    let sign_up = Draft::json("/api/v1/auth/signup", body.to_string());
    let ready = node.status(&Draft::new("GET", "/health/ready")).await;
    [ready, node.status(&sign_up).await].map(|status| status.unwrap_or(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_together_are_not_ready_until_one_has_migrated_postgres() {
    let title = "While one node migrates, all respond 503; then all serve, migrated once";
    let mut experiment = Experiment::begin("E17", title, &Database::Postgres(String::new()));
    let fresh = schema(&fresh(false).await).await;
    let rounds = experiment.figure("starts_together", 1, 10);
    let people = experiment.figure("people", 500, 100_000);
    let (mut early, mut failed, mut migrated, mut differing) = (0, 0, 0, 0);
    let mut slowest = Duration::ZERO;
    for _ in 0..rounds {
        let held = Held::with(people).await;
        let nodes = [(); 3].map(|()| Starting::of(&held.setup));
        held.is_reached().await;
        let live = Draft::new("GET", "/health/live");
        let mut visitors = 0;
        for node in &nodes {
            assert!(eventually(BUSY, async || node.status(&live).await == Some(200)).await);
            for _ in 0..10 {
                visitors += 1;
                early += usize::from(looks(node, visitors).await != [503, 503]);
            }
        }
        held.holder.rollback().await.unwrap();
        let done = Instant::now();
        for node in &nodes {
            let ready = Draft::new("GET", "/health/ready");
            let serves = eventually(BUSY, async || node.status(&ready).await == Some(200)).await;
            visitors += 1;
            failed += usize::from(!serves || looks(node, visitors).await != [200, 201]);
        }
        slowest = slowest.max(done.elapsed());
        experiment.tried(visitors);
        for node in nodes {
            let ended = node.stop().await;
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            migrated += said.matches("\"message\":\"migrated\"").count();
            failed += usize::from(ended.status.code() != Some(0));
        }
        differing += usize::from(schema(&held.db).await != fresh);
        let there = count(&held.db, "SELECT count(*) FROM users").await;
        differing += usize::from(usize::try_from(there).unwrap() != people + 3);
    }
    experiment.exactly("answers_other_than_503_before", early, 0);
    experiment.exactly("nodes_that_failed", failed, 0);
    let pending = Migrator::migrations().len() - usize::try_from(BEFORE).unwrap();
    experiment.exactly("migrations", migrated, rounds * pending);
    experiment.exactly("databases_that_differ", differing, 0);
    experiment.measure("slowest_to_serve_s", rounded(slowest.as_secs_f64()));
    experiment.conclude();
}

async fn fresh(on_sqlite: bool) -> DatabaseConnection {
    let database = if on_sqlite { Database::sqlite() } else { Database::postgres().await };
    let service = Setup::on(database).start().await;
    service.database().await
}

/// The schema of the database, from its catalog.
async fn schema(db: &DatabaseConnection) -> Vec<String> {
    let sql = match db.get_database_backend() {
        DbBackend::Postgres => {
            "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) \
             FROM information_schema.columns WHERE table_schema = 'public' \
             UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' \
             UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint \
             WHERE connamespace = 'public'::regnamespace ORDER BY 1"
        }
        _ => "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY sql",
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    rows.unwrap().iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Inserts users, with columns that exist in all versions.
pub(crate) async fn fill(db: &DatabaseConnection, people: usize) {
    let id = match db.get_database_backend() {
        DbBackend::Postgres => "gen_random_uuid()",
        _ => "randomblob(16)",
    };
    let columns = "id, email, email_key, username, username_key, is_active, is_admin, \
                   credentials_version, created_at";
    let sql = format!(
        "INSERT INTO users ({columns}) WITH RECURSIVE numbers(n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {people}) \
         SELECT {id}, 'p' || n || '@example.com', 'p' || n || '@example.com', 'p' || n, \
         'p' || n, TRUE, FALSE, 1, 1000001 FROM numbers"
    );
    assert_eq!(execute(db, &sql).await, u64::try_from(people).unwrap());
}

async fn a_newer_schema_is_not_changed(database: Database) {
    let mut service = Setup::on(database).start().await;
    assert_eq!(service.terminate().await.code(), Some(0));
    let db = service.database().await;
    let applied = "INSERT INTO seaql_migrations (version, applied_at) VALUES \
                   ('m29990101_000001_tomorrow', 0)";
    execute(&db, applied).await;
    let before = schema(&db).await;
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["worker"], &["after-restore"]] {
        let running = service.setup.command(service.data.path(), arguments).output();
        let ended = tokio::time::timeout(Duration::from_secs(30), running).await.unwrap().unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{errors}");
        assert!(errors.contains("m29990101_000001_tomorrow"), "{errors}");
    }
    assert_eq!(schema(&db).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_three_that_start_together_one_migrates_postgres() {
    let setup = Setup::on(Database::postgres().await);
    let services: [Service; 3] =
        tokio::join!(setup.clone().start(), setup.clone().start(), setup.start()).into();
    let migrated = |service: &Service| {
        let lines = service.log.lines();
        lines.iter().filter(|line| line.contains("\"message\":\"migrated\"")).count()
    };
    let counts = services.each_ref().map(migrated);
    let mut sorted = counts;
    sorted.sort_unstable();
    assert_eq!(sorted, [0, 0, Migrator::migrations().len()]);
}
