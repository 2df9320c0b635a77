//! Counts of rows, and of connections.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use time::OffsetDateTime;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::ports::StoreError;

use crate::columns::{micros, moment};
use crate::entities::{outbox, reset_request, session, user};
use crate::error::store_error;

pub(crate) async fn count(
    db: &DatabaseConnection,
    now: OffsetDateTime,
) -> Result<Stats, StoreError> {
    let now = micros(now);
    // A literal: with a parameter, SQLite would not use the partial index.
    let is_waiting = Expr::col(outbox::Column::State).eq(Expr::cust("'queued'"));
    let waiting = outbox::Entity::find().filter(is_waiting);
    let first_due = waiting
        .clone()
        .select_only()
        .column(outbox::Column::NextAttemptAt)
        .filter(outbox::Column::NextAttemptAt.lte(now))
        .order_by_asc(outbox::Column::NextAttemptAt)
        .limit(1)
        .into_tuple::<i64>();
    let sessions = session::Entity::find().filter(session::Column::ExpiresAt.gt(now));
    // Alerts depend on this value. Read it first, because the counts take longer on large tables.
    let due_since = first_due.one(db).await.map_err(store_error)?.map(moment).transpose()?;
    let counted = async {
        Ok(Stats {
            users: user::Entity::find().count(db).await?,
            sessions: sessions.count(db).await?,
            reset_requests: reset_request::Entity::find().count(db).await?,
            waiting_mails: waiting.count(db).await?,
            due_since: None,
        })
    };
    let stats: Stats = counted.await.map_err(store_error)?;
    Ok(Stats { due_since, ..stats })
}

/// Numbers of open connections to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionCounts {
    /// Connections in use.
    pub used: u32,
    /// Idle connections.
    pub idle: u32,
}

impl ConnectionCounts {
    pub(crate) fn of(reader: &DatabaseConnection, writer: Option<&DatabaseConnection>) -> Self {
        let mut counts = Self { used: 0, idle: 0 };
        for pool in [Some(reader), writer].into_iter().flatten() {
            let (open, idle) = if pool.get_database_backend() == DbBackend::Postgres {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            } else {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            };
            let idle = Ord::min(u32::try_from(idle).unwrap_or(u32::MAX), open);
            counts.idle += idle;
            counts.used += open - idle;
        }
        counts
    }
}
