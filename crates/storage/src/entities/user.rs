//! A row of `users`.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    #[sea_orm(unique)]
    pub email_key: String,
    pub username: String,
    #[sea_orm(unique)]
    pub username_key: String,
    pub is_active: bool,
    pub is_admin: bool,
    pub credentials_version: i64,
    pub created_at: i64,
    pub language: Option<String>,
    #[sea_orm(has_one)]
    pub password: HasOne<super::password::Entity>,
    #[sea_orm(has_many)]
    pub sessions: HasMany<super::session::Entity>,
    #[sea_orm(has_many)]
    pub resets: HasMany<super::reset::Entity>,
    #[sea_orm(has_many)]
    pub mails: HasMany<super::outbox::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}
