//! How much there is, and how many connections.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DbBackend, EntityTrait, PaginatorTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use time::OffsetDateTime;
use vestibule_domain::census::Census;
use vestibule_domain::ports::StoreError;

use crate::columns::{micros, moment};
use crate::entities::{outbox, reset_request, session, user};
use crate::error::store_error;

pub(crate) async fn count(
    db: &DatabaseConnection,
    now: OffsetDateTime,
) -> Result<Census, StoreError> {
    let now = micros(now);
    // A literal, because the index of those that wait is taken for no parameter.
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
    // What alarms go by comes first: the rest takes longer where there is much.
    let due_since = first_due.one(db).await.map_err(store_error)?.map(moment).transpose()?;
    let counted = async {
        Ok(Census {
            users: user::Entity::find().count(db).await?,
            sessions: sessions.count(db).await?,
            reset_requests: reset_request::Entity::find().count(db).await?,
            waiting_mails: waiting.count(db).await?,
            due_since: None,
        })
    };
    let census: Census = counted.await.map_err(store_error)?;
    Ok(Census { due_since, ..census })
}

/// Connections to the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connected {
    /// Those at work.
    pub used: u32,
    /// Those that wait for work.
    pub idle: u32,
}

impl Connected {
    pub(crate) fn of(reader: &DatabaseConnection, writer: Option<&DatabaseConnection>) -> Self {
        let mut connected = Self { used: 0, idle: 0 };
        for pool in [Some(reader), writer].into_iter().flatten() {
            let (open, idle) = if pool.get_database_backend() == DbBackend::Postgres {
                let pool = pool.get_postgres_connection_pool();
                (pool.size(), pool.num_idle())
            } else {
                let pool = pool.get_sqlite_connection_pool();
                (pool.size(), pool.num_idle())
            };
            let idle = Ord::min(u32::try_from(idle).unwrap_or(u32::MAX), open);
            connected.idle += idle;
            connected.used += open - idle;
        }
        connected
    }
}
