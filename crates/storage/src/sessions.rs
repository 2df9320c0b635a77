//! Sessions: rows, reads and writes.

use async_trait::async_trait;
use sea_orm::sea_query::{CaseStatement, Expr, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseConnection, DbErr, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, Select, SqlErr,
};
use time::OffsetDateTime;
use uuid::Uuid;
use vestibule_domain::model::id::{SessionId, UserId};
use vestibule_domain::model::refresh_token::{Refresh, Rotation, RotationNonce};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::Session;
use vestibule_domain::model::user::{CredentialsVersion, User};
use vestibule_domain::ports::{SessionStore, StoreError};

use crate::columns::{client, client_columns, digest, digest_column, micros, moment};
use crate::entities::session::{ActiveModel, Column, Entity, Model};
use crate::entities::user;
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;
use crate::users;

/// Reads the state of the refresh tokens of a session.
fn refresh(row: &Model) -> Result<Option<Refresh>, StoreError> {
    let broken = || corrupt(format!("session {} has an incomplete refresh token", row.id));
    let rotation = match (&row.refresh_from_digest, &row.refresh_nonce, row.refreshed_at) {
        (Some(from), Some(nonce), Some(at)) => {
            let nonce = <[u8; 32]>::try_from(nonce.as_slice()).map_err(corrupt)?;
            let nonce = RotationNonce::from_bytes(nonce);
            Some(Rotation { from: digest(from.clone())?, nonce, at: moment(at)? })
        }
        (None, None, None) => None,
        _ => return Err(broken()),
    };
    match (&row.refresh_family_digest, &row.refresh_digest) {
        (Some(family), Some(current)) => {
            let (family, current) = (digest(family.clone())?, digest(current.clone())?);
            Ok(Some(Refresh { family, current, rotation }))
        }
        (None, None) if rotation.is_none() => Ok(None),
        _ => Err(broken()),
    }
}

fn session(row: Model) -> Result<Session, StoreError> {
    Ok(Session {
        refresh: refresh(&row)?,
        id: SessionId::from_uuid(row.id),
        user_id: UserId::from_uuid(row.user_id),
        credentials_version: CredentialsVersion::from_stored(row.credentials_version),
        created_at: moment(row.created_at)?,
        authenticated_at: moment(row.authenticated_at)?,
        last_seen_at: moment(row.last_seen_at)?,
        expires_at: moment(row.expires_at)?,
        client: client(row.ip.as_deref(), row.user_agent.as_deref())?,
        browser_key: row.browser_key_digest.map(digest).transpose()?,
    })
}

/// Reads a session and its user in one round trip, because every authenticated request does.
async fn find_one(
    db: &DatabaseConnection,
    select: Select<Entity>,
) -> Result<Option<(Session, User)>, StoreError> {
    let rows = select.find_also_related(user::Entity).one(db).await.map_err(store_error)?;
    let Some((row, owner)) = rows else {
        return Ok(None);
    };
    let owner = owner.ok_or_else(|| corrupt(format!("session {} has no user", row.id)))?;
    Ok(Some((session(row)?, users::user(&owner)?)))
}

pub(crate) async fn find(
    db: &DatabaseConnection,
    id: SessionId,
) -> Result<Option<(Session, User)>, StoreError> {
    find_one(db, Entity::find_by_id(id.as_uuid())).await
}

pub(crate) async fn find_by_browser_key(
    db: &DatabaseConnection,
    key: &SecretDigest,
) -> Result<Option<(Session, User)>, StoreError> {
    find_one(db, Entity::find().filter(Column::BrowserKeyDigest.eq(digest_column(key)))).await
}

pub(crate) async fn find_by_family(
    db: &DatabaseConnection,
    family: &SecretDigest,
) -> Result<Option<(Session, User)>, StoreError> {
    find_one(db, Entity::find().filter(Column::RefreshFamilyDigest.eq(digest_column(family)))).await
}

