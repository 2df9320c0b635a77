//! Secrets that have to be read again: the mail relay's password, what one page tells the next.

use std::sync::Arc;

use vestibule_domain::ports::{SealError, SealPurpose, Sealer};
use zeroize::Zeroizing;

use crate::purpose::Purpose;
use crate::ring::KeyRing;

/// Seals as PASETO v4.local.
///
/// A sealed text carries no time: how long it is good for is for whoever keeps it to decide. It is
/// as long as its text makes it.
#[derive(Clone, Debug)]
pub struct PasetoSealer {
    ring: Arc<KeyRing>,
}

impl PasetoSealer {
    /// Seals with the newest key of the ring, and opens with any.
    pub fn new(keys: Arc<KeyRing>) -> Self {
        Self { ring: keys }
    }
}

impl Sealer for PasetoSealer {
    /// A text that [`open`](Sealer::open) would find too long, some three thousand bytes, is
    /// refused.
    fn seal(&self, purpose: SealPurpose, text: &str) -> Result<String, SealError> {
        // A payload is JSON (PASETO, "Payload Processing"); and unlike a text it is never empty.
        let payload = serde_json::to_string(text).map_err(|error| SealError(Box::new(error)))?;
        self.ring.seal(&Zeroizing::new(payload), &implicit_assertion(purpose))
    }

    fn open(&self, purpose: SealPurpose, sealed: &str) -> Option<Zeroizing<String>> {
        let payload = self.ring.unseal(sealed, &implicit_assertion(purpose))?;
        serde_json::from_str(&payload).ok().map(Zeroizing::new)
    }
}

fn implicit_assertion(purpose: SealPurpose) -> String {
    Purpose::Seal.implicit_assertion(match purpose {
        SealPurpose::RelayPassword => "relay-password",
        SealPurpose::Flash => "flash",
        SealPurpose::Probe => "probe",
    })
}
