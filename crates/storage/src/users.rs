//! Users: rows, reads and writes.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr, LockType, OnConflict, Value};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait as _, DatabaseConnection, DbBackend,
    EntityTrait, QueryFilter, QueryOrder, QuerySelect, TryInsertResult,
};
use time::OffsetDateTime;
use vestibule_domain::model::email::{EmailAddress, EmailKey, MAX_EMAIL_BYTES};
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::user::{CredentialsVersion, User, UserFilter};
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::{Insertion, SignInFailureStore, StoreError, UserStore};

use crate::columns::{micros, moment};
use crate::entities::user::{ActiveModel, Column, Entity, Model};
use crate::entities::{password, reset, session};
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

/// Number of attempts of an insertion whose conflicting user is deleted meanwhile.
const INSERTIONS: u32 = 3;

/// Maximum length of a key: an email has 254 bytes, and case folding and A-labels less than
/// quadruple it.
const LONGEST_KEY: usize = 4 * MAX_EMAIL_BYTES;

/// Reads a user.
pub(crate) fn user(row: &Model) -> Result<User, StoreError> {
    let email = EmailAddress::parse(&row.email).map_err(corrupt)?;
    if email.key().as_str() != row.email_key {
        return Err(corrupt(format!("user {} has an email with a different key", row.id)));
    }
    let username = Username::parse(&row.username).map_err(corrupt)?;
    if username.key() != row.username_key {
        return Err(corrupt(format!("user {} has a username with a different key", row.id)));
    }
    let language = row.language.as_deref().map(|tag| {
        let language = Language::from_tag(tag);
        language.ok_or_else(|| corrupt(format!("user {} has an unknown language", row.id)))
    });
    Ok(User {
        id: UserId::from_uuid(row.id),
        email,
        username,
        is_active: row.is_active,
        is_admin: row.is_admin,
        language: language.transpose()?,
        credentials_version: CredentialsVersion::from_stored(row.credentials_version),
        created_at: moment(row.created_at)?,
    })
}

pub(crate) async fn find(db: &DatabaseConnection, id: UserId) -> Result<Option<User>, StoreError> {
    let row = Entity::find_by_id(id.as_uuid()).one(db).await.map_err(store_error)?;
    row.as_ref().map(user).transpose()
}

pub(crate) async fn find_by_email(
    db: &DatabaseConnection,
    key: &EmailKey,
) -> Result<Option<(User, Option<PasswordHash>)>, StoreError> {
    let rows = Entity::find()
        .filter(Column::EmailKey.eq(key.as_str()))
        .find_also_related(password::Entity)
        .one(db)
        .await
        .map_err(store_error)?;
    rows.map(|(row, password)| {
        Ok((user(&row)?, password.map(|password| PasswordHash::from_phc(password.hash))))
    })
    .transpose()
}

pub(crate) async fn list(
    db: &DatabaseConnection,
    filter: &UserFilter,
    after: Option<UserId>,
    limit: u32,
) -> Result<Vec<User>, StoreError> {
    let mut select = Entity::find().order_by_asc(Column::Id).limit(u64::from(limit));
    if let Some(after) = after {
        select = select.filter(Column::Id.gt(after.as_uuid()));
    }
    if let Some(text) = &filter.text {
        let Some(pattern) = pattern(text) else {
            return Ok(Vec::new());
        };
        // Keys and the text are case-folded, so that the comparison can be exact.
        let found = Condition::any()
            .add(Column::EmailKey.like(pattern.clone()))
            .add(Column::UsernameKey.like(pattern));
        select = select.filter(found);
    }
    if filter.admins_only {
        // Written as in the partial index.
        select = select.filter(Expr::col((Entity, Column::IsAdmin)));
    }
    let rows = select.all(db).await.map_err(store_error)?;
    rows.iter().map(user).collect()
}

/// Returns the `LIKE` pattern for keys that contain a text; `None` if no key can.
fn pattern(text: &str) -> Option<LikeExpr> {
    const ESCAPE: char = '\\';
    // NUL ends a text on SQLite and is invalid on PostgreSQL; the length of patterns is limited.
    if text.contains('\0') || text.len() > LONGEST_KEY {
        return None;
    }
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | ESCAPE) {
            pattern.push(ESCAPE);
        }
        pattern.push(character);
    }
    pattern.push('%');
    Some(LikeExpr::new(pattern).escape(ESCAPE))
}

