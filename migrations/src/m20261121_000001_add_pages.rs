//! Tables and columns for the pages: languages of users, browser sessions, SMTP settings, and the
//! setup link.
//!
//! New columns are nullable or have defaults, so that the previous version can write during a
//! rolling upgrade.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_len, binary_len_null, boolean_null, integer,
    small_integer, string, string_null, text_null,
};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        add_language(manager).await?;
        add_proof(manager).await?;
        add_browser_key(manager).await?;
        create_smtp_settings(manager).await?;
        create_setup_links(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["setup_links", "smtp_settings"] {
            manager.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        // SQLite cannot drop an indexed column.
        let by_key = Index::drop().name("uq_sessions_browser_key_digest").to_owned();
        manager.drop_index(by_key).await?;
        for (table, column) in [
            ("sessions", "browser_key_digest"),
            ("sessions", "authenticated_at"),
            ("users", "language"),
        ] {
            manager.alter_table(Table::alter().table(table).drop_column(column).take()).await?;
        }
        Ok(())
    }

    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }
}

async fn add_language(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut language = string_null("language");
    language
        .check(Check::named("ck_users_language", Expr::col("language").is_in(["en", "de", "ar"])));
    manager.alter_table(Table::alter().table("users").add_column(language).take()).await
}

async fn add_proof(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // The default is for sessions that the previous version creates during the upgrade: their users
    // have to reauthenticate before sensitive operations.
    let mut authenticated_at = big_integer("authenticated_at");
    authenticated_at.default(0);
    manager
        .alter_table(Table::alter().table("sessions").add_column(authenticated_at).take())
        .await?;
    // So far, users authenticated at sign-in only.
    let as_created =
        Query::update().table("sessions").value("authenticated_at", Expr::col("created_at")).take();
    manager.execute(as_created).await
}

async fn add_browser_key(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let mut digest = binary_len_null("browser_key_digest", 32);
    digest.check(Check::named("ck_sessions_browser_key_digest", is_digest("browser_key_digest")));
    manager.alter_table(Table::alter().table("sessions").add_column(digest).take()).await?;
    let by_key = Index::create()
        .name("uq_sessions_browser_key_digest")
        .table("sessions")
        .col("browser_key_digest")
        .unique()
        .and_where(Expr::col("browser_key_digest").is_not_null())
        .take();
    manager.create_index(by_key).await
}

async fn create_smtp_settings(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("smtp_settings")
        .col(small_integer("id"))
        .col(string("host"))
        .col(integer("port"))
        .col(string("security"))
        .col(string_null("username"))
        .col(text_null("sealed_password"))
        .col(string("from_address"))
        .col(string_null("from_name"))
        .col(big_integer("saved_at"))
        .col(big_integer_null("tested_at"))
        .col(string_null("tested_to"))
        .col(boolean_null("test_succeeded"))
        .primary_key(Index::create().name("pk_smtp_settings").col("id"))
        .check(only_row("ck_smtp_settings_id"))
        .check(Check::named("ck_smtp_settings_port", Expr::cust("port BETWEEN 1 AND 65535")))
        .check(Check::named(
            "ck_smtp_settings_security",
            Expr::col("security").is_in(["starttls", "tls", "none"]),
        ))
        .check(Check::named(
            "ck_smtp_settings_credentials",
            Expr::cust("(username IS NULL) = (sealed_password IS NULL)"),
        ))
        .check(Check::named(
            "ck_smtp_settings_test",
            Expr::cust(
                "(tested_at IS NULL) = (tested_to IS NULL) \
                 AND (tested_at IS NULL) = (test_succeeded IS NULL)",
            ),
        ))
        .to_owned();
    manager.create_table(table).await
}

async fn create_setup_links(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let table = Table::create()
        .table("setup_links")
        .col(small_integer("id"))
        .col(binary_len("digest", 32))
        .col(big_integer("expires_at"))
        .primary_key(Index::create().name("pk_setup_links").col("id"))
        .check(only_row("ck_setup_links_id"))
        .check(Check::named("ck_setup_links_digest", is_digest("digest")))
        .to_owned();
    manager.create_table(table).await
}

/// Returns a check that limits a table to one row.
fn only_row(name: &'static str) -> Check {
    Check::named(name, Expr::col("id").eq(1))
}

fn is_digest(column: &'static str) -> Expr {
    Func::cust("length").arg(Expr::col(column)).eq(32)
}
