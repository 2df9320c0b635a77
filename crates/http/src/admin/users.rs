//! Operations on accounts, for administrators.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;
use vestibule_domain::error::Error;
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration::{Administration, UserChange};

use super::admin_credentials::Administrator;
use super::{Accepted, Done, cut, failed, usual_limit};
use crate::error::ApiError;
use crate::payload::StrictJson;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::UserResponse;

/// User administration operations.
pub(crate) struct UsersApi;

/// A page of accounts, in the order of their creation.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct UsersResponse {
    /// The accounts.
    users: Vec<UserResponse>,
    /// Cursor of the next page; absent on the last page.
    next_cursor: Option<Uuid>,
}

/// Changes of an account; absent fields stay unchanged.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct UpdateUserRequest {
    /// `true` to activate the account; `false` to deactivate it and end its sessions and reset links.
    #[serde(default, deserialize_with = "given")]
    is_active: Option<bool>,
    /// `true` to grant administrator rights, `false` to revoke them.
    #[serde(default, deserialize_with = "given")]
    is_admin: Option<bool>,
}

/// Refuses null: a field is absent or has a value.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(value).map(Some)
}

impl UpdateUserRequest {
    /// Applies the changes.
    async fn apply(
        &self,
        accounts: &Administration,
        by: &AdminContext,
        id: UserId,
    ) -> Result<User, Error> {
        let user = accounts.find(by, id).await?;
        let change = UserChange { is_active: self.is_active, is_admin: self.is_admin };
        accounts.change(by, &user, change).await?;
        accounts.find(by, id).await
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Administration")]
impl UsersApi {
    /// List accounts
    ///
    /// In the order of their creation; filtered by email or username if `query` is given.
    #[oai(path = "/users", method = "get", operation_id = "listUsers")]
    #[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
    async fn list(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Part of an email address or username, ignoring case.
        #[oai(validator(max_length = 254))]
        query: Query<Option<String>>,
        /// `next_cursor` of the previous page.
        cursor: Query<Option<Uuid>>,
        /// Maximum number of accounts.
        #[oai(default = "usual_limit", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u32>,
    ) -> Result<Json<UsersResponse>, ApiError> {
        let filter = UserFilter::containing(query.0.as_deref().unwrap_or_default());
        let after = cursor.0.map(UserId::from_uuid);
        let users = state.administration.list(&admin.0, &filter, after, limit.0 + 1).await;
        let (users, next_cursor) = cut(users.map_err(failed)?, limit.0, |user| user.id.as_uuid());
        let users = users.into_iter().map(UserResponse::from).collect();
        Ok(Json(UsersResponse { users, next_cursor }))
    }

    /// Update an account
    ///
    /// Absent fields stay unchanged. Administrators cannot deactivate themselves or revoke their own
    /// rights.
    #[oai(path = "/users/:id", method = "patch", operation_id = "updateUser")]
    async fn update(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Account id.
        id: Path<Uuid>,
        body: StrictJson<UpdateUserRequest>,
    ) -> Result<Json<UserResponse>, ApiError> {
        let id = UserId::from_uuid(id.0);
        let updated = body.0.apply(&state.administration, &admin.0, id).await;
        Ok(Json(updated.map_err(failed)?.into()))
    }

    /// Delete an account
    ///
    /// Deletes the account and all its data. Administrators cannot delete themselves.
    #[oai(path = "/users/:id", method = "delete", operation_id = "deleteUser")]
    async fn delete(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Account id.
        id: Path<Uuid>,
    ) -> Result<Done, ApiError> {
        let deleted = state.administration.delete(&admin.0, UserId::from_uuid(id.0)).await;
        deleted.map_err(failed)?;
        Ok(Done::Done)
    }

    /// Send a reset link
    ///
    /// Mails a reset link to the account's address, within seconds, unless a valid link was sent less
    /// than a minute ago.
    #[oai(path = "/users/:id/send-reset", method = "post", operation_id = "sendResetLink")]
    async fn send_reset(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Account id.
        id: Path<Uuid>,
    ) -> Result<Accepted, ApiError> {
        let accounts = &state.administration;
        let user = accounts.find(&admin.0, UserId::from_uuid(id.0)).await.map_err(failed)?;
        accounts.send_reset(&admin.0, &user).await.map_err(failed)?;
        Ok(Accepted::Noted)
    }

    /// End all sessions of an account
    ///
    /// Also invalidates its reset links. The password stays. Administrators end their own sessions with
    /// the session operations.
    #[oai(path = "/users/:id/sessions", method = "delete", operation_id = "endUserSessions")]
    async fn end_sessions(
        &self,
        admin: Administrator,
        state: Data<&ApiState>,
        /// Account id.
        id: Path<Uuid>,
    ) -> Result<Done, ApiError> {
        let accounts = &state.administration;
        let user = accounts.find(&admin.0, UserId::from_uuid(id.0)).await.map_err(failed)?;
        accounts.end_sessions(&admin.0, &user).await.map_err(failed)?;
        Ok(Done::Done)
    }
}
