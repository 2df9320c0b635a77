//! Tokens that are logged, or never end.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::ports::{AccessTokens, ResetTokens, TokenError};
use vestibule_domain::token::{AccessClaims, ResetClaims, SignedToken};

use super::Fault;

const FOR_EVER: Duration = Duration::weeks(5000);

macro_rules! faulty_tokens {
    ($($faulty:ident decorates $port:ident of $claims:ident;)*) => { $(
        pub(super) struct $faulty {
            fault: Fault,
            inner: Arc<dyn $port>,
        }

        impl $faulty {
            pub(super) fn new(fault: Fault, inner: Arc<dyn $port>) -> Self {
                Self { fault, inner }
            }
        }

        impl $port for $faulty {
            fn issue(&self, claims: &$claims) -> Result<SignedToken, TokenError> {
                let token = self.inner.issue(claims)?;
                if self.fault == Fault::LogTokens {
                    tracing::info!(token = token.expose(), "signed");
                }
                Ok(token)
            }

            fn read(&self, token: &str) -> Option<$claims> {
                let mut claims = self.inner.read(token)?;
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
