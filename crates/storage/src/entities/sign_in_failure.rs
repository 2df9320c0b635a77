//! A row of `sign_in_failures`: for one network, or for all networks if `network` is empty.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "sign_in_failures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub email_key: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub network: String,
    pub failures: i32,
    pub last_failed_at: i64,
    pub is_kept: bool,
}

impl ActiveModelBehavior for ActiveModel {}
