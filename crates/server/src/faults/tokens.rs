//! Faults of tokens: logged, never expiring, or refused after a rotation.

use std::sync::{Arc, Mutex, PoisonError};

use time::Duration;
use vestibule_domain::model::claims::{AccessClaims, ResetClaims, SignedToken};
use vestibule_domain::ports::{AccessTokens, ResetTokens, TokenError};

use super::Fault;

const FOR_EVER: Duration = Duration::weeks(5000);

fn footer(token: &str) -> Option<String> {
    token.rsplit('.').next().map(str::to_owned)
}

macro_rules! faulty_tokens {
    ($($faulty:ident decorates $port:ident of $claims:ident;)*) => { $(
        pub(super) struct $faulty {
            fault: Fault,
            inner: Arc<dyn $port>,
            /// The footer of the latest token, which contains its key id.
            newest_key: Mutex<Option<String>>,
        }

        impl $faulty {
            pub(super) fn new(fault: Fault, inner: Arc<dyn $port>) -> Self {
                Self { fault, inner, newest_key: Mutex::default() }
            }
        }

        impl $port for $faulty {
            fn issue(&self, claims: &$claims) -> Result<SignedToken, TokenError> {
                let token = self.inner.issue(claims)?;
                if self.fault == Fault::LogTokens {
                    tracing::info!(token = token.expose(), "signed");
                }
                let key = footer(token.expose());
                *self.newest_key.lock().unwrap_or_else(PoisonError::into_inner) = key;
                Ok(token)
            }

            fn read(&self, token: &str) -> Option<$claims> {
                let mut claims = self.inner.read(token)?;
                let newest = self.newest_key.lock().unwrap_or_else(PoisonError::into_inner).clone();
                if self.fault == Fault::NewestKeyOnly && newest.is_some() && footer(token) != newest
                {
                    return None;
                }
                if self.fault == Fault::TokensForever {
                    claims.expires_at += FOR_EVER;
                }
                Some(claims)
            }
        }
    )* };
}

faulty_tokens! {
    FaultyAccessTokens decorates AccessTokens of AccessClaims;
    FaultyResetTokens decorates ResetTokens of ResetClaims;
}
