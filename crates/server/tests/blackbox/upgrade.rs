//! Another schema than yesterday's: by whom it is made, and what happens when that is interrupted.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TransactionTrait};
use tempfile::TempDir;
use vestibule_migrations::{Migrator, MigratorTrait};

use crate::database::{Database, count, execute};
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::service::{Service, Setup, eventually};

on_both_databases! {
    a_migration_that_is_killed_is_completed_by_the_next_start;
    a_schema_of_tomorrow_is_left_alone;
}

async fn a_migration_that_is_killed_is_completed_by_the_next_start(database: Database) {
    let title = "Migrations that are killed at any moment are completed by the next start";
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
            // A start that is quicker than that has completed them, and goes on as any other.
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

/// Somebody holds a table that the last migration changes at its end: what came before stands in its
/// transaction, and there it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_that_is_killed_in_its_middle_leaves_nothing_half_done_postgres() {
    let fresh = schema(&fresh(false).await).await;
    let releases = u32::try_from(Migrator::migrations().len()).unwrap();
    let (data, setup) = (TempDir::new().unwrap(), Setup::on(Database::postgres().await));
    let db = setup.database.connect(data.path()).await;
    Migrator::up(&db, Some(releases - 1)).await.unwrap();
    let before = schema(&db).await;

    let holder = db.begin().await.unwrap();
    holder.execute_unprepared("LOCK TABLE outbox IN ACCESS SHARE MODE").await.unwrap();
    let mut command = setup.command(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let mut child = command.spawn().unwrap();
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted \
                   AND relation = 'outbox'::regclass";
    let in_its_middle = async || count(&db, waiting).await == 1;
    assert!(eventually(Duration::from_secs(20), in_its_middle).await);
    child.kill().await.unwrap();
    // The server notices that its client is dead when it has an answer for it.
    holder.rollback().await.unwrap();
    let held = "SELECT count(*) FROM pg_locks WHERE relation = 'outbox'::regclass";
    assert!(eventually(Duration::from_secs(20), async || count(&db, held).await == 0).await);
    assert_eq!(schema(&db).await, before);

    let service = setup.start_in(data).await;
    assert_eq!(schema(&service.database().await).await, fresh);
}

async fn fresh(on_sqlite: bool) -> DatabaseConnection {
    let database = if on_sqlite { Database::sqlite() } else { Database::postgres().await };
    let service = Setup::on(database).start().await;
    service.database().await
}

/// Everything the database says about its own form.
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

/// People, as every version has known them.
async fn fill(db: &DatabaseConnection, people: usize) {
    let id = match db.get_database_backend() {
        DbBackend::Postgres => "gen_random_uuid()",
        _ => "randomblob(16)",
    };
    let columns = "id, email, email_key, username, username_key, is_active, is_admin, \
                   credential_epoch, created_at";
    let sql = format!(
        "INSERT INTO users ({columns}) WITH RECURSIVE numbers(n) AS \
         (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {people}) \
         SELECT {id}, 'p' || n || '@example.com', 'p' || n || '@example.com', 'p' || n, \
         'p' || n, TRUE, FALSE, 1, 1000001 FROM numbers"
    );
    assert_eq!(execute(db, &sql).await, u64::try_from(people).unwrap());
}

async fn a_schema_of_tomorrow_is_left_alone(database: Database) {
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
