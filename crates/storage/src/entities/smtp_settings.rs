//! The one row of `smtp_settings`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "smtp_settings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i16,
    pub host: String,
    pub port: i32,
    pub security: String,
    pub username: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub sealed_password: Option<String>,
    pub from_address: String,
    pub from_name: Option<String>,
    pub saved_at: i64,
    pub tested_at: Option<i64>,
    pub tested_to: Option<String>,
    pub test_succeeded: Option<bool>,
}

impl ActiveModelBehavior for ActiveModel {}