impl SeaUnit {
    /// Locks a user until the end of this unit. Returns `false` if the user does not exist.
    ///
    /// Every unit that changes rows of a user calls this first, which prevents deadlocks.
    pub(crate) async fn lock_user(
        &mut self,
        id: UserId,
        strength: LockType,
    ) -> Result<bool, StoreError> {
        let found = Entity::find_by_id(id.as_uuid())
            .select_only()
            .column(Column::Id)
            .lock(strength)
            .into_tuple::<uuid::Uuid>()
            .one(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(found.is_some())
    }

    /// Updates a column of a user.
    async fn set_column(
        &mut self,
        id: UserId,
        column: Column,
        value: impl Into<Value> + Send,
    ) -> Result<bool, StoreError> {
        self.touched.user(id);
        let outcome = Entity::update_many()
            .col_expr(column, Expr::value(value))
            .filter(Column::Id.eq(id.as_uuid()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    /// Finds the conflict of a user that could not be inserted.
    async fn find_conflict(&mut self, user: &User) -> Result<Option<Insertion>, StoreError> {
        let same_key = Column::EmailKey.eq(user.email.key().as_str());
        let same_name = Column::UsernameKey.eq(user.username.key());
        let keys: Vec<String> = Entity::find()
            .select_only()
            .column(Column::EmailKey)
            .filter(Condition::any().add(same_key).add(same_name))
            .into_tuple()
            .all(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(if keys.iter().any(|key| key == user.email.key().as_str()) {
            Some(Insertion::EmailTaken)
        } else if keys.is_empty() {
            None
        } else {
            Some(Insertion::UsernameTaken)
        })
    }
}

#[async_trait]
impl UserStore for SeaUnit {
    async fn insert_user(&mut self, user: &User) -> Result<Insertion, StoreError> {
        for _ in 0..INSERTIONS {
            let row = ActiveModel {
                id: Set(user.id.as_uuid()),
                email: Set(user.email.as_str().to_owned()),
                email_key: Set(user.email.key().as_str().to_owned()),
                username: Set(user.username.as_str().to_owned()),
                username_key: Set(user.username.key()),
                is_active: Set(user.is_active),
                is_admin: Set(user.is_admin),
                credentials_version: Set(user.credentials_version.as_i64()),
                created_at: Set(micros(user.created_at)),
                language: Set(user.language.map(|language| language.tag().to_owned())),
            };
            // On PostgreSQL, an error would abort the transaction; a conflict must not.
            let outcome = Entity::insert(row)
                .on_conflict(OnConflict::new().do_nothing().to_owned())
                .try_insert()
                .exec_without_returning(&self.tx)
                .await
                .map_err(store_error)?;
            if matches!(outcome, TryInsertResult::Inserted(1..)) {
                return Ok(Insertion::Inserted);
            }
            if let Some(conflict) = self.find_conflict(user).await? {
                return Ok(conflict);
            }
        }
        Err(corrupt(format!("user {} cannot be added, but no user conflicts", user.id)))
    }

    async fn advance_credentials_version(
        &mut self,
        id: UserId,
        from: CredentialsVersion,
    ) -> Result<bool, StoreError> {
        self.touched.user(id);
        let outcome = Entity::update_many()
            .col_expr(Column::CredentialsVersion, Expr::value(from.next().as_i64()))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::CredentialsVersion.eq(from.as_i64()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn revoke_everything(&mut self, now: OffsetDateTime) -> Result<u64, StoreError> {
        self.touched.all_users();
        self.tx.without_timeout().await.map_err(store_error)?;
        if self.tx.get_database_backend() == DbBackend::Postgres {
            // No session may start or end between the record and the deletion. The table is locked
            // before any row, to prevent deadlocks.
            let alone = "LOCK TABLE sessions IN EXCLUSIVE MODE";
            self.tx.execute_unprepared(alone).await.map_err(store_error)?;
        }
        let next = Expr::col(Column::CredentialsVersion).add(1);
        let users = Entity::update_many()
            .col_expr(Column::CredentialsVersion, next)
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        self.record_all_ended(None, now).await?;
        session::Entity::delete_many().exec(&self.tx).await.map_err(store_error)?;
        reset::Entity::update_many()
            .col_expr(reset::Column::SupersededAt, Expr::value(micros(now)))
            .filter(reset::Column::UsedAt.is_null())
            .filter(reset::Column::SupersededAt.is_null())
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(users.rows_affected)
    }

    async fn lock_users(&mut self, ids: &[UserId]) -> Result<Vec<User>, StoreError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let rows = Entity::find()
            .filter(Column::Id.is_in(ids.iter().map(|id| id.as_uuid())))
            // The same order everywhere prevents deadlocks.
            .order_by_asc(Column::Id)
            .lock(LockType::Update)
            .all(&self.tx)
            .await
            .map_err(store_error)?;
        rows.iter().map(user).collect()
    }

    async fn set_active(&mut self, id: UserId, active: bool) -> Result<bool, StoreError> {
        self.set_column(id, Column::IsActive, active).await
    }

    async fn set_admin(&mut self, id: UserId, admin: bool) -> Result<bool, StoreError> {
        self.set_column(id, Column::IsAdmin, admin).await
    }

    async fn set_language(&mut self, id: UserId, language: Language) -> Result<bool, StoreError> {
        self.set_column(id, Column::Language, language.tag()).await
    }

    async fn delete_user(&mut self, id: UserId, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.touched.user(id);
        // Lock the user first, as everywhere.
        if !self.lock_user(id, LockType::Update).await? {
            return Ok(false);
        }
        self.record_all_ended(Some(id.as_uuid()), now).await?;
        // The foreign keys delete the user's other rows.
        let deleted = Entity::delete_many()
            .filter(Column::Id.eq(id.as_uuid()))
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        let Some(deleted) = deleted.into_iter().next() else {
            return Ok(false);
        };
        self.forget_failures(&EmailKey::from_stored(deleted.email_key), None).await?;
        Ok(true)
    }
}
