//! Which sessions have ended lately, for services that verify access tokens by themselves.
//!
//! A previous version that ends a session does not note it here: while nodes are replaced, such
//! services hear of it when its token expires, as before.

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
