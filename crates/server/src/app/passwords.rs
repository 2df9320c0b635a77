//! The password hasher and the list of common passwords.

use std::sync::Arc;

use vestibule_domain::error::chain;
use vestibule_domain::ports::OsRandom;
use vestibule_passwords::{Argon2Hasher, CommonPasswordFilter};

use crate::config::{Config, Problem};

/// The password hasher and the list of common passwords.
pub(super) struct Passwords {
    pub(super) hasher: Arc<Argon2Hasher>,
    pub(super) common: CommonPasswordFilter,
}

/// Creates the hasher and reads the operator's list, if configured.
///
/// # Errors
/// A [`Problem`] with the key.
pub(super) fn passwords(config: &Config) -> Result<Passwords, Problem> {
    let hasher = Argon2Hasher::new(config.passwords, Arc::new(OsRandom))
        .map_err(|error| Problem::new("password.argon2", chain(&error)))?;
    if let Some(error) = hasher.self_test_error() {
        tracing::warn!(
            reason = chain(error),
            "the fast engine failed its test on this processor; passwords are hashed by the \
             portable one, which takes about three times as long"
        );
    }
    tracing::debug!(engine = hasher.engine().describe(), "passwords are hashed");
    let common = match &config.common_list {
        None => CommonPasswordFilter::embedded(),
        Some(path) => CommonPasswordFilter::with_file(path)
            .map_err(|error| Problem::new("password.common_list", chain(&error)))?,
    };
    Ok(Passwords { hasher: Arc::new(hasher), common })
}
