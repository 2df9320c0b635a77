//! Wrong passwords: rows, reads and verbs.
//!
//! Each address has a row for every network, and one for all together. Whoever counts or forgets
//! on a server raises the latter first and so holds it until their unit ends: units about one address
//! come one after the other, in the same way whether there is an account or not. On SQLite all units
//! do.

use async_trait::async_trait;
use sea_orm::sea_query::{
    CaseStatement, Expr, ExprTrait, LockBehavior, LockType, OnConflict, Query,
};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseConnection, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect,
};
use time::OffsetDateTime;
use vestibule_domain::caller::ClientNetwork;
use vestibule_domain::email::EmailKey;
use vestibule_domain::failures::FailureCount;
use vestibule_domain::ports::{Failures, StoreError};

use crate::columns::{micros, moment};
use crate::entities::failure::{ActiveModel, Column, Entity};
use crate::entities::user;
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

/// The network of the row for all networks; no other has an empty name.
const EVERYWHERE: &str = "";

fn count(failures: i32) -> Result<u32, StoreError> {
    u32::try_from(failures).map_err(corrupt)
}

/// One query: every sign-in asks this.
pub(crate) async fn find(
    db: &DatabaseConnection,
    address: &EmailKey,
    network: ClientNetwork,
) -> Result<FailureCount, StoreError> {
    let rows = Entity::find()
        .filter(Column::EmailKey.eq(address.as_str()))
        .filter(Column::Network.is_in([EVERYWHERE.to_owned(), network.to_string()]))
        .all(db)
        .await
        .map_err(store_error)?;
    let mut found = FailureCount::default();
    for row in rows {
        if row.network == EVERYWHERE {
            found.total = count(row.failures)?;
        } else {
            found.from_network = count(row.failures)?;
            found.last_from_network = Some(moment(row.last_failed_at)?);
        }
    }
    Ok(found)
}

impl SeaUnit {
    /// Keeps the user with that address, if there is one, until this unit ends: the user first, as
    /// everywhere. As strong as any change of a user needs, because most units here make one.
    async fn lock_addressee(&mut self, address: &EmailKey) -> Result<(), StoreError> {
        if !self.has_rivals() {
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

    /// Adds one to a count, which is the first if the last came before `since`; holds the row until
    /// this unit ends, and answers the new count.
    async fn raise(
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
        let raise = OnConflict::columns([Column::EmailKey, Column::Network])
            .value(Column::Failures, failures)
            .value(Column::LastFailedAt, last)
            .value(Column::IsKept, false)
            .to_owned();
        let raised = Entity::insert(row)
            .on_conflict(raise)
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        count(raised.failures)
    }
}

impl SeaUnit {
    /// Deletes the counts of networks that kept quiet, whosever address they tried.
    async fn purge_networks(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let over: Vec<(String, String)> = Entity::find()
            .select_only()
            .columns([Column::EmailKey, Column::Network])
            // A literal, as the partial index has it.
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
impl Failures for SeaUnit {
    async fn count_failure(
        &mut self,
        address: &EmailKey,
        network: ClientNetwork,
        now: OffsetDateTime,
        since: OffsetDateTime,
    ) -> Result<u32, StoreError> {
        self.lock_addressee(address).await?;
        let total = self.raise(address, EVERYWHERE, micros(now), i64::MIN).await?;
        self.raise(address, &network.to_string(), micros(now), micros(since)).await?;
        Ok(total)
    }

    async fn forget_failures(
        &mut self,
        address: &EmailKey,
        network: Option<ClientNetwork>,
    ) -> Result<u32, StoreError> {
        let own = network.map(|network| network.to_string());
        let rows = std::iter::once(EVERYWHERE.to_owned()).chain(own);
        let forgotten = Entity::delete_many()
            .filter(Column::EmailKey.eq(address.as_str()))
            .filter(Column::Network.is_in(rows));
        if !self.has_rivals() {
            let gone = forgotten.exec_with_returning(&self.tx).await.map_err(store_error)?;
            let total = gone.iter().find(|row| row.network == EVERYWHERE);
            return total.map_or(Ok(0), |row| count(row.failures));
        }
        self.lock_addressee(address).await?;
        // Raised, where others wait for it even if there was none, and gone in the next moment.
        let raised = self.raise(address, EVERYWHERE, i64::MIN, i64::MIN).await?;
        forgotten.exec(&self.tx).await.map_err(store_error)?;
        Ok(raised.saturating_sub(1))
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
        // Literals, as the partial index has them. Nobody is waited for: who counts at this moment
        // has just failed.
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
        let (accounts, strangers): (Vec<_>, Vec<_>) =
            over.into_iter().partition(|(_, has_account)| *has_account);
        let among = |addresses: Vec<(String, bool)>| {
            Column::EmailKey.is_in(addresses.into_iter().map(|(address, _)| address))
        };
        if !strangers.is_empty() {
            let gone = Entity::delete_many().filter(among(strangers));
            gone.exec(&self.tx).await.map_err(store_error)?;
        }
        if !accounts.is_empty() {
            // So that the next purge need not look at them; a new failure takes this back.
            let kept = Entity::update_many()
                .col_expr(Column::IsKept, Expr::value(true))
                .filter(Condition::all().add(Column::Network.eq(EVERYWHERE)).add(among(accounts)));
            kept.exec(&self.tx).await.map_err(store_error)?;
        }
        Ok(more || networks)
    }
}
