//! A list of common passwords that fits on one line.

use vestibule_domain::ports::CommonPasswords;

/// Knows a handful, and is never mistaken.
#[derive(Debug, Default)]
pub struct HandfulOfCommonPasswords;

impl HandfulOfCommonPasswords {
    /// All of them.
    pub const ALL: [&str; 3] = ["password password", "qwertyuiop12", "123456789012"];
}

impl CommonPasswords for HandfulOfCommonPasswords {
    fn contains(&self, folded: &str) -> bool {
        Self::ALL.contains(&folded)
    }
}
