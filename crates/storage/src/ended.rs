//! Sessions that have ended: ending them, and remembering that for a while.

use sea_orm::sea_query::{Expr, ExprTrait as _, Query};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait as _, DatabaseConnection,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::id::SessionId;
use vestibule_domain::ports::StoreError;
use vestibule_domain::session::EndedSession;

use crate::columns::{micros, moment};
use crate::entities::ended_session::{ActiveModel, Column, Entity, Model};
use crate::entities::{session, user};
use crate::error::store_error;
use crate::unit::SeaUnit;

/// No access token lives longer.
const LONGEST_TOKEN: Duration = Duration::hours(25);

impl SeaUnit {
    /// Ends the sessions that are meant, and answers how many there were.
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
        self.note_ended(ended.iter().map(|session| session.id), now).await
    }

    async fn note_ended(
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

    /// Notes that the sessions of a user, or of everybody, have ended, before they are deleted: those
    /// of which a token may be alive.
    pub(crate) async fn note_all_ended(
        &self,
        of: Option<Uuid>,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut sessions = session::Entity::find()
            .select_only()
            .column(session::Column::Id)
            .expr(Expr::value(micros(now)))
            // A token is made when its owner is seen.
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
    // Sessions are named in the order in which they begin, and there is no index on when that was.
    let first = SessionId::earliest(since).as_uuid();
    let ids: Vec<Uuid> = session::Entity::find()
        .select_only()
        .column(session::Column::Id)
        .inner_join(user::Entity)
        .filter(session::Column::Id.gte(first))
        .filter(session::Column::CreatedAt.gte(micros(since)))
        .filter(
            Expr::col((session::Entity, session::Column::CredentialEpoch))
                .ne(Expr::col((user::Entity, user::Column::CredentialEpoch))),
        )
        .limit(u64::from(limit))
        .into_tuple()
        .all(db)
        .await
        .map_err(store_error)?;
    Ok(ids.into_iter().map(SessionId::from_uuid).collect())
}
