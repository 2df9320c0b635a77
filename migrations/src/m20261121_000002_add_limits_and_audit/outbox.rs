//! Three more kinds of mail, added to the check of the outbox.
//!
//! PostgreSQL replaces a check in place. SQLite cannot, so the table is recreated and filled from
//! the old one, in one transaction. No other table refers to it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len, integer, string, string_null, text_null, uuid,
    uuid_null,
};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

const BEFORE: &str = "kind IN ('welcome', 'reset_link', 'password_changed')";
const AFTER: &str = "kind IN ('welcome', 'reset_link', 'password_changed', 'password_disabled', \
                     'sign_in_after_failures', 'refresh_token_reused')";
const COLUMNS: &str = "id, kind, user_id, reset_id, ip, user_agent, queued_at, attempts, \
                       next_attempt_at, lease_id, leased_until, state, finished_at, last_error";

pub(super) async fn allow_warnings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    replace_check(manager, AFTER).await
}

pub(super) async fn forbid_warnings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let unknown = format!("DELETE FROM outbox WHERE NOT ({BEFORE})");
    manager.get_connection().execute_unprepared(&unknown).await?;
    replace_check(manager, BEFORE).await
}

async fn replace_check(manager: &SchemaManager<'_>, kinds: &'static str) -> Result<(), DbErr> {
    let db = manager.get_connection();
    if manager.get_database_backend() == DbBackend::Postgres {
        let replace = format!(
            "ALTER TABLE outbox DROP CONSTRAINT ck_outbox_kind, \
             ADD CONSTRAINT ck_outbox_kind CHECK ({kinds})"
        );
        db.execute_unprepared(&replace).await?;
        return Ok(());
    }
    manager.create_table(table("outbox_anew", kinds)).await?;
    let fill = format!("INSERT INTO outbox_anew ({COLUMNS}) SELECT {COLUMNS} FROM outbox");
    db.execute_unprepared(&fill).await?;
    manager.drop_table(Table::drop().table("outbox").to_owned()).await?;
    manager.rename_table(Table::rename().table("outbox_anew", "outbox").to_owned()).await?;
    create_indexes(manager).await
}

/// Returns the table as in the first migration, except for the kinds.
fn table(name: &'static str, kinds: &'static str) -> TableCreateStatement {
    Table::create()
        .table(name)
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
        .foreign_key(&mut belongs_to(name, "fk_outbox_user_id", "user_id", "users"))
        .foreign_key(&mut belongs_to(name, "fk_outbox_reset_id", "reset_id", "password_resets"))
        .check(Check::named("ck_outbox_kind", Expr::cust(kinds)))
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
        .to_owned()
}

fn belongs_to(
    table: &'static str,
    name: &'static str,
    column: &'static str,
    owner: &'static str,
) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .name(name)
        .from(table, column)
        .to(owner, "id")
        .on_delete(ForeignKeyAction::Cascade)
        .take()
}

async fn create_indexes(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let index = |name: &'static str| Index::create().name(name).table("outbox").take();
    let due = index("ix_outbox_due")
        .col("next_attempt_at")
        .col("id")
        .and_where(Expr::col("state").eq("queued"))
        .take();
    for index in [
        due,
        index("ix_outbox_finished_at").col("finished_at").take(),
        index("ix_outbox_user_id").col("user_id").take(),
        index("ix_outbox_reset_id").col("reset_id").take(),
    ] {
        manager.create_index(index).await?;
    }
    Ok(())
}
