//! What a key is made of: a pair that signs and verifies, or one secret that seals and opens.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use pasetors::keys::{
    AsymmetricKeyPair, AsymmetricPublicKey, AsymmetricSecretKey, Generate as _, SymmetricKey,
};
use pasetors::paserk::{FormatAsPaserk, Id};
use pasetors::version4::V4;
use zeroize::Zeroizing;

use crate::purpose::Purpose;

/// How many bytes an id has behind its prefix.
const ID_BYTES: usize = 33;

/// The part of a key that is nobody else's business.
pub(crate) enum Secret {
    /// For tokens that others verify, or that travel for all to see.
    Signing(AsymmetricKeyPair<V4>),
    /// For what nobody else reads.
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

    /// Reads what [`Secret::paserk`] wrote of a key of that purpose, with the public half that
    /// belongs to it.
    pub(super) fn parse(
        purpose: Purpose,
        text: &str,
        public: Option<&AsymmetricPublicKey<V4>>,
    ) -> Option<Self> {
        let prefix = if purpose.seals() { "k4.local." } else { "k4.secret." };
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(text.strip_prefix(prefix)?).ok()?);
        // A file that was overwritten is no key; and the library panics on an all-zero seed instead
        // of refusing it.
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

    /// The PASERK id.
    pub(super) fn kid(&self) -> String {
        match self {
            Self::Signing(pair) => kid(&pair.public),
            Self::Sealing(key) => paserk(&Id::from(key)),
        }
    }

    /// Whether it is one: the halves of a pair belong together.
    pub(super) fn is_whole(&self) -> bool {
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

/// Whether a text could be the id of a key that seals. More cannot be said once its secret is gone.
pub(super) fn is_sealing_kid(text: &str) -> bool {
    let id = text.strip_prefix("k4.lid.").and_then(|id| URL_SAFE_NO_PAD.decode(id).ok());
    id.is_some_and(|id| id.len() == ID_BYTES)
}

/// The PASERK id of a public key.
pub(super) fn kid(public: &AsymmetricPublicKey<V4>) -> String {
    paserk(&Id::from(public))
}

/// A key or id as PASERK text.
pub(crate) fn paserk(value: &impl FormatAsPaserk) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail, and a text that were cut off would match nothing.
    let _ = value.fmt(&mut text);
    text
}
