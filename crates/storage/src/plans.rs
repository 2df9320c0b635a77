//! Query plans of SQLite for all statements of the contract: none may scan a whole table, or its
//! cost would grow with the number of users.
//!
//! Runs the contract on a store whose statements are recorded, and explains each of them.

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
use crate::session_cache::SessionCache;

/// Statements that may scan a whole table, with the scan.
const MAY_SCAN: [(&str, &str); 10] = [
    // Operations on all users.
    ("UPDATE \"users\" SET \"credentials_version\"", "SCAN users"),
    ("SET \"superseded_at\" = ? WHERE \"password_resets\".\"used_at\" IS", "SCAN password_resets"),
    ("DELETE FROM \"sessions\"", "SCAN sessions"),
    ("SELECT \"sessions\".\"id\", ? FROM \"sessions\"", "SCAN sessions"),
    // No index supports a search within words; administrators rarely search.
    ("LIKE ?", "SCAN users"),
    // Counts for metrics.
    ("SELECT COUNT(*) AS num_items FROM (SELECT", "SCAN users USING COVERING INDEX"),
    ("SELECT COUNT(*) AS num_items FROM (SELECT", "SCAN outbox USING COVERING INDEX ix_outbox_due"),
    ("SELECT COUNT(*) AS num_items FROM (SELECT", "SCAN reset_requests"),
    // At most one row.
    ("\"smtp_settings\"", "SCAN smtp_settings"),
    ("\"setup_links\"", "SCAN setup_links"),
];

static STATEMENTS: LazyLock<Mutex<BTreeSet<String>>> = LazyLock::new(|| {
    let recorder = tracing_subscriber::registry().with(StatementRecorder);
    tracing::subscriber::set_global_default(recorder).unwrap();
    Mutex::default()
});

/// Records the statements that the driver executes.
struct StatementRecorder;

impl<S: Subscriber> Layer<S> for StatementRecorder {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            event.record(&mut StatementVisitor);
        }
    }
}

struct StatementVisitor;

impl Visit for StatementVisitor {
    fn record_str(&mut self, field: &Field, text: &str) {
        // The summary of a short statement is complete.
        let is_whole = field.name() == "db.statement" || !text.ends_with('…');
        if is_whole && ["db.statement", "summary"].contains(&field.name()) {
            let mut statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner);
            statements.insert(text.trim().to_owned());
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
        let statements = STATEMENTS.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(
            statements.iter().any(|statement| statement.starts_with("SELECT")),
            "{statements:#?}"
        );
        for statement in statements {
            for step in self.plan(&statement).await {
                // An index scan that stops at the limit.
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
    LazyLock::force(&STATEMENTS);
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("vestibule.db").display());
    let connect = |access, is_recorded| {
        let mut options = sqlite_options(&url, access);
        options.sqlx_logging(is_recorded);
        async move { Database::connect(options).await.unwrap() }
    };
    // Migrations run once and may scan.
    let migrated = connect(Access::Write, false).await;
    vestibule_migrations::migrate(&migrated).await.unwrap();
    migrated.close().await.unwrap();
    let (writer, reader) = (connect(Access::Write, true).await, connect(Access::Read, true).await);
    let session_cache = Arc::new(SessionCache::new(Duration::ZERO));
    let sea = SeaStore { writer, reader, server: None, session_cache, requests: Arc::default() };
    Fixture { sea, _directory: directory }
}

store_contract!(fresh);
