//! Ended sessions: the end of sessions, and the list of those that ended recently.

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait as _, DatabaseConnection,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::model::id::SessionId;
use vestibule_domain::model::session::EndedSession;
use vestibule_domain::ports::StoreError;

use crate::columns::{micros, moment};
use crate::entities::ended_session::{ActiveModel, Column, Entity, Model};
use crate::entities::{session, user};
use crate::error::store_error;
use crate::unit::SeaUnit;

/// Upper limit of the lifetime of access tokens.
const LONGEST_TOKEN: Duration = Duration::hours(25);

impl SeaUnit {
    /// Ends the sessions that match a condition, and returns their number.
    pub(crate) async fn end(
        &self,
        meant: Condition,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let ended = session::Entity::delete_many()
            .filter(meant)
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        self.record_ended(ended.iter().map(|session| session.id), now).await
    }

    async fn record_ended(
        &self,
        ids: impl Iterator<Item = Uuid>,
        now: OffsetDateTime,
    ) -> Result<u64, StoreError> {
        let row = |id| ActiveModel { session_id: Set(id), ended_at: Set(micros(now)) };
        let rows: Vec<ActiveModel> = ids.map(row).collect();
        let count = u64::try_from(rows.len()).unwrap_or(u64::MAX);
        if count > 0 {
            let insert = Entity::insert_many(rows).exec_without_returning(&self.tx);
            insert.await.map_err(store_error)?;
        }
        Ok(count)
    }

    /// Records the end of the sessions of a user, or of all users, before they are deleted. Skips
    /// sessions that cannot have a valid access token.
    pub(crate) async fn record_all_ended(
        &self,
        of: Option<Uuid>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut sessions = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .expr(Expr::value(micros(now)))
            // Issuing an access token updates `last_seen_at`.
            .filter(session::Column::LastSeenAt.gte(micros(now - LONGEST_TOKEN)));
        if let Some(user) = of {
            sessions = sessions.filter(session::Column::UserId.eq(user));
        }
        let insert = Query::insert()
            .into_table(Entity)
            .columns([Column::SessionId, Column::EndedAt])
            .select_from(sessions.into_query())
            .map_err(|error| StoreError::Corrupt(error.into()))?
            .to_owned();
        self.tx.execute(&insert).await.map_err(store_error)?;
        Ok(())
    }

    pub(crate) async fn forget_ended(
        &self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = u64::from(limit);
        let old = Entity::find()
            .select_only()
            .column(Column::SessionId)
            .filter(Column::EndedAt.lt(micros(before)))
            .limit(limit)
            .into_query();
        let forgotten = Entity::delete_many()
            .filter(Column::SessionId.in_subquery(old))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(forgotten.rows_affected == limit)
    }
}

pub(crate) async fn list(
    db: &DatabaseConnection,
    after: EndedSession,
    limit: u32,
) -> Result<Vec<EndedSession>, StoreError> {
    let place = (micros(after.ended_at), after.id.as_uuid());
    let later = Expr::tuple([Expr::col(Column::EndedAt), Expr::col(Column::SessionId)])
        .gt(Expr::tuple([Expr::value(place.0), Expr::value(place.1)]));
    let rows = Entity::find()
        .filter(later)
        .order_by_asc(Column::EndedAt)
        .order_by_asc(Column::SessionId)
        .limit(u64::from(limit))
        .all(db)
        .await
        .map_err(store_error)?;
    rows.iter().map(ended).collect()
}

fn ended(row: &Model) -> Result<EndedSession, StoreError> {
    Ok(EndedSession { ended_at: moment(row.ended_at)?, id: SessionId::from_uuid(row.session_id) })
}

pub(crate) async fn list_overtaken(
    db: &DatabaseConnection,
    since: OffsetDateTime,
    limit: u32,
) -> Result<Vec<SessionId>, StoreError> {
    // Ids of sessions are ordered by time of creation, which has no index itself.
    let first = SessionId::earliest(since).as_uuid();
    let ids: Vec<Uuid> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .inner_join(user::Entity)
        .filter(session::Column::Id.gte(first))
        .filter(session::Column::CreatedAt.gte(micros(since)))
        .filter(
            Expr::col((session::Entity, session::Column::CredentialsVersion))
                .ne(Expr::col((user::Entity, user::Column::CredentialsVersion))),
        )
        .limit(u64::from(limit))
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    Ok(ids.into_iter().map(SessionId::from_uuid).collect())
}
