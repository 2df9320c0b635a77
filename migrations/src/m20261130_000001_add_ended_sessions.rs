//! Recently ended sessions, for services that verify access tokens themselves.
//!
//! The previous version does not record ended sessions. During a rolling upgrade, such services
//! accept access tokens of these sessions until they expire, as before.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, uuid};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("ended_sessions")
            .col(uuid("session_id"))
            .col(big_integer("ended_at"))
            .primary_key(Index::create().name("pk_ended_sessions").col("session_id"))
            .to_owned();
        manager.create_table(table).await?;
        let order = Index::create()
            .name("ix_ended_sessions_order")
            .table("ended_sessions")
            .col("ended_at")
            .col("session_id")
            .take();
        manager.create_index(order).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table("ended_sessions").to_owned()).await
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}
