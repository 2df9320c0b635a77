//! Failed sign-ins: rows, reads and writes.
//!
//! Each email has a row for every network, and a total row for all networks. On PostgreSQL, both
//! counting and forgetting failures increment the total first, which locks it until the end of the
//! unit. So units about one email run one after the other, with or without an account. On SQLite
//! all units do.

use async_trait::async_trait;
use sea_orm::sea_query::{
    CaseStatement, Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use time::OffsetDateTime;
use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::sign_in_failures::FailureCount;
use vestibule_domain::ports::{SignInFailureStore, StoreError};

use crate::columns::{micros, moment};
use crate::entities::sign_in_failure::{ActiveModel, Column, Entity};
use crate::entities::user;
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

/// Value of `network` in the total row.
const ALL_NETWORKS: &str = "";

fn count(failures: i32) -> Result<u32, StoreError> {
    u32::try_from(failures).map_err(corrupt)
}

/// Reads the counts in one query, because every sign-in does.
pub(crate) async fn find(
    db: &DatabaseConnection,
    address: &EmailKey,
    network: ClientNetwork,
) -> Result<FailureCount, StoreError> {
    let rows = Entity::find()
        .filter(Column::EmailKey.eq(address.as_str()))
        .filter(Column::Network.is_in([ALL_NETWORKS.to_owned(), network.to_string()]))
        .all(db)
        .await
        .map_err(store_error)?;
    let mut found = FailureCount::default();
    for row in rows {
        if row.network == ALL_NETWORKS {
            found.total = count(row.failures)?;
        } else {
            found.from_network = count(row.failures)?;
            found.last_from_network = Some(moment(row.last_failed_at)?);
        }
    }
    Ok(found)
}

impl SeaUnit {
    /// Locks the user with this email, if there is one, until the end of this unit: the user first,
    /// as everywhere. The lock is strong enough to change the user, because most units here do.
    async fn lock_user_by_email(&mut self, address: &EmailKey) -> Result<(), StoreError> {
        if !self.needs_row_locks() {
            return Ok(());
        }
        user::Entity::find()
            .select_only()
            .column(user::Column::Id)
            .filter(user::Column::EmailKey.eq(address.as_str()))
            .lock(LockType::NoKeyUpdate)
            .into_tuple::<uuid::Uuid>()
            .one(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    /// Increments a count, or restarts it at 1 if the last failure was before `since`. Locks the
    /// row until the end of this unit, and returns the new count.
    async fn increment(
        &mut self,
        address: &EmailKey,
        network: &str,
        now: i64,
        since: i64,
    ) -> Result<u32, StoreError> {
        let stored = |column| Expr::col((Entity, column));
        let failures = CaseStatement::new()
            .case(stored(Column::LastFailedAt).lt(since), 1)
            .finally(stored(Column::Failures).add(1));
        let last = CaseStatement::new()
            .case(stored(Column::LastFailedAt).lt(now), now)
            .finally(stored(Column::LastFailedAt));
        let row = ActiveModel {
            email_key: Set(address.as_str().to_owned()),
            network: Set(network.to_owned()),
            failures: Set(1),
            last_failed_at: Set(now),
            is_kept: Set(false),
        };
        let increment = OnConflict::columns([Column::EmailKey, Column::Network])
            .value(Column::Failures, failures)
            .value(Column::LastFailedAt, last)
            .value(Column::IsKept, false)
            .to_owned();
        let incremented = Entity::insert(row)
            .on_conflict(increment)
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        count(incremented.failures)
    }
}

impl SeaUnit {
    /// Deletes the counts of networks without failures since `before`.
    async fn purge_networks(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let over: Vec<(String, String)> = Entity::find()
            .select_only()
            .columns([Column::EmailKey, Column::Network])
            // A literal, to match the partial index.
            .filter(Expr::cust("network <> ''"))
            .filter(Column::LastFailedAt.lt(micros(before)))
            .order_by_asc(Column::LastFailedAt)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple()
            .all(&self.tx)
            .await
            .map_err(store_error)?;
        let more = u64::try_from(over.len()).map_err(corrupt)? == u64::from(limit);
        if !over.is_empty() {
            let row = Expr::tuple([Expr::col(Column::EmailKey), Expr::col(Column::Network)]);
            let gone = Entity::delete_many().filter(row.in_tuples(over));
            gone.exec(&self.tx).await.map_err(store_error)?;
        }
        Ok(more)
    }
}

#[async_trait]
impl SignInFailureStore for SeaUnit {
    async fn count_failure(
        &mut self,
        address: &EmailKey,
        network: ClientNetwork,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<u32, StoreError> {
        self.lock_user_by_email(address).await?;
        let total = self.increment(address, ALL_NETWORKS, micros(now), i64::MIN).await?;
        self.increment(address, &network.to_string(), micros(now), micros(since)).await?;
        Ok(total)
    }

    async fn forget_failures(
        &mut self,
        address: &EmailKey,
        network: Option<ClientNetwork>,
    ) -> Result<u32, StoreError> {
        let own = network.map(|network| network.to_string());
        let rows = std::iter::once(ALL_NETWORKS.to_owned()).chain(own);
        let forgotten = Entity::delete_many()
            .filter(Column::EmailKey.eq(address.as_str()))
            .filter(Column::Network.is_in(rows));
        if !self.needs_row_locks() {
            let gone = forgotten.exec_with_returning(&self.tx).await.map_err(store_error)?;
            let total = gone.iter().find(|row| row.network == ALL_NETWORKS);
            return total.map_or(Ok(0), |row| count(row.failures));
        }
        self.lock_user_by_email(address).await?;
        // Increment before the delete, so that other units wait for the row even if it is new.
        let incremented = self.increment(address, ALL_NETWORKS, i64::MIN, i64::MIN).await?;
        forgotten.exec(&self.tx).await.map_err(store_error)?;
        Ok(incremented.saturating_sub(1))
    }

    async fn purge_failures(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let networks = self.purge_networks(before, limit).await?;
        let account = Query::select()
            .expr(Expr::val(1))
            .from(user::Entity)
            .and_where(
                Expr::col((user::Entity, user::Column::EmailKey))
                    .equals((Entity, Column::EmailKey)),
            )
            .take();
        // Literals, to match the partial index. Locked rows are skipped: they are just counting a
        // new failure.
        let over: Vec<(String, bool)> = Entity::find()
            .select_only()
            .column(Column::EmailKey)
            .column_as(Expr::exists(account), "has_account")
            .filter(Expr::cust("network = '' AND NOT is_kept"))
            .filter(Column::LastFailedAt.lt(micros(before)))
            .order_by_asc(Column::LastFailedAt)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .into_tuple()
            .all(&self.tx)
            .await
            .map_err(store_error)?;
        let more = u64::try_from(over.len()).map_err(corrupt)? == u64::from(limit);
        let (accounts, unknown): (Vec<_>, Vec<_>) =
            over.into_iter().partition(|(_, has_account)| *has_account);
        let among = |addresses: Vec<(String, bool)>| {
            Column::EmailKey.is_in(addresses.into_iter().map(|(address, _)| address))
        };
        if !unknown.is_empty() {
            let gone = Entity::delete_many().filter(among(unknown));
            gone.exec(&self.tx).await.map_err(store_error)?;
        }
        if !accounts.is_empty() {
            // The next purge skips these rows; a new failure clears the flag.
            let kept = Entity::update_many().col_expr(Column::IsKept, Expr::value(true)).filter(
                Condition::all().add(Column::Network.eq(ALL_NETWORKS)).add(among(accounts)),
            );
            kept.exec(&self.tx).await.map_err(store_error)?;
        }
        Ok(more || networks)
    }
}
