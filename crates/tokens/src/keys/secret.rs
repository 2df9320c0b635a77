//! Secret key material: a signing key pair or a symmetric sealing key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pasetors::keys::{
    AsymmetricKeyPair, AsymmetricPublicKey, AsymmetricSecretKey, Generate as _, SymmetricKey,
};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use zeroize::Zeroizing;

use crate::purpose::Purpose;

/// Length of a PASERK id without its prefix.
const ID_BYTES: usize = 33;

/// The secret part of a key.
pub(crate) enum Secret {
    /// A key pair for tokens whose content is public.
    Signing(AsymmetricKeyPair<V4>),
    /// A symmetric key for content that only this service can read.
    Sealing(SymmetricKey<V4>),
}

impl Secret {
    pub(super) fn generate(purpose: Purpose) -> Result<Self, pasetors::errors::Error> {
        if purpose.seals() {
            SymmetricKey::generate().map(Self::Sealing)
        } else {
            AsymmetricKeyPair::generate().map(Self::Signing)
        }
    }

    /// Parses the PASERK of a key of that purpose, together with its public key.
    pub(super) fn parse(
        purpose: Purpose,
        text: &str,
        public: Option<&AsymmetricPublicKey<V4>>,
    ) -> Option<Self> {
        let prefix = if purpose.seals() { "k4.local." } else { "k4.secret." };
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?);
        // An all-zero secret is from an overwritten file; the library would panic on such a seed.
        if bytes.iter().take(32).all(|byte| *byte == 0) {
            return None;
        }
        match public {
            Some(public) => {
                let secret = AsymmetricSecretKey::<V4>::from(&bytes).ok()?;
                Some(Self::Signing(AsymmetricKeyPair { public: public.clone(), secret }))
            }
            None => SymmetricKey::from(&bytes).ok().map(Self::Sealing),
        }
    }

    /// Returns the PASERK id.
    pub(super) fn kid(&self) -> String {
        match self {
            Self::Signing(pair) => kid(&pair.public),
            Self::Sealing(key) => paserk(&Id::from(key)),
        }
    }

    /// Returns `true` if the public key belongs to the secret key, or for a sealing key.
    pub(super) fn is_matching_pair(&self) -> bool {
        match self {
            Self::Signing(pair) => pair.secret.as_bytes()[32..] == *pair.public.as_bytes(),
            Self::Sealing(_) => true,
        }
    }

    pub(super) fn public(&self) -> Option<&AsymmetricPublicKey<V4>> {
        match self {
            Self::Signing(pair) => Some(&pair.public),
            Self::Sealing(_) => None,
        }
    }

    pub(super) fn paserk(&self) -> Zeroizing<String> {
        Zeroizing::new(match self {
            Self::Signing(pair) => paserk(&pair.secret),
            Self::Sealing(key) => paserk(key),
        })
    }
}

/// Returns `true` if a text has the format of the id of a sealing key.
///
/// Without the secret of a retired key, the id itself cannot be verified.
pub(super) fn is_sealing_kid(text: &str) -> bool {
    let id = text.strip_prefix("k4.lid.").and_then(|id| URL_SAFE_NO_PAD.decode(id).ok());
    id.is_some_and(|id| id.len() == ID_BYTES)
}

/// Returns the PASERK id of a public key.
pub(super) fn kid(public: &AsymmetricPublicKey<V4>) -> String {
    paserk(&Id::from(public))
}

/// Formats a key or an id as PASERK.
pub(crate) fn paserk(value: &impl FormatAsPaserk) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail, and a truncated text would not match anything.
    let _ = value.fmt(&mut text);
    text
}
