//! The outbox: rows, reads and writes. Also the purge of old rows of several tables.

use async_trait::async_trait;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, DatabaseConnection, EntityTrait, Iterable,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};
use time::OffsetDateTime;
use uuid::Uuid;
use vestibule_domain::model::id::{LeaseId, MailId, UserId};
use vestibule_domain::model::mail::{
    Lease, Mail, MailFate, MailKind, MailRecord, MailState, QueuedMail,
};
use vestibule_domain::ports::{OutboxStore, StoreError};

use crate::columns::{client, client_columns, micros, moment, reset_id};
use crate::entities::outbox::{ActiveModel, Column, Entity, Kind, Model, State};
use crate::entities::{reset, session, user};
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;
use crate::users;

fn queued_mail(row: Model) -> Result<QueuedMail, StoreError> {
    let user_id = UserId::from_uuid(row.user_id);
    let client = || client(row.ip.as_deref(), row.user_agent.as_deref());
    let mail = match row.kind {
        Kind::Welcome => Mail::Welcome { user_id },
        Kind::ResetLink => {
            let id =
                row.reset_id.ok_or_else(|| corrupt(format!("mail {} has no reset", row.id)))?;
            Mail::ResetLink { user_id, reset_id: reset_id(id)? }
        }
        Kind::PasswordChanged => Mail::PasswordChanged { user_id, client: client()? },
        Kind::PasswordDisabled => Mail::PasswordDisabled { user_id, client: client()? },
        Kind::SignInAfterFailures => Mail::SignInAfterFailures { user_id, client: client()? },
        Kind::RefreshTokenReused => Mail::RefreshTokenReused { user_id, client: client()? },
    };
    Ok(QueuedMail {
        id: MailId::from_uuid(row.id),
        mail,
        queued_at: moment(row.queued_at)?,
        attempts: u32::try_from(row.attempts).map_err(corrupt)?,
    })
}

fn columns(mail: &QueuedMail) -> Result<ActiveModel, StoreError> {
    let no_client = (None, None);
    let (kind, reset_id, (ip, user_agent)) = match &mail.mail {
        Mail::Welcome { .. } => (Kind::Welcome, None, no_client),
        Mail::ResetLink { reset_id, .. } => {
            (Kind::ResetLink, Some(reset_id.as_bytes().to_vec()), no_client)
        }
        Mail::PasswordChanged { client, .. } => {
            (Kind::PasswordChanged, None, client_columns(client))
        }
        Mail::PasswordDisabled { client, .. } => {
            (Kind::PasswordDisabled, None, client_columns(client))
        }
        Mail::SignInAfterFailures { client, .. } => {
            (Kind::SignInAfterFailures, None, client_columns(client))
        }
        Mail::RefreshTokenReused { client, .. } => {
            (Kind::RefreshTokenReused, None, client_columns(client))
        }
    };
    Ok(ActiveModel {
        id: Set(mail.id.as_uuid()),
        kind: Set(kind),
        user_id: Set(mail.mail.user_id().as_uuid()),
        reset_id: Set(reset_id),
        ip: Set(ip),
        user_agent: Set(user_agent),
        queued_at: Set(micros(mail.queued_at)),
        attempts: Set(i32::try_from(mail.attempts).map_err(corrupt)?),
        next_attempt_at: Set(micros(mail.queued_at)),
        lease_id: Set(None),
        leased_until: Set(None),
        state: Set(State::Queued),
        finished_at: Set(None),
        last_error: Set(None),
    })
}

fn record(row: Model, owner: Option<user::Model>) -> Result<MailRecord, StoreError> {
    let owner = owner.ok_or_else(|| corrupt(format!("mail {} has no user", row.id)))?;
    let finished = || {
        let at = row.finished_at;
        moment(at.ok_or_else(|| corrupt(format!("mail {} has no end time", row.id)))?)
    };
    let state = match row.state {
        State::Queued => MailState::Waiting { due_at: moment(row.next_attempt_at)? },
        State::Sent => MailState::Sent { at: finished()? },
        State::Failed => MailState::Failed { at: finished()? },
        State::Withdrawn => MailState::Withdrawn { at: finished()? },
    };
    Ok(MailRecord {
        id: MailId::from_uuid(row.id),
        kind: match row.kind {
            Kind::Welcome => MailKind::Welcome,
            Kind::ResetLink => MailKind::ResetLink,
            Kind::PasswordChanged => MailKind::PasswordChanged,
            Kind::PasswordDisabled => MailKind::PasswordDisabled,
            Kind::SignInAfterFailures => MailKind::SignInAfterFailures,
            Kind::RefreshTokenReused => MailKind::RefreshTokenReused,
        },
        to: users::user(&owner)?.email,
        state,
        attempts: u32::try_from(row.attempts).map_err(corrupt)?,
        queued_at: moment(row.queued_at)?,
        last_error: row.last_error,
    })
}

pub(crate) async fn list(
    db: &DatabaseConnection,
    before: Option<MailId>,
    limit: u32,
) -> Result<Vec<MailRecord>, StoreError> {
    let mut select = Entity::find()
        // As in `claim_mails`: skip kinds that only a newer version defines.
        .filter(Column::Kind.is_in(Kind::iter()))
        .order_by_desc(Column::Id)
        .limit(u64::from(limit));
    if let Some(before) = before {
        select = select.filter(Column::Id.lt(before.as_uuid()));
    }
    let rows = select.find_also_related(user::Entity).all(db).await.map_err(store_error)?;
    rows.into_iter().map(|(row, owner)| record(row, owner)).collect()
}

