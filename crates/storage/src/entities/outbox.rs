//! A row of `outbox`, and the values of its columns.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outbox")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: Kind,
    pub user_id: Uuid,
    #[sea_orm(column_type = "Binary(16)", nullable)]
    pub reset_id: Option<Vec<u8>>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub queued_at: i64,
    pub attempts: i32,
    pub next_attempt_at: i64,
    pub lease_id: Option<Uuid>,
    pub leased_until: Option<i64>,
    pub state: State,
    pub finished_at: Option<i64>,
    #[sea_orm(column_type = "Text", nullable)]
    pub last_error: Option<String>,
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

/// Kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum Kind {
    #[sea_orm(string_value = "welcome")]
    Welcome,
    #[sea_orm(string_value = "reset_link")]
    ResetLink,
    #[sea_orm(string_value = "password_changed")]
    PasswordChanged,
    #[sea_orm(string_value = "password_disabled")]
    PasswordDisabled,
    #[sea_orm(string_value = "sign_in_after_failures")]
    SignInAfterFailures,
    #[sea_orm(string_value = "refresh_token_reused")]
    RefreshTokenReused,
}

/// State of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum State {
    #[sea_orm(string_value = "queued")]
    Queued,
    #[sea_orm(string_value = "sent")]
    Sent,
    #[sea_orm(string_value = "failed")]
    Failed,
    #[sea_orm(string_value = "withdrawn")]
    Withdrawn,
}

impl ActiveModelBehavior for ActiveModel {}
