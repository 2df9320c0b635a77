//! A row of `sessions`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub credentials_version: i64,
    pub created_at: i64,
    pub last_seen_at: i64,
    pub expires_at: i64,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
    pub authenticated_at: i64,
    #[sea_orm(column_type = "Binary(32)", nullable)]
    pub browser_key_digest: Option<Vec<u8>>,
    #[sea_orm(column_type = "Binary(32)", nullable)]
    pub refresh_family_digest: Option<Vec<u8>>,
    #[sea_orm(column_type = "Binary(32)", nullable)]
    pub refresh_digest: Option<Vec<u8>>,
    #[sea_orm(column_type = "Binary(32)", nullable)]
    pub refresh_from_digest: Option<Vec<u8>>,
    #[sea_orm(column_type = "Binary(32)", nullable)]
    pub refresh_nonce: Option<Vec<u8>>,
    pub refreshed_at: Option<i64>,
    #[sea_orm(belongs_to, from = "user_id", to = "id", on_delete = "Cascade")]
    pub user: BelongsTo<super::user::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
