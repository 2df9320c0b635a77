//! A short list of common passwords.

use vestibule_domain::ports::CommonPasswords;

/// A list of a few common passwords, without false positives.
#[derive(Debug, Default)]
pub struct HandfulOfCommonPasswords;

impl HandfulOfCommonPasswords {
    /// All common passwords of the list.
    pub const ALL: [&str; 3] = ["password password", "qwertyuiop12", "123456789012"];
}

impl CommonPasswords for HandfulOfCommonPasswords {
    fn contains(&self, folded: &str) -> bool {
        Self::ALL.contains(&folded)
    }
}
