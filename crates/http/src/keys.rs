//! The public keys for verifying access tokens in other services.
#![expect(clippy::unused_async, reason = "the framework wants every operation to be async")]

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::body::BodyError;
use crate::state::ApiState;
use crate::tag::Tag;
use crate::views::PublishedKey;

/// Key operations.
pub(crate) struct KeysApi;

/// The current public keys.
#[derive(Debug, Object)]
struct KeysResponse {
    /// All keys whose tokens are accepted.
    keys: Vec<PublishedKey>,
}

#[OpenApi(tag = "Tag::Keys")]
impl KeysApi {
    /// List public keys
    ///
    /// For verifying access tokens offline (PASETO v4.public). The implicit assertion is
    /// `vestibule/v1|access|` followed by the token's issuer.
    #[oai(path = "/.well-known/paseto-keys", method = "get", operation_id = "getPasetoKeys")]
    async fn keys(&self, state: Data<&ApiState>) -> Result<Json<KeysResponse>, BodyError> {
        Ok(Json(KeysResponse { keys: (state.published_keys)() }))
    }
}
