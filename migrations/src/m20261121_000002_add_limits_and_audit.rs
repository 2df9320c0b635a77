//! Refresh tokens, failed sign-ins, and audit events.
//!
//! New columns are nullable or in new tables, so that the previous version can write during a
//! rolling upgrade.

mod outbox;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len_null, boolean, integer, string, string_null,
    text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_refresh(manager).await?;
        create_sign_in_failures(manager).await?;
        create_audit_events(manager).await?;
        outbox::allow_warnings(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        outbox::forbid_warnings(manager).await?;
        for table in ["audit_events", "sign_in_failures"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        // SQLite cannot drop a column that an index, or the check of another column, refers to.
        let by_family = Index::drop().name("uq_sessions_refresh_family_digest").to_owned();
        manager.drop_index(by_family).await?;
        for column in [
            "refreshed_at",
            "refresh_nonce",
            "refresh_from_digest",
            "refresh_digest",
            "refresh_family_digest",
        ] {
            manager
                .alter_table(Table::alter().table("sessions").drop_column(column).take())
                .await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn add_refresh(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // SQLite adds one column at a time; a check belongs to the last column it refers to.
    for (column, check, rule) in [
        (
            binary_len_null("refresh_family_digest", 32),
            "ck_sessions_refresh_family_digest",
            "length(refresh_family_digest) = 32",
        ),
        (
            binary_len_null("refresh_digest", 32),
            "ck_sessions_refresh_digest",
            "(refresh_digest IS NULL) = (refresh_family_digest IS NULL) \
             AND (refresh_digest IS NULL OR length(refresh_digest) = 32)",
        ),
        (
            binary_len_null("refresh_from_digest", 32),
            "ck_sessions_refresh_from_digest",
            "refresh_from_digest IS NULL \
             OR (refresh_digest IS NOT NULL AND length(refresh_from_digest) = 32)",
        ),
        (
            binary_len_null("refresh_nonce", 32),
            "ck_sessions_refresh_nonce",
            "(refresh_nonce IS NULL) = (refresh_from_digest IS NULL) \
             AND (refresh_nonce IS NULL OR length(refresh_nonce) = 32)",
        ),
        (
            big_integer_null("refreshed_at"),
            "ck_sessions_refreshed_at",
            "(refreshed_at IS NULL) = (refresh_from_digest IS NULL)",
        ),
    ] {
        let mut column = column;
        column.check(Check::named(check, Expr::cust(rule)));
        manager.alter_table(Table::alter().table("sessions").add_column(column).take()).await?;
    }
    let by_family = Index::create()
        .name("uq_sessions_refresh_family_digest")
        .table("sessions")
        .col("refresh_family_digest")
        .unique()
        .and_where(Expr::col("refresh_family_digest").is_not_null())
        .take();
    manager.create_index(by_family).await
}

async fn create_sign_in_failures(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "sign_in_failures";
    // Compared byte by byte, as in `users`.
    let mut email_key = string("email_key");
    if manager.get_database_backend() == DbBackend::Postgres {
        email_key.extra("COLLATE \"C\"");
    }
    let table = Table::create()
        .table(name)
        .col(email_key)
        // Empty in the total row for all networks.
        .col(string("network"))
        .col(integer("failures"))
        .col(big_integer("last_failed_at"))
        // Set by the purge on rows it keeps because the email has an account.
        .col(boolean("is_kept").default(false).take())
        .primary_key(Index::create().name("pk_sign_in_failures").col("email_key").col("network"))
        .check(Check::named("ck_sign_in_failures_failures", Expr::col("failures").gt(0)))
        .to_owned();
    manager.create_table(table).await?;
    // For the purge: the total row of each email, unless it is kept.
    let over = Index::create()
        .name("ix_sign_in_failures_over")
        .table(name)
        .col("last_failed_at")
        .and_where(Expr::cust("network = '' AND NOT is_kept"))
        .take();
    manager.create_index(over).await?;
    let quiet = Index::create()
        .name("ix_sign_in_failures_quiet")
        .table(name)
        .col("last_failed_at")
        .and_where(Expr::cust("network <> ''"))
        .take();
    manager.create_index(quiet).await
}

async fn create_audit_events(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "audit_events";
    // No foreign keys: events outlive their accounts.
    let table = Table::create()
        .table(name)
        .col(uuid("id"))
        .col(big_integer("at"))
        // No check: later versions may add kinds.
        .col(string("kind"))
        .col(uuid_null("user_id"))
        .col(string("actor"))
        .col(uuid_null("administrator_id"))
        .col(string_null("ip"))
        .col(text_null("user_agent"))
        .primary_key(Index::create().name("pk_audit_events").col("id"))
        .check(Check::named(
            "ck_audit_events_actor",
            Expr::col("actor").is_in(["holder", "administrator", "operator", "service"]),
        ))
        .check(Check::named(
            "ck_audit_events_administrator_id",
            Expr::cust("(actor = 'administrator') = (administrator_id IS NOT NULL)"),
        ))
        .to_owned();
    manager.create_table(table).await?;
    let of_user =
        Index::create().name("ix_audit_events_user_id").table(name).col("user_id").col("id").take();
    manager.create_index(of_user).await?;
    manager
        .create_index(Index::create().name("ix_audit_events_at").table(name).col("at").take())
        .await
}
