//! A unit of work: one transaction, whose verbs stand in the other files.

use async_trait::async_trait;
use sea_orm::DatabaseTransaction;
use vestibule_domain::ports::{StoreError, UnitOfWork};

use crate::error::{store_error, unavailable};

/// An open transaction. Dropping it rolls it back.
pub(crate) struct SeaUnit {
    pub(crate) tx: DatabaseTransaction,
}

#[async_trait]
impl UnitOfWork for SeaUnit {
    async fn commit(self: Box<Self>) -> Result<(), StoreError> {
        // A client that hangs up drops the future that waits here (decision D14). The task goes on.
        #[expect(clippy::disallowed_methods, reason = "ends by itself, within a statement's time")]
        let commit = tokio::spawn(self.tx.commit());
        match commit.await {
            Ok(outcome) => outcome.map_err(store_error),
            Err(stopped) => Err(unavailable(stopped)),
        }
    }
}
