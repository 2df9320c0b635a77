//! The sessions: rows, reads and verbs.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use vestibule_domain::id::{SessionId, UserId};
use vestibule_domain::ports::{Sessions, StoreError};
use vestibule_domain::session::Session;
use vestibule_domain::user::{CredentialEpoch, User};

use crate::columns::{caller, caller_columns, micros, moment};
use crate::entities::session::{ActiveModel, Column, Entity, Model};
use crate::entities::user;
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;
use crate::users;

fn session(row: &Model) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId::from_uuid(row.id),
        user_id: UserId::from_uuid(row.user_id),
        epoch: CredentialEpoch::from_stored(row.credential_epoch),
        created_at: moment(row.created_at)?,
        last_seen_at: moment(row.last_seen_at)?,
        expires_at: moment(row.expires_at)?,
        caller: caller(row.ip.as_deref(), row.user_agent.as_deref())?,
    })
}

/// One round trip: every authenticated request asks this.
pub(crate) async fn find(
    db: &DatabaseConnection,
    id: SessionId,
) -> Result<Option<(Session, User)>, StoreError> {
    let rows = Entity::find_by_id(id.as_uuid())
        .find_also_related(user::Entity)
        .one(db)
        .await
        .map_err(store_error)?;
    let Some((row, owner)) = rows else {
        return Ok(None);
    };
    let owner = owner.ok_or_else(|| corrupt(format!("session {id} has no user")))?;
    Ok(Some((session(&row)?, users::user(&owner)?)))
}

#[async_trait]
impl Sessions for SeaUnit {
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        // Asking the foreign key instead would end the transaction on PostgreSQL.
        if !self.lock_user(session.user_id, LockType::KeyShare).await? {
            return Ok(false);
        }
        let (ip, user_agent) = caller_columns(&session.caller);
        let row = ActiveModel {
            id: Set(session.id.as_uuid()),
            user_id: Set(session.user_id.as_uuid()),
            credential_epoch: Set(session.epoch.as_i64()),
            created_at: Set(micros(session.created_at)),
            last_seen_at: Set(micros(session.last_seen_at)),
            expires_at: Set(micros(session.expires_at)),
            ip: Set(ip),
            user_agent: Set(user_agent),
        };
        Entity::insert(row).exec_without_returning(&self.tx).await.map_err(store_error)?;
        Ok(true)
    }

    async fn end_session(&mut self, id: SessionId) -> Result<bool, StoreError> {
        let outcome =
            Entity::delete_by_id(id.as_uuid()).exec(&self.tx).await.map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        epoch: CredentialEpoch,
    ) -> Result<(), StoreError> {
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Id.ne(keep.as_uuid()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Entity::update_many()
            .col_expr(Column::CredentialEpoch, Expr::value(epoch.as_i64()))
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Id.eq(keep.as_uuid()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId) -> Result<(), StoreError> {
        Entity::delete_many()
            .filter(Column::UserId.eq(user.as_uuid()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}
