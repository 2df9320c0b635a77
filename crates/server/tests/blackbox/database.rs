//! A separate database for each test.

use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

/// The database of a service.
#[derive(Clone, Debug)]
pub(crate) enum Database {
    /// In its data folder.
    Sqlite,
    /// At this address.
    Postgres(String),
}

static CREATED: AtomicU32 = AtomicU32::new(0);

impl Database {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite
    }

    /// An empty database in the throwaway cluster.
    pub(crate) async fn postgres() -> Self {
        let cluster = std::env::var("VESTIBULE_TEST_POSTGRES_URL")
            .expect("PostgreSQL for the tests; `cargo xtask test` starts one");
        let number = CREATED.fetch_add(1, Ordering::Relaxed);
        let name = format!("blackbox_{}_{number}", std::process::id());
        let maintenance = sea_orm::Database::connect(&cluster).await.unwrap();
        maintenance.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        maintenance.close().await.unwrap();
        let (server, _) = cluster.rsplit_once('/').unwrap();
        Self::Postgres(format!("{server}/{name}"))
    }

    /// Returns the display name.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    /// The value of `database.url`, if it is not the default.
    pub(crate) fn url(&self) -> Option<&str> {
        match self {
            Self::Sqlite => None,
            Self::Postgres(url) => Some(url),
        }
    }

    /// A connection beside the service's own.
    pub(crate) async fn connect(&self, data_dir: &Path) -> DatabaseConnection {
        let url = match self {
            Self::Sqlite => format!("sqlite://{}/vestibule.db", data_dir.display()),
            Self::Postgres(url) => url.clone(),
        };
        sea_orm::Database::connect(url).await.unwrap()
    }
}

/// The number a query answers with.
pub(crate) async fn count(db: &DatabaseConnection, sql: &str) -> i64 {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap().unwrap();
    row.try_get_by_index(0).unwrap()
}

/// The text a query answers with; empty for none.
pub(crate) async fn text(db: &DatabaseConnection, sql: &str) -> String {
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let row = db.query_one_raw(statement).await.unwrap();
    row.and_then(|row| row.try_get_by_index::<Option<String>>(0).unwrap()).unwrap_or_default()
}

/// Executes a statement beside the service; returns the number of rows.
pub(crate) async fn execute(db: &DatabaseConnection, sql: &str) -> u64 {
    db.execute_unprepared(sql).await.unwrap().rows_affected()
}
