//! A row of `audit_events`, and the names of its actors.

use sea_orm::entity::prelude::*;

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit_events")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub at: i64,
    pub kind: String,
    pub user_id: Option<Uuid>,
    pub actor: ActorName,
    pub administrator_id: Option<Uuid>,
    pub ip: Option<String>,
    pub user_agent: Option<String>,
}

/// Kind of actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text")]
pub enum ActorName {
    #[sea_orm(string_value = "holder")]
    Holder,
    #[sea_orm(string_value = "administrator")]
    Administrator,
    #[sea_orm(string_value = "operator")]
    Operator,
    #[sea_orm(string_value = "service")]
    Service,
}

impl ActiveModelBehavior for ActiveModel {}
