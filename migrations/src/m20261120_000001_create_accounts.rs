//! Users, passwords, sessions, password resets and the outbox.
//!
//! Times are `BIGINT`: microseconds since the Unix epoch. The reason is in `README.md`.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len, boolean, integer, string, string_null, text,
    text_null, uuid, uuid_null,
};
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        create_users(manager).await?;
        create_passwords(manager).await?;
        create_sessions(manager).await?;
        create_password_resets(manager).await?;
        create_reset_requests(manager).await?;
        create_outbox(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in
            ["outbox", "reset_requests", "password_resets", "sessions", "passwords", "users"]
        {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }

    /// Runs the migration in a transaction, also on SQLite.
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn create_users(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("users")
        .col(uuid("id"))
        .col(string("email"))
        .col(key(manager, "email_key"))
        .col(string("username"))
        .col(key(manager, "username_key"))
        .col(boolean("is_active"))
        .col(boolean("is_admin"))
        .col(big_integer("credentials_version"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().name("pk_users").col("id"))
        .check(Check::named(
            "ck_users_credentials_version",
            Expr::col("credentials_version").gte(1),
        ))
        .to_owned();
    manager.create_table(table).await?;
    manager.create_index(unique("uq_users_email_key", "users").col("email_key").take()).await?;
    manager
        .create_index(unique("uq_users_username_key", "users").col("username_key").take())
        .await?;
    // There are few administrators; listing them must not scan all users.
    let admins =
        index("ix_users_admins", "users").col("id").and_where(Expr::col("is_admin")).take();
    manager.create_index(admins).await
}

async fn create_passwords(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("passwords")
        .col(uuid("user_id"))
        .col(text("hash"))
        .col(big_integer("changed_at"))
        .primary_key(Index::create().name("pk_passwords").col("user_id"))
        .foreign_key(&mut owner("fk_passwords_user_id", "passwords"))
        .to_owned();
    manager.create_table(table).await
}

async fn create_sessions(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("sessions")
        .col(uuid("id"))
        .col(uuid("user_id"))
        .col(big_integer("credentials_version"))
        .col(big_integer("created_at"))
        .col(big_integer("last_seen_at"))
        .col(big_integer("expires_at"))
        .col(string_null("ip"))
        .col(text_null("user_agent"))
        .primary_key(Index::create().name("pk_sessions").col("id"))
        .foreign_key(&mut owner("fk_sessions_user_id", "sessions"))
        .check(Check::named(
            "ck_sessions_expires_at",
            Expr::col("expires_at").gt(Expr::col("created_at")),
        ))
        .to_owned();
    manager.create_table(table).await?;
    manager.create_index(index("ix_sessions_user_id", "sessions").col("user_id").take()).await?;
    manager.create_index(index("ix_sessions_expires_at", "sessions").col("expires_at").take()).await
}

async fn create_password_resets(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "password_resets";
    let table = Table::create()
        .table(name)
        .col(binary_len("id", 16))
        .col(uuid("user_id"))
        .col(key(manager, "email_key"))
        .col(big_integer("credentials_version"))
        .col(big_integer("issued_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("used_at"))
        .col(big_integer_null("superseded_at"))
        .col(string_null("ip"))
        .col(text_null("user_agent"))
        .primary_key(Index::create().name("pk_password_resets").col("id"))
        .foreign_key(&mut owner("fk_password_resets_user_id", name))
        .check(Check::named(
            "ck_password_resets_id",
            Func::cust("length").arg(Expr::col("id")).eq(16),
        ))
        .check(Check::named(
            "ck_password_resets_expires_at",
            Expr::col("expires_at").gt(Expr::col("issued_at")),
        ))
        .to_owned();
    manager.create_table(table).await?;
    // Guarantees that a user never has two valid links.
    let one_open = unique("uq_password_resets_open", name)
        .col("user_id")
        .and_where(Expr::col("used_at").is_null())
        .and_where(Expr::col("superseded_at").is_null())
        .take();
    manager.create_index(one_open).await?;
    let recent = index("ix_password_resets_user_id", name).col("user_id").col("issued_at").take();
    manager.create_index(recent).await?;
    manager
        .create_index(index("ix_password_resets_expires_at", name).col("expires_at").take())
        .await
}

async fn create_reset_requests(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let name = "reset_requests";
    let table = Table::create()
        .table(name)
        .col(uuid("id"))
        .col(key(manager, "email_key"))
        .col(big_integer("requested_at"))
        .col(string_null("ip"))
        .col(text_null("user_agent"))
        .primary_key(Index::create().name("pk_reset_requests").col("id"))
        .to_owned();
    manager.create_table(table).await?;
    let oldest = index("ix_reset_requests_requested_at", name).col("requested_at").col("id").take();
    manager.create_index(oldest).await
}

async fn create_outbox(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("outbox")
        .col(uuid("id"))
        .col(string("kind"))
        .col(uuid("user_id"))
        .col(binary_len("reset_id", 16).null())
        .col(string_null("ip"))
        .col(text_null("user_agent"))
        .col(big_integer("queued_at"))
        .col(integer("attempts"))
        .col(big_integer("next_attempt_at"))
        .col(uuid_null("lease_id"))
        .col(big_integer_null("leased_until"))
        .col(string("state"))
        .col(big_integer_null("finished_at"))
        .col(text_null("last_error"))
        .primary_key(Index::create().name("pk_outbox").col("id"))
        .foreign_key(&mut owner("fk_outbox_user_id", "outbox"))
        .foreign_key(&mut reset("fk_outbox_reset_id", "outbox"))
        .check(Check::named(
            "ck_outbox_kind",
            Expr::col("kind").is_in(["welcome", "reset_link", "password_changed"]),
        ))
        .check(Check::named(
            "ck_outbox_reset_id",
            Expr::cust("(kind = 'reset_link') = (reset_id IS NOT NULL)"),
        ))
        .check(Check::named(
            "ck_outbox_state",
            Expr::col("state").is_in(["queued", "sent", "failed", "withdrawn"]),
        ))
        .check(Check::named(
            "ck_outbox_finished_at",
            Expr::cust("(state = 'queued') = (finished_at IS NULL)"),
        ))
        .check(Check::named(
            "ck_outbox_lease",
            Expr::cust("(lease_id IS NULL) = (leased_until IS NULL)"),
        ))
        .check(Check::named("ck_outbox_attempts", Expr::col("attempts").gte(0)))
        .to_owned();
    manager.create_table(table).await?;
    let due = index("ix_outbox_due", "outbox")
        .col("next_attempt_at")
        .col("id")
        .and_where(Expr::col("state").eq("queued"))
        .take();
    manager.create_index(due).await?;
    manager
        .create_index(index("ix_outbox_finished_at", "outbox").col("finished_at").take())
        .await?;
    // For the cascades: without these indexes, deleting a user or a reset scans the table.
    manager.create_index(index("ix_outbox_user_id", "outbox").col("user_id").take()).await?;
    manager.create_index(index("ix_outbox_reset_id", "outbox").col("reset_id").take()).await
}

/// Returns a text column that is compared byte by byte: a collation of PostgreSQL may treat
/// different keys as equal, or change its order with an upgrade. SQLite compares bytes anyway.
fn key(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = string(name);
    if manager.get_database_backend() == DbBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

fn index(name: &'static str, table: &'static str) -> IndexCreateStatement {
    Index::create().name(name).table(table).take()
}

fn unique(name: &'static str, table: &'static str) -> IndexCreateStatement {
    index(name, table).unique().take()
}

/// Returns a foreign key that deletes rows with their user.
fn owner(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "user_id")
        .to("users", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

/// Returns a foreign key that deletes mails with their password reset.
fn reset(name: &'static str, table: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, "reset_id")
        .to("password_resets", "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}
