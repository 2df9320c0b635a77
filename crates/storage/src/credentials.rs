//! Password hashes: reads and writes.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter};
use time::OffsetDateTime;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::ports::{CredentialStore, StoreError};

use crate::columns::micros;
use crate::entities::password::{ActiveModel, Column, Entity};
use crate::error::store_error;
use crate::unit::SeaUnit;

pub(crate) async fn find(
    db: &DatabaseConnection,
    id: UserId,
) -> Result<Option<PasswordHash>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid()).one(db).await.map_err(store_error)?;
    Ok(row.map(|row| PasswordHash::from_phc(row.hash)))
}

#[async_trait]
impl CredentialStore for SeaUnit {
    async fn set_password(
        &mut self,
        id: UserId,
        hash: &PasswordHash,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let row = ActiveModel {
            user_id: Set(id.as_uuid()),
            hash: Set(hash.as_phc().to_owned()),
            changed_at: Set(micros(now)),
        };
        let replace = OnConflict::column(Column::UserId)
            .update_columns([Column::Hash, Column::ChangedAt])
            .to_owned();
        Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn replace_hash(
        &mut self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<bool, StoreError> {
        // Lock the user first, as everywhere.
        if !self.lock_user(id, LockType::KeyShare).await? {
            return Ok(false);
        }
        // `changed_at` stays: the password is the same.
        let outcome = Entity::update_many()
            .col_expr(Column::Hash, Expr::value(new.as_phc()))
            .filter(Column::UserId.eq(id.as_uuid()))
            .filter(Column::Hash.eq(old.as_phc()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }
}
