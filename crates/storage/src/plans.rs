//! How SQLite carries out every statement of the contract: none may read a whole table, or its cost
//! would grow with the users.
//!
//! Each rule of the contract runs once more on a store whose statements are listened to, and each
//! statement that was heard is explained.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use sea_orm::{ConnectionTrait, Database, DbBackend, Statement};
use tempfile::TempDir;
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use vestibule_domain::ports::Store;
use vestibule_testkit::store_contract;

use crate::SeaStore;
use crate::connect::{Access, sqlite_options};
use crate::recent::RecentSessions;

/// What may read a whole table, and why.
const MAY_SCAN: [(&str, &str); 10] = [
    // Everybody is meant.
    ("UPDATE \"users\" SET \"credential_epoch\"", "SCAN users"),
    ("SET \"superseded_at\" = ? WHERE \"password_resets\".\"used_at\" IS", "SCAN password_resets"),
    ("DELETE FROM \"sessions\"", "SCAN sessions"),
    ("SELECT \"sessions\".\"id\", ? FROM \"sessions\"", "SCAN sessions"),
    // A part of a word is in no index; administrators look for people now and then.
    ("LIKE ?", "SCAN users"),
    // Everybody is counted, now and then.
    ("SELECT COUNT(*) AS num_items FROM (SELECT", "SCAN users USING COVERING INDEX"),
    ("SELECT COUNT(*) AS num_items FROM (SELECT", "SCAN outbox USING COVERING INDEX ix_outbox_due"),
    ("SELECT COUNT(*) AS num_items FROM (SELECT", "SCAN reset_requests"),
    // One row at most.
    ("\"relay\"", "SCAN relay"),
    ("\"setup_links\"", "SCAN setup_links"),
];

static HEARD: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(|| {
    let ear = tracing_subscriber::registry().with(Ear);
    tracing::subscriber::set_global_default(ear).unwrap();
    Mutex::default()
});

/// Hears the statements that the driver carries out.
struct Ear;

impl<S: Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            event.record(&mut Words);
        }
    }
}

struct Words;

impl Visit for Words {
    fn record_str(&mut self, field: &Field, text: &str) {
        // Short statements are all summary.
        let is_whole = field.name() == "db.statement" || !text.ends_with('…');
        if is_whole && ["db.statement", "summary"].contains(&field.name()) {
            let mut heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner);
            heard.insert(text.trim().to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

struct Fixture {
    sea: SeaStore,
    _directory: TempDir,
}

impl Fixture {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.sea.clone())
    }

    async fn close(self) {
        let heard = HEARD.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(heard.iter().any(|statement| statement.starts_with("SELECT")), "{heard:#?}");
        for statement in heard {
            for step in self.plan(&statement).await {
                // Along an index, and no further than what is asked for.
                let stops = step.contains("INDEX") && statement.contains("LIMIT");
                let is_table = !step.contains("CONSTANT ROW") && !step.contains("VALUES CLAUSE");
                let reads_all = step.starts_with("SCAN") && is_table && !stops;
                let may = MAY_SCAN
                    .iter()
                    .any(|(part, scan)| statement.contains(part) && step.starts_with(scan));
                assert!(!reads_all || may, "{step}: {statement}");
            }
        }
        self.sea.close().await;
    }

    async fn plan(&self, statement: &str) -> Vec<String> {
        let is_about_rows = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"]
            .iter()
            .any(|verb| statement.starts_with(verb));
        if !is_about_rows || statement.contains("sqlite_") || statement.contains("pragma") {
            return Vec::new();
        }
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        let explain = Statement::from_string(DbBackend::Sqlite, explain);
        let steps = self.sea.reader.query_all_raw(explain).await.unwrap();
        steps.iter().map(|step| step.try_get("", "detail").unwrap()).collect()
    }
}

async fn fresh() -> Fixture {
    LazyLock::force(&HEARD);
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("vestibule.db").display());
    let connect = |access, is_heard| {
        let mut options = sqlite_options(&url, access);
        options.sqlx_logging(is_heard);
        async move { Database::connect(options).await.unwrap() }
    };
    // What a migration does once may take its time.
    let migrated = connect(Access::Write, false).await;
    vestibule_migrations::migrate(&migrated).await.unwrap();
    migrated.close().await.unwrap();
    let (writer, reader) = (connect(Access::Write, true).await, connect(Access::Read, true).await);
    let recent = Arc::new(RecentSessions::new(Duration::ZERO));
    let sea = SeaStore { writer, reader, server: None, recent, requests: Arc::default() };
    Fixture { sea, _directory: directory }
}

store_contract!(fresh);