pub(crate) async fn list(
    db: &DatabaseConnection,
    user: UserId,
) -> Result<Vec<Session>, StoreError> {
    let rows = Entity::find()
        .filter(Column::UserId.eq(user.as_uuid()))
        .order_by_desc(Column::LastSeenAt)
        .order_by_desc(Column::Id)
        .all(db)
        .await
        .map_err(store_error)?;
    rows.into_iter().map(session).collect()
}

/// Returns an expression for the later of `last_seen_at` and `seen_at`.
fn last_seen_by(seen_at: OffsetDateTime) -> Expr {
    let seen_at = micros(seen_at);
    let later = CaseStatement::new()
        .case(Column::LastSeenAt.lt(seen_at), seen_at)
        .finally(Expr::col(Column::LastSeenAt));
    later.into()
}

/// Returns `true` if a row was refused because its user does not exist.
fn is_missing_user(error: &DbErr) -> bool {
    matches!(error.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_)))
}

impl SeaUnit {
    /// Locks the user of a session until the end of this unit, before the session itself is
    /// changed. Returns `false` if the session is known not to exist.
    async fn lock_owner(&mut self, id: SessionId, strength: LockType) -> Result<bool, StoreError> {
        if !self.needs_row_locks() {
            return Ok(true);
        }
        let owner: Option<Uuid> = Entity::find_by_id(id.as_uuid())
            .select_only()
            .column(Column::UserId)
            .into_tuple()
            .one(&self.tx)
            .await
            .map_err(store_error)?;
        match owner {
            Some(owner) => self.lock_user(UserId::from_uuid(owner), strength).await,
            None => Ok(false),
        }
    }
}

