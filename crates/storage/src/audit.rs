//! The record of what happened: rows, reads and verbs.

use async_trait::async_trait;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait,
};
use time::OffsetDateTime;
use vestibule_domain::audit::{AuditEvent, Doer, EventKind};
use vestibule_domain::id::{EventId, UserId};
use vestibule_domain::ports::{Audit, StoreError};

use crate::columns::{caller, caller_columns, micros, moment};
use crate::entities::event::{ActiveModel, Column, DoerWord, Entity, Model};
use crate::error::{corrupt, store_error};
use crate::unit::SeaUnit;

fn event(row: &Model) -> Result<AuditEvent, StoreError> {
    let kind = EventKind::from_name(&row.kind);
    let by = match (row.doer, row.administrator_id) {
        (DoerWord::Holder, None) => Doer::Holder,
        (DoerWord::Administrator, Some(id)) => Doer::Administrator(UserId::from_uuid(id)),
        (DoerWord::Operator, None) => Doer::Operator,
        (DoerWord::Service, None) => Doer::Service,
        _ => return Err(corrupt(format!("event {} was done by half an administrator", row.id))),
    };
    Ok(AuditEvent {
        id: EventId::from_uuid(row.id),
        at: moment(row.at)?,
        kind: kind.ok_or_else(|| corrupt(format!("event {} is of no known kind", row.id)))?,
        user_id: row.user_id.map(UserId::from_uuid),
        by,
        caller: caller(row.ip.as_deref(), row.user_agent.as_deref())?,
    })
}

pub(crate) async fn list(
    db: &DatabaseConnection,
    user: Option<UserId>,
    before: Option<EventId>,
    limit: u32,
) -> Result<Vec<AuditEvent>, StoreError> {
    let mut select = Entity::find()
        // What a newer version has recorded, it will show.
        .filter(Column::Kind.is_in(EventKind::ALL.map(EventKind::name)))
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
impl Audit for SeaUnit {
    async fn record(&mut self, event: &AuditEvent) -> Result<(), StoreError> {
        let (doer, administrator) = match event.by {
            Doer::Holder => (DoerWord::Holder, None),
            Doer::Administrator(id) => (DoerWord::Administrator, Some(id)),
            Doer::Operator => (DoerWord::Operator, None),
            Doer::Service => (DoerWord::Service, None),
        };
        let (ip, user_agent) = caller_columns(&event.caller);
        let row = ActiveModel {
            id: Set(event.id.as_uuid()),
            at: Set(micros(event.at)),
            kind: Set(event.kind.name().to_owned()),
            user_id: Set(event.user_id.map(UserId::as_uuid)),
            doer: Set(doer),
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
