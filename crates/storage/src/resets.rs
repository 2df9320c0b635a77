//! Password resets and reset requests: rows, reads and writes.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use time::OffsetDateTime;
use uuid::Uuid;
use vestibule_domain::model::email::EmailKey;
use vestibule_domain::model::id::{ResetId, ResetRequestId, UserId};
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::user::{CredentialsVersion, User};
use vestibule_domain::ports::{ResetStore, StoreError};

use crate::columns::{client, client_columns, micros, moment, moment_or_null, reset_id};
use crate::entities::reset::{ActiveModel, Column, Entity, Model};
use crate::entities::{reset_request, user};
use crate::error::{corrupt, store_error};
use crate::unit::{SeaUnit, TimedTransaction};
use crate::users;

fn reset(row: Model) -> Result<PasswordReset, StoreError> {
    Ok(PasswordReset {
        id: reset_id(row.id)?,
        user_id: UserId::from_uuid(row.user_id),
        email_key: EmailKey::from_stored(row.email_key),
        credentials_version: CredentialsVersion::from_stored(row.credentials_version),
        issued_at: moment(row.issued_at)?,
        expires_at: moment(row.expires_at)?,
        used_at: moment_or_null(row.used_at)?,
        superseded_at: moment_or_null(row.superseded_at)?,
        client: client(row.ip.as_deref(), row.user_agent.as_deref())?,
    })
}

fn request(row: reset_request::Model) -> Result<ResetRequest, StoreError> {
    Ok(ResetRequest {
        id: ResetRequestId::from_uuid(row.id),
        email_key: EmailKey::from_stored(row.email_key),
        requested_at: moment(row.requested_at)?,
        client: client(row.ip.as_deref(), row.user_agent.as_deref())?,
    })
}

/// Inserts one or more requests in one statement.
pub(crate) async fn insert_requests(
    tx: &TimedTransaction,
    requests: &[ResetRequest],
) -> Result<(), StoreError> {
    let rows = requests.iter().map(|request| {
        let (ip, user_agent) = client_columns(&request.client);
        reset_request::ActiveModel {
            id: Set(request.id.as_uuid()),
            email_key: Set(request.email_key.as_str().to_owned()),
            requested_at: Set(micros(request.requested_at)),
            ip: Set(ip),
            user_agent: Set(user_agent),
        }
    });
    let insert = reset_request::Entity::insert_many(rows);
    insert.exec_without_returning(tx).await.map_err(store_error)?;
    Ok(())
}

pub(crate) async fn find(
    db: &DatabaseConnection,
    id: ResetId,
) -> Result<Option<(PasswordReset, User)>, StoreError> {
    let rows = Entity::find_by_id(id.as_bytes().to_vec())
        .find_also_related(user::Entity)
        .one(db)
        .await
        .map_err(store_error)?;
    let Some((row, owner)) = rows else {
        return Ok(None);
    };
    let owner = owner.ok_or_else(|| corrupt("a reset has no user"))?;
    Ok(Some((reset(row)?, users::user(&owner)?)))
}

/// Returns a subquery for the user of the updated reset, if active and with the same credentials
/// version and email as when the reset was issued.
fn unchanged_owner() -> SelectStatement {
    let same = |theirs: user::Column, ours: Column| {
        Expr::col((user::Entity, theirs)).equals((Entity, ours))
    };
    Query::select()
        .expr(Expr::val(1))
        .from(user::Entity)
        .and_where(same(user::Column::Id, Column::UserId))
        .and_where(same(user::Column::CredentialsVersion, Column::CredentialsVersion))
        .and_where(same(user::Column::EmailKey, Column::EmailKey))
        .and_where(Expr::col((user::Entity, user::Column::IsActive)))
        .take()
}

#[async_trait]
impl ResetStore for SeaUnit {
    async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError> {
        insert_requests(&self.tx, std::slice::from_ref(request)).await
    }

    async fn take_reset_request(&mut self) -> Result<Option<ResetRequest>, StoreError> {
        // `=`, not `IN`: PostgreSQL then runs the locking query exactly once.
        let oldest = Query::select()
            .column(reset_request::Column::Id)
            .from(reset_request::Entity)
            .order_by(reset_request::Column::RequestedAt, sea_orm::Order::Asc)
            .order_by(reset_request::Column::Id, sea_orm::Order::Asc)
            .limit(1)
            .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
            .take();
        let taken = reset_request::Entity::delete_many()
            .filter(
                Expr::col(reset_request::Column::Id)
                    .eq(Expr::SubQuery(None, Box::new(oldest.into()))),
            )
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        taken.into_iter().next().map(request).transpose()
    }

    async fn recent_resets(
        &mut self,
        user: UserId,
        since: OffsetDateTime,
    ) -> Result<Vec<PasswordReset>, StoreError> {
        if !self.lock_user(user, LockType::NoKeyUpdate).await? {
            return Ok(Vec::new());
        }
        let rows = Entity::find()
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::IssuedAt.gte(micros(since)))
            .order_by_desc(Column::IssuedAt)
            .all(&self.tx)
            .await
            .map_err(store_error)?;
        rows.into_iter().map(reset).collect()
    }

    async fn insert_reset(&mut self, reset: &PasswordReset) -> Result<bool, StoreError> {
        if !self.lock_user(reset.user_id, LockType::NoKeyUpdate).await? {
            return Ok(false);
        }
        Entity::update_many()
            .col_expr(Column::SupersededAt, Expr::value(micros(reset.issued_at)))
            .filter(Column::UserId.eq(reset.user_id.as_uuid()))
            .filter(Column::UsedAt.is_null())
            .filter(Column::SupersededAt.is_null())
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        let (ip, user_agent) = client_columns(&reset.client);
        let row = ActiveModel {
            id: Set(reset.id.as_bytes().to_vec()),
            user_id: Set(reset.user_id.as_uuid()),
            email_key: Set(reset.email_key.as_str().to_owned()),
            credentials_version: Set(reset.credentials_version.as_i64()),
            issued_at: Set(micros(reset.issued_at)),
            expires_at: Set(micros(reset.expires_at)),
            used_at: Set(reset.used_at.map(micros)),
            superseded_at: Set(reset.superseded_at.map(micros)),
            ip: Set(ip),
            user_agent: Set(user_agent),
        };
        Entity::insert(row).exec_without_returning(&self.tx).await.map_err(store_error)?;
        Ok(true)
    }

    async fn spend_reset(
        &mut self,
        id: ResetId,
        now: OffsetDateTime,
    ) -> Result<Option<PasswordReset>, StoreError> {
        let id = id.as_bytes().to_vec();
        let owner: Option<Uuid> = Entity::find_by_id(id.clone())
            .select_only()
            .column(Column::UserId)
            .into_tuple()
            .one(&self.tx)
            .await
            .map_err(store_error)?;
        let Some(owner) = owner else {
            return Ok(None);
        };
        // The lock keeps the lock order, and makes the next statement see the current state of the
        // user. That statement decides.
        if !self.lock_user(UserId::from_uuid(owner), LockType::NoKeyUpdate).await? {
            return Ok(None);
        }
        let spent = Entity::update_many()
            .col_expr(Column::UsedAt, Expr::value(micros(now)))
            .filter(Column::Id.eq(id))
            .filter(Column::UsedAt.is_null())
            .filter(Column::SupersededAt.is_null())
            .filter(Column::ExpiresAt.gt(micros(now)))
            .filter(Expr::exists(unchanged_owner()))
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        spent.into_iter().next().map(reset).transpose()
    }
}
