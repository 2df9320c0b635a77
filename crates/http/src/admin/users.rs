//! Operations on other people's accounts.

use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use serde::{Deserialize, Deserializer};
use uuid::Uuid;
use vestibule_domain::administration::{Administration, UserChange};
use vestibule_domain::authority::Authority;
use vestibule_domain::error::Error;
use vestibule_domain::id::UserId;
use vestibule_domain::user::{User, UserFilter};

use super::authority::Administrator;
use super::{Accepted, Done, cut, failed, usual_limit};
use crate::Tag;
use crate::error::ApiError;
use crate::payload::StrictJson;
use crate::state::State;
use crate::views::UserResponse;

/// The operations.
pub(crate) struct Users;

/// Accounts, in the order of their creation.
#[derive(Debug, Object)]
#[oai(skip_serializing_if_is_none)]
struct UsersResponse {
    /// The accounts.
    users: Vec<UserResponse>,
    /// Where the list goes on; absent at its end.
    next_cursor: Option<Uuid>,
}

/// What is to be different about an account.
#[derive(Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
struct UpdateUserRequest {
    /// Whether it may sign in. `false` ends all its sessions and reset links.
    #[serde(default, deserialize_with = "given")]
    is_active: Option<bool>,
    /// Whether it may administer others.
    #[serde(default, deserialize_with = "given")]
    is_admin: Option<bool>,
}

/// A field may be left out, and is not null.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<bool>, D::Error> {
    bool::deserialize(value).map(Some)
}

impl UpdateUserRequest {
    /// Does what is not so already.
    async fn apply(
        &self,
        accounts: &Administration,
        by: &Authority,
        id: UserId,
    ) -> Result<User, Error> {
        let user = accounts.find(by, id).await?;
        let change = UserChange { is_active: self.is_active, is_admin: self.is_admin };
        accounts.change(by, &user, change).await?;
        accounts.find(by, id).await
    }
}

#[OpenApi(prefix_path = "/api/v1/admin", tag = "Tag::Administration")]
impl Users {
    /// List accounts
    ///
    /// In the order of their creation; those whose address or name contains `query`, if it is given.
    #[oai(path = "/users", method = "get", operation_id = "listUsers")]
    #[expect(clippy::too_many_arguments, reason = "each is a part of the request")]
    async fn list(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// Part of an address or a user name, without regard to case.
        #[oai(validator(max_length = 254))]
        query: Query<Option<String>>,
        /// The `next_cursor` of the list so far.
        cursor: Query<Option<Uuid>>,
        /// How many accounts at most.
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

    /// Change an account
    ///
    /// What is left out stays. Administrators neither deactivate themselves nor take their own
    /// rights.
    #[oai(path = "/users/:id", method = "patch", operation_id = "updateUser")]
    async fn update(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// The account.
        id: Path<Uuid>,
        body: StrictJson<UpdateUserRequest>,
    ) -> Result<Json<UserResponse>, ApiError> {
        let id = UserId::from_uuid(id.0);
        let updated = body.0.apply(&state.administration, &admin.0, id).await;
        Ok(Json(updated.map_err(failed)?.into()))
    }

    /// Delete an account
    ///
    /// With everything that belongs to it. Administrators do not delete themselves.
    #[oai(path = "/users/:id", method = "delete", operation_id = "deleteUser")]
    async fn delete(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// The account.
        id: Path<Uuid>,
    ) -> Result<Done, ApiError> {
        let deleted = state.administration.delete(&admin.0, UserId::from_uuid(id.0)).await;
        deleted.map_err(failed)?;
        Ok(Done::Done)
    }

    /// Send a reset link
    ///
    /// To the account's own address, as if its owner had asked for it. The mail follows within
    /// moments, unless a link that still works was sent less than a minute ago.
    #[oai(path = "/users/:id/send-reset", method = "post", operation_id = "sendResetLink")]
    async fn send_reset(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// The account.
        id: Path<Uuid>,
    ) -> Result<Accepted, ApiError> {
        let accounts = &state.administration;
        let user = accounts.find(&admin.0, UserId::from_uuid(id.0)).await.map_err(failed)?;
        accounts.send_reset(&admin.0, &user).await.map_err(failed)?;
        Ok(Accepted::Noted)
    }

    /// End all sessions of an account
    ///
    /// And all its reset links. Its password stays. Administrators end their own sessions
    /// elsewhere.
    #[oai(path = "/users/:id/sessions", method = "delete", operation_id = "endUserSessions")]
    async fn end_sessions(
        &self,
        admin: Administrator,
        state: Data<&State>,
        /// The account.
        id: Path<Uuid>,
    ) -> Result<Done, ApiError> {
        let accounts = &state.administration;
        let user = accounts.find(&admin.0, UserId::from_uuid(id.0)).await.map_err(failed)?;
        accounts.end_sessions(&admin.0, &user).await.map_err(failed)?;
        Ok(Done::Done)
    }
}
