//! A unit of work: one transaction, whose verbs stand in the other files.

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
use crate::postgres::{ANSWER, STATEMENT_TIMEOUT, Trust, is_read_only};
use crate::recent::{RecentSessions, Touched};
use crate::spans;

/// An open transaction. Dropping it rolls it back.
pub(crate) struct SeaUnit {
    pub(crate) tx: Timely,
    /// What it has written that others may have read a moment ago.
    pub(crate) touched: Touched,
    pub(crate) recent: Arc<RecentSessions>,
    /// What a trace sees of it, from before it was opened to its end.
    pub(crate) span: Span,
}

impl SeaUnit {
    /// Whether other units may be open at the same time, so that rows have to be locked. On SQLite
    /// there is one writer, and asking for a lock would be a question for nothing.
    pub(crate) fn has_rivals(&self) -> bool {
        self.tx.get_database_backend() != DbBackend::Sqlite
    }
}

#[async_trait]
impl UnitOfWork for SeaUnit {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        let Self { tx, touched, recent, span } = *self;
        // A client that hangs up drops the future that waits here (decision D14). The task goes on.
        #[expect(clippy::disallowed_methods, reason = "ends by itself, within a unit's time")]
        let commit = tokio::spawn(async move {
            // Also when it fails: whoever is cut off does not know what became of it.
            let _forgetting = Forgetting { touched, recent };
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

/// Forgets what was touched, at the end, whatever happens before it.
struct Forgetting {
    touched: Touched,
    recent: Arc<RecentSessions>,
}

impl Drop for Forgetting {
    fn drop(&mut self) {
        self.recent.forget(&self.touched);
    }
}

/// Until when a unit may take, and whose connection it works on.
pub(crate) struct Patience {
    until: Instant,
    trust: Arc<Trust>,
}

impl Patience {
    /// As long as a client is willing to wait.
    pub(crate) fn of(trust: Arc<Trust>) -> Self {
        Self { until: Instant::now() + ANSWER, trust }
    }

    /// Waits no longer than that. A server that takes no writes is not trusted again, nor is one
    /// that has said nothing for as long as it may work on anything; one that had less time, because
    /// the unit had to wait for its connection, may only be slow.
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
    let reason = "the database has not answered in time";
    DbErr::Conn(RuntimeErr::Internal(reason.to_owned()))
}

/// A transaction on a database that may go silent.
pub(crate) struct Timely {
    tx: DatabaseTransaction,
    /// None on a file, which has its own bound, and where a unit takes what it takes.
    patience: Option<Patience>,
}

async fn within<T>(
    patience: Option<&Patience>,
    work: impl Future<Output = Result<T, DbErr>>,
) -> Result<T, DbErr> {
    match patience {
        Some(patience) => patience.bound(work).await,
        None => work.await,
    }
}

impl Timely {
    /// Opens a transaction, on a connection that may have to be waited for.
    pub(crate) async fn begin(
        begin: impl Future<Output = Result<DatabaseTransaction, DbErr>>,
        patience: Option<Patience>,
    ) -> Result<Self, DbErr> {
        let tx = match &patience {
            Some(patience) => timeout_at(patience.until, begin).await.map_err(|_| late())??,
            None => begin.await?,
        };
        Ok(Self { tx, patience })
    }

    /// Lets this unit take what it takes, for what is about everybody.
    pub(crate) async fn without_hurry(&mut self) -> Result<(), DbErr> {
        if self.tx.get_database_backend() == DbBackend::Postgres {
            self.execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        }
        self.patience = None;
        Ok(())
    }

    async fn commit(self) -> Result<(), DbErr> {
        within(self.patience.as_ref(), self.tx.commit()).await
    }
}

#[async_trait]
impl ConnectionTrait for Timely {
    fn get_database_backend(&self) -> DbBackend {
        self.tx.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        within(self.patience.as_ref(), self.tx.execute_raw(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        within(self.patience.as_ref(), self.tx.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        within(self.patience.as_ref(), self.tx.query_one_raw(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        within(self.patience.as_ref(), self.tx.query_all_raw(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.tx.support_returning()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const AS_OLD_AS_ANY: Duration = Duration::from_mins(1);

    async fn silence(patience: &Patience) {
        patience.bound(std::future::pending::<Result<(), DbErr>>()).await.unwrap_err();
    }

    #[tokio::test(start_paused = true)]
    async fn a_unit_that_waited_for_its_connection_ends_no_other_connection() {
        let trust = Arc::new(Trust::new());
        let patience = Patience::of(trust.clone());
        tokio::time::advance(ANSWER.abs_diff(STATEMENT_TIMEOUT)).await;
        silence(&patience).await;
        assert!(trust.covers(AS_OLD_AS_ANY));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_is_silent_for_longer_than_it_may_work_is_not_trusted() {
        let trust = Arc::new(Trust::new());
        silence(&Patience::of(trust.clone())).await;
        assert!(!trust.covers(AS_OLD_AS_ANY));
    }
}
