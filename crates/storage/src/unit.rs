//! A unit of work: one transaction. Its operations are implemented in the other files.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr,
    Statement,
};
use tokio::time::{Instant, timeout_at};
use tracing::{Instrument as _, Span};
use vestibule_domain::ports::{StoreError, UnitOfWork};

use crate::error::{store_error, unavailable};
use crate::postgres::{OPERATION_TIMEOUT, STATEMENT_TIMEOUT, Trust, is_read_only};
use crate::session_cache::{SessionCache, Touched};
use crate::spans;

/// An open transaction. Dropping it rolls it back.
pub(crate) struct SeaUnit {
    pub(crate) tx: TimedTransaction,
    /// The sessions and users it has changed, which the session cache has to forget.
    pub(crate) touched: Touched,
    pub(crate) session_cache: Arc<SessionCache>,
    /// The tracing span, from before the start of the transaction to its end.
    pub(crate) span: Span,
}

impl SeaUnit {
    /// Returns `true` if other units of work may be open at the same time, so that rows have to be
    /// locked. SQLite has a single writer.
    pub(crate) fn needs_row_locks(&self) -> bool {
        self.tx.get_database_backend() != DbBackend::Sqlite
    }
}

#[async_trait]
impl UnitOfWork for SeaUnit {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { tx, touched, session_cache, span } = *self;
        // A disconnect of the client drops the waiting future (decision 0001), not the task.
        #[expect(clippy::disallowed_methods, reason = "ends by itself, within a unit's time")]
        let commit = tokio::spawn(async move {
            // Also on failure: if the connection is lost, the transaction may still be committed.
            let _forget = ForgetOnDrop { touched, session_cache };
            let outcome = tx.commit().instrument(spans::commit(&span)).await;
            spans::ended(&span, outcome.is_ok());
            outcome
        });
        match commit.await {
            Ok(outcome) => outcome.map_err(store_error),
            Err(stopped) => Err(unavailable(stopped)),
        }
    }
}

/// Removes the changed sessions and users from the session cache when dropped.
struct ForgetOnDrop {
    touched: Touched,
    session_cache: Arc<SessionCache>,
}

impl Drop for ForgetOnDrop {
    fn drop(&mut self) {
        self.session_cache.forget(&self.touched);
    }
}

/// Time limit of a unit of work on a PostgreSQL server.
pub(crate) struct Timeout {
    until: Instant,
    trust: Arc<Trust>,
}

impl Timeout {
    /// Starts the time limit, [`OPERATION_TIMEOUT`].
    pub(crate) fn of(trust: Arc<Trust>) -> Self {
        Self { until: Instant::now() + OPERATION_TIMEOUT, trust }
    }

    /// Limits the time of an operation. Withdraws trust from open connections if the server is
    /// read-only, or has not responded for longer than [`STATEMENT_TIMEOUT`]. If there was less
    /// time, because the unit had to wait for its connection, the server may only be slow.
    async fn bound<T>(&self, work: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let began = Instant::now();
        let outcome = timeout_at(self.until, work).await.unwrap_or_else(|_| {
            if began.elapsed() > STATEMENT_TIMEOUT {
                self.trust.withdraw();
            }
            Err(late())
        });
        if outcome.as_ref().is_err_and(is_read_only) {
            self.trust.withdraw();
        }
        outcome
    }
}

fn late() -> DbErr {
    let reason = "the database did not respond in time";
    DbErr::Conn(RuntimeErr::Internal(reason.to_owned()))
}

/// A transaction with a time limit, on a database that may stop responding.
pub(crate) struct TimedTransaction {
    tx: DatabaseTransaction,
    /// `None` on SQLite, which has its own time limit, and for units without a time limit.
    timeout: Option<Timeout>,
}

async fn within<T>(
    timeout: Option<&Timeout>,
    work: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    match timeout {
        Some(timeout) => timeout.bound(work).await,
        None => work.await,
    }
}

impl TimedTransaction {
    /// Begins a transaction; may have to wait for a connection.
    pub(crate) async fn begin(
        begin: impl Future<Output = Result<DatabaseTransaction, DbErr>>,
        timeout: Option<Timeout>,
    ) -> Result<Self, DbErr> {
        let tx = match &timeout {
            Some(timeout) => timeout_at(timeout.until, begin).await.map_err(|_| late())??,
            None => begin.await?,
        };
        Ok(Self { tx, timeout })
    }

    /// Removes the time limit, for operations on all users.
    pub(crate) async fn without_timeout(&mut self) -> Result<(), DbErr> {
        if self.tx.get_database_backend() == DbBackend::Postgres {
            self.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        }
        self.timeout = None;
        Ok(())
    }

    async fn commit(self) -> Result<(), DbErr> {
        within(self.timeout.as_ref(), self.tx.commit()).await
    }
}

#[async_trait]
impl ConnectionTrait for TimedTransaction {
    fn get_database_backend(&self) -> DbBackend {
        self.tx.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.timeout.as_ref(), self.tx.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.timeout.as_ref(), self.tx.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.timeout.as_ref(), self.tx.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.timeout.as_ref(), self.tx.query_all_raw(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.tx.support_returning()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const OLD: Duration = Duration::from_mins(1);

    async fn silence(timeout: &Timeout) {
        timeout.bound(std::future::pending::<Result<(), DbErr>>()).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_waited_for_its_connection_does_not_withdraw_trust() {
        let trust = Arc::new(Trust::new());
        let timeout = Timeout::of(trust.clone());
        tokio::time::advance(OPERATION_TIMEOUT.abs_diff(STATEMENT_TIMEOUT)).await;
        silence(&timeout).await;
        assert!(trust.covers(OLD));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_silent_for_longer_than_the_statement_timeout_is_not_trusted() {
        let trust = Arc::new(Trust::new());
        silence(&Timeout::of(trust.clone())).await;
        assert!(!trust.covers(OLD));
    }
}