/// Removes NUL, which PostgreSQL does not accept in text and an SMTP server may send.
fn printable(reason: &str) -> String {
    reason.replace('\0', "")
}

/// Returns the condition that a mail is not leased at `now`.
fn unclaimed(now: i64) -> Condition {
    Condition::any().add(Column::LeasedUntil.is_null()).add(Column::LeasedUntil.lte(now))
}

#[async_trait]
impl OutboxStore for SeaUnit {
    async fn enqueue(&mut self, mail: &QueuedMail) -> Result<(), StoreError> {
        Entity::insert(columns(mail)?)
            .exec_without_returning(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    async fn claim_mails(
        &mut self,
        now: OffsetDateTime,
        lease: Lease,
        limit: u32,
    ) -> Result<Vec<QueuedMail>, StoreError> {
        let due_at = now;
        let now = micros(now);
        // The state is a literal: with a parameter, SQLite would not use the partial index.
        // Two statements on purpose: in one, PostgreSQL may run the locking query again for every
        // joined row, and claim more than `limit`.
        let due: Vec<Uuid> = Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Expr::col(Column::State).eq(Expr::cust("'queued'")))
            // A newer version may have queued kinds that this one cannot render; it will send them.
            .filter(Column::Kind.is_in(Kind::iter()))
            .filter(Column::NextAttemptAt.lte(now))
            .filter(unclaimed(now))
            .order_by_asc(Column::NextAttemptAt)
            .order_by_asc(Column::Id)
            .limit(u64::from(limit))
            .lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked)
            .into_tuple()
            .all(&self.tx)
            .await
            .map_err(store_error)?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let mut claimed = Entity::update_many()
            .col_expr(Column::LeaseId, Expr::value(lease.id.as_uuid()))
            .col_expr(Column::LeasedUntil, Expr::value(micros(lease.until)))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Id.is_in(due))
            .exec_with_returning(&self.tx)
            .await
            .map_err(store_error)?;
        // `RETURNING` does not guarantee an order.
        claimed.sort_by_key(|row| (row.next_attempt_at, row.id));
        let mut mails = Vec::with_capacity(claimed.len());
        for row in claimed {
            let id = row.id;
            match queued_mail(row) {
                Ok(mail) => mails.push(mail),
                // One unreadable row must not prevent the claim of the others.
                Err(error) => {
                    tracing::error!(mail_id = %id, ?error, "cannot read queued mail");
                    let reason = "the row cannot be read".to_owned();
                    let fate = MailFate::Failed { reason };
                    self.settle_mail(MailId::from_uuid(id), lease.id, &fate, due_at).await?;
                }
            }
        }
        Ok(mails)
    }

    async fn settle_mail(
        &mut self,
        id: MailId,
        lease: LeaseId,
        fate: &MailFate,
        now: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        let ended =
            ActiveModel { lease_id: Set(None), leased_until: Set(None), ..Default::default() };
        let finished = |state, reason: Option<&str>| ActiveModel {
            state: Set(state),
            finished_at: Set(Some(micros(now))),
            last_error: Set(reason.map(printable)),
            ..ended.clone()
        };
        let changes = match fate {
            MailFate::Sent => finished(State::Sent, None),
            MailFate::Failed { reason } => finished(State::Failed, Some(reason)),
            MailFate::Withdrawn => finished(State::Withdrawn, None),
            MailFate::Retry { at, reason } => ActiveModel {
                next_attempt_at: Set(micros(*at)),
                last_error: Set(Some(printable(reason))),
                ..ended.clone()
            },
        };
        let outcome = Entity::update_many()
            .set(changes)
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(Column::LeaseId.eq(lease.as_uuid()))
            .filter(Column::State.eq(State::Queued))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn requeue_mail(&mut self, id: MailId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let now = micros(now);
        let anew = ActiveModel {
            attempts: Set(0),
            next_attempt_at: Set(now),
            lease_id: Set(None),
            leased_until: Set(None),
            state: Set(State::Queued),
            finished_at: Set(None),
            last_error: Set(None),
            ..Default::default()
        };
        let outcome = Entity::update_many()
            .set(anew)
            .filter(Column::Id.eq(id.as_uuid()))
            .filter(unclaimed(now))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected > 0)
    }

    async fn purge(&mut self, before: OffsetDateTime, limit: u32) -> Result<bool, StoreError> {
        let (before, limit) = (micros(before), u64::from(limit));
        let mails = Entity::find().select_only().column(Column::Id);
        let mails = mails.filter(Column::FinishedAt.lt(before)).limit(limit).into_query();
        let mails = Entity::delete_many().filter(Column::Id.in_subquery(mails));
        // Deletes also the unsent mails of expired links, through the foreign key.
        let resets = reset::Entity::find().select_only().column(reset::Column::Id);
        let resets = resets.filter(reset::Column::ExpiresAt.lt(before)).limit(limit).into_query();
        let resets = reset::Entity::delete_many().filter(reset::Column::Id.in_subquery(resets));
        let sessions = session::Entity::find().select_only().column(session::Column::Id);
        let sessions =
            sessions.filter(session::Column::ExpiresAt.lt(before)).limit(limit).into_query();
        let sessions =
            session::Entity::delete_many().filter(session::Column::Id.in_subquery(sessions));

        let deleted = [
            mails.exec(&self.tx).await.map_err(store_error)?.rows_affected,
            resets.exec(&self.tx).await.map_err(store_error)?.rows_affected,
            sessions.exec(&self.tx).await.map_err(store_error)?.rows_affected,
        ];
        if deleted[2] > 0 {
            self.touched.all_users();
        }
        Ok(deleted.contains(&limit))
    }
}