#[async_trait]
impl SessionStore for SeaUnit {
    async fn insert_session(&mut self, session: &Session) -> Result<bool, StoreError> {
        // On PostgreSQL, a violation of the foreign key would abort the transaction.
        if self.needs_row_locks() && !self.lock_user(session.user_id, LockType::KeyShare).await? {
            return Ok(false);
        }
        let (ip, user_agent) = client_columns(&session.client);
        let refresh = session.refresh.as_ref();
        let rotation = refresh.and_then(|refresh| refresh.rotation);
        let row = ActiveModel {
            id: Set(session.id.as_uuid()),
            user_id: Set(session.user_id.as_uuid()),
            credentials_version: Set(session.credentials_version.as_i64()),
            created_at: Set(micros(session.created_at)),
            last_seen_at: Set(micros(session.last_seen_at)),
            expires_at: Set(micros(session.expires_at)),
            ip: Set(ip),
            user_agent: Set(user_agent),
            authenticated_at: Set(micros(session.authenticated_at)),
            browser_key_digest: Set(session.browser_key.as_ref().map(digest_column)),
            refresh_family_digest: Set(refresh.map(|refresh| digest_column(&refresh.family))),
            refresh_digest: Set(refresh.map(|refresh| digest_column(&refresh.current))),
            refresh_from_digest: Set(rotation.map(|rotation| digest_column(&rotation.from))),
            refresh_nonce: Set(rotation.map(|rotation| rotation.nonce.as_bytes().to_vec())),
            refreshed_at: Set(rotation.map(|rotation| micros(rotation.at))),
        };
        match Entity::insert(row).exec_without_returning(&self.tx).await {
            Ok(_) => Ok(true),
            Err(error) if is_missing_user(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn touch_session(
        &mut self,
        id: SessionId,
        seen_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.touched.session(id);
        if !self.lock_owner(id, LockType::KeyShare).await? {
            return Ok(false);
        }
        let outcome = Entity::update_many()
            .col_expr(Column::LastSeenAt, last_seen_by(seen_at))
            .filter(Column::Id.eq(id.as_uuid()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn renew_session(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        key: Option<SecretDigest>,
        authenticated_at: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.touched.session(id);
        // The failed sign-ins are deleted next, which needs a lock as strong; upgrading the lock
        // later could deadlock with other units.
        if !self.lock_owner(id, LockType::NoKeyUpdate).await? {
            return Ok(false);
        }
        let key = key.as_ref().map(digest_column);
        let outcome = Entity::update_many()
            .col_expr(Column::BrowserKeyDigest, Expr::value(key))
            .col_expr(Column::AuthenticatedAt, Expr::value(micros(authenticated_at)))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::CredentialsVersion.eq(credentials_version.as_i64()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn rotate_refresh(
        &mut self,
        id: SessionId,
        credentials_version: CredentialsVersion,
        successor: SecretDigest,
        rotation: &Rotation,
    ) -> Result<bool, StoreError> {
        self.touched.session(id);
        if !self.lock_owner(id, LockType::KeyShare).await? {
            return Ok(false);
        }
        let Rotation { from, nonce, at } = rotation;
        let outcome = Entity::update_many()
            .col_expr(Column::RefreshDigest, Expr::value(digest_column(&successor)))
            .col_expr(Column::RefreshFromDigest, Expr::value(digest_column(from)))
            .col_expr(Column::RefreshNonce, Expr::value(nonce.as_bytes().to_vec()))
            .col_expr(Column::RefreshedAt, Expr::value(micros(*at)))
            .col_expr(Column::LastSeenAt, last_seen_by(*at))
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::CredentialsVersion.eq(credentials_version.as_i64()))
            .filter(Column::RefreshDigest.eq(digest_column(from)))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn end_session(
        &mut self,
        id: SessionId,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        self.touched.session(id);
        if !self.lock_owner(id, LockType::KeyShare).await? {
            return Ok(false);
        }
        Ok(self.end(Condition::all().add(Column::Id.eq(id.as_uuid())), now).await? > 0)
    }

    async fn keep_only_session(
        &mut self,
        user: UserId,
        keep: SessionId,
        credentials_version: CredentialsVersion,
        now: OffsetDateTime,
    ) -> Result<Option<u64>, StoreError> {
        self.touched.user(user);
        // Prevents a deadlock of two sessions that end each other.
        if !self.lock_user(user, LockType::NoKeyUpdate).await? {
            return Ok(None);
        }
        let kept = Entity::update_many()
            .col_expr(Column::CredentialsVersion, Expr::value(credentials_version.as_i64()))
            .filter(Column::UserId.eq(user.as_uuid()))
            .filter(Column::Id.eq(keep.as_uuid()))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        if kept.rows_affected == 0 {
            return Ok(None);
        }
        let others = of(user).add(Column::Id.ne(keep.as_uuid()));
        Ok(Some(self.end(others, now).await?))
    }

    async fn keep_newest_sessions(
        &mut self,
        user: UserId,
        keep: u32,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let own = || Entity::find().filter(Column::UserId.eq(user.as_uuid()));
        let oldest_kept: Option<Uuid> = own()
            .select_only()
            .column(Column::Id)
            .order_by_desc(Column::Id)
            .offset(u64::from(keep.saturating_sub(1)))
            .limit(1)
            .into_tuple()
            .one(&self.tx)
            .await
            .map_err(store_error)?;
        let Some(oldest_kept) = oldest_kept else { return Ok(()) };
        self.touched.user(user);
        // Few accounts get here, so that only these are locked.
        if self.lock_user(user, LockType::NoKeyUpdate).await? {
            self.end(of(user).add(Column::Id.lt(oldest_kept)), now).await?;
        }
        Ok(())
    }

    async fn end_sessions(&mut self, user: UserId, now: OffsetDateTime) -> Result<(), StoreError> {
        self.touched.user(user);
        self.end(of(user), now).await?;
        Ok(())
    }

    async fn forget_ended_sessions(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        self.forget_ended(before, limit).await
    }
}

/// Returns a condition for the sessions of a user.
fn of(user: UserId) -> Condition {
    Condition::all().add(Column::UserId.eq(user.as_uuid()))
}
