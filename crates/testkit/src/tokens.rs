//! Tokens that are stored in memory instead of signed.

use std::collections::HashMap;
use std::sync::Mutex;

use vestibule_domain::model::claims::{AccessClaims, ResetClaims, SignedToken};
use vestibule_domain::ports::{AccessTokens, ResetTokens, TokenError};

/// An issuer of short tokens that stores their claims.
#[derive(Debug, Default)]
pub struct RememberedTokens {
    access: Mutex<HashMap<String, AccessClaims>>,
    reset: Mutex<HashMap<String, ResetClaims>>,
}

impl AccessTokens for RememberedTokens {
    fn issue(&self, claims: &AccessClaims) -> Result<SignedToken, TokenError> {
        let text = format!("access.{}", claims.token_id);
        self.access.lock().unwrap().insert(text.clone(), claims.clone());
        Ok(SignedToken::new(text))
    }

    fn read(&self, token: &str) -> Option<AccessClaims> {
        self.access.lock().unwrap().get(token).cloned()
    }
}

impl ResetTokens for RememberedTokens {
    fn issue(&self, claims: &ResetClaims) -> Result<SignedToken, TokenError> {
        let id = u128::from_be_bytes(*claims.reset_id.as_bytes());
        let text = format!("reset.{id:032x}");
        self.reset.lock().unwrap().insert(text.clone(), claims.clone());
        Ok(SignedToken::new(text))
    }

    fn read(&self, token: &str) -> Option<ResetClaims> {
        self.reset.lock().unwrap().get(token).cloned()
    }
}
