//! The audit log: rows, reads and writes.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use time::OffsetDateTime;
use vestibule_domain::model::audit::{Actor, AuditAction, AuditEvent};
use vestibule_domain::model::id::{EventId, UserId};
use vestibule_domain::ports::{AuditStore, StoreError};

use crate::columns::{client, client_columns, micros, moment};
use crate::entities::audit_event::{ActiveModel, ActorName, Column, Entity, Model};
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

fn event(row: &Model) -> Result<AuditEvent, StoreError> {
    let kind = AuditAction::from_name(&row.kind);
    let by = match (row.actor, row.administrator_id) {
        (ActorName::Holder, None) => Actor::Client,
        (ActorName::Administrator, Some(id)) => Actor::Administrator(UserId::from_uuid(id)),
        (ActorName::Operator, None) => Actor::Operator,
        (ActorName::Service, None) => Actor::Service,
        _ => return Err(corrupt(format!("event {} has an inconsistent administrator", row.id))),
    };
    Ok(AuditEvent {
        id: EventId::from_uuid(row.id),
        at: moment(row.at)?,
        kind: kind.ok_or_else(|| corrupt(format!("event {} has an unknown kind", row.id)))?,
        user_id: row.user_id.map(UserId::from_uuid),
        by,
        client: client(row.ip.as_deref(), row.user_agent.as_deref())?,
    })
}

pub(crate) async fn list(
    db: &DatabaseConnection,
    user: Option<UserId>,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<AuditEvent>, StoreError> {
    let mut select = Entity::find()
        // Skip actions that only a newer version defines.
        .filter(Column::Kind.is_in(AuditAction::ALL.map(AuditAction::name)))
        .order_by_desc(Column::Id)
        .limit(u64::from(limit));
    if let Some(user) = user {
        select = select.filter(Column::UserId.eq(user.as_uuid()));
    }
    if let Some(before) = before {
        select = select.filter(Column::Id.lt(before.as_uuid()));
    }
    let rows = select.all(db).await.map_err(store_error)?;
    rows.iter().map(event).collect()
}

#[async_trait]
impl AuditStore for SeaUnit {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        let (actor, administrator) = match event.by {
            Actor::Client => (ActorName::Holder, None),
            Actor::Administrator(id) => (ActorName::Administrator, Some(id)),
            Actor::Operator => (ActorName::Operator, None),
            Actor::Service => (ActorName::Service, None),
        };
        let (ip, user_agent) = client_columns(&event.client);
        let row = ActiveModel {
            id: Set(event.id.as_uuid()),
            at: Set(micros(event.at)),
            kind: Set(event.kind.name().to_owned()),
            user_id: Set(event.user_id.map(UserId::as_uuid)),
            actor: Set(actor),
            administrator_id: Set(administrator.map(UserId::as_uuid)),
            ip: Set(ip),
            user_agent: Set(user_agent),
        };
        Entity::insert(row).exec_without_returning(&self.tx).await.map_err(store_error)?;
        Ok(())
    }

    async fn purge_events(
        &mut self,
        before: OffsetDateTime,
        limit: u32,
    ) -> Result<bool, StoreError> {
        let limit = u64::from(limit);
        let over = Entity::find().select_only().column(Column::Id);
        let over = over.filter(Column::At.lt(micros(before))).limit(limit).into_query();
        let outcome = Entity::delete_many()
            .filter(Column::Id.in_subquery(over))
            .exec(&self.tx)
            .await
            .map_err(store_error)?;
        Ok(outcome.rows_affected == limit)
    }
}
