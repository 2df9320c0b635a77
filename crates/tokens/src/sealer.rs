//! Encryption of secrets such as the SMTP password and flash messages.

use std::sync::Arc;

use vestibule_domain::ports::{SealError, SealPurpose, Sealer};
use zeroize::Zeroizing;

use crate::purpose::Purpose;
use crate::ring::KeyRing;

/// Sealed secrets as PASETO v4.local.
///
/// A sealed text has no expiry; its user must limit its lifetime. Its length depends on the length
/// of the secret.
#[derive(Clone, Debug)]
pub struct PasetoSealer {
    ring: Arc<KeyRing>,
}

impl PasetoSealer {
    /// Creates an adapter that seals with the newest key of the ring and opens with any.
    pub fn new(keys: Arc<KeyRing>) -> Self {
        Self { ring: keys }
    }
}

impl Sealer for PasetoSealer {
    /// Rejects a text that is too long for [`open`](Sealer::open), about three thousand bytes.
    fn seal(&self, purpose: SealPurpose, text: &str) -> Result<String, SealError> {
        // A payload must be JSON (PASETO, "Payload Processing"), and unlike a text it is never
        // empty.
        let payload = serde_json::to_string(text).map_err(|error| SealError(Box::new(error)))?;
        self.ring.seal(&Zeroizing::new(payload), &implicit_assertion(purpose))
    }

    fn open(&self, purpose: SealPurpose, sealed: &str) -> Option<Zeroizing<String>> {
        let payload = self.ring.unseal(sealed, &implicit_assertion(purpose))?;
        serde_json::from_str(&payload).ok().map(Zeroizing::new)
    }
}

/// Returns the implicit assertion, which is part of the format of stored secrets.
fn implicit_assertion(purpose: SealPurpose) -> String {
    Purpose::Seal.implicit_assertion(match purpose {
        SealPurpose::SmtpPassword => "smtp-password",
        SealPurpose::Flash => "flash",
        SealPurpose::Probe => "probe",
    })
}
