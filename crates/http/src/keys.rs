//! The public keys that other services verify access tokens with.
#![expect(clippy::unused_async, reason = "the framework wants every operation to be async")]

use poem::web::Data;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

use crate::Tag;
use crate::body::Unread;
use crate::state::State;

/// The operation.
pub(crate) struct Keys;

/// A key that access tokens may be signed with.
#[derive(Clone, Debug, Object)]
pub struct PublishedKey {
    /// Names the key in a token's footer: PASERK `k4.pid.…`.
    pub kid: String,
    /// The key: PASERK `k4.public.…`.
    pub key: String,
    /// What it is for: `access`.
    #[oai(rename = "use")]
    pub purpose: String,
}

/// The keys in force.
#[derive(Debug, Object)]
struct KeysResponse {
    /// Every key whose tokens are accepted now.
    keys: Vec<PublishedKey>,
}

#[OpenApi(tag = "Tag::Keys")]
impl Keys {
    /// Public keys of access tokens
    ///
    /// For services that verify tokens by themselves (PASETO v4.public). The implicit assertion is
    /// `vestibule/v1|access|` followed by the token's issuer.
    #[oai(path = "/.well-known/paseto-keys", method = "get", operation_id = "getPasetoKeys")]
    async fn keys(&self, state: Data<&State>) -> Result<Json<KeysResponse>, Unread> {
        Ok(Json(KeysResponse { keys: (state.published_keys)() }))
    }
}
