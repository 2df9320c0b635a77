//! PASETO v4: access tokens and reset tokens, which are signed, secrets that are sealed, and the
//! keys of them all.
//!
//! Only one version of PASETO exists here, keys are typed, and each kind of token has keys and an
//! implicit assertion of its own, so one kind can never pass for the other. A token is read only if
//! it is, byte for byte, what this crate would have signed; every failure looks the same. There is
//! no clock here: times are passed in, and the domain compares them.

mod access;
mod envelope;
mod keys;
mod moment;
mod purpose;
mod reset;
mod ring;
mod sealed;
mod sealer;
mod verified;

pub use access::PasetoAccessTokens;
pub use keys::{KeyDirectory, KeyError, KeyRecord, KeyState, ROTATION_LEAD};
pub use purpose::{Purpose, UnknownPurpose};
pub use reset::PasetoResetTokens;
pub use ring::{KeyRing, PublishedKey};
pub use sealer::PasetoSealer;
pub use verified::CacheUse;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
