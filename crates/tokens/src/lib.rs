//! PASETO v4 tokens: signed access tokens and reset tokens, sealed secrets, and their keys.
//!
//! There is only one version of PASETO, keys are typed, and each kind of token has its own keys and
//! implicit assertion, so one kind is never accepted as another. A token is accepted only if it is
//! byte for byte what this crate would have signed; all failures look the same. The crate has no
//! clock: times are passed in, and the domain compares them.

mod access;
mod keys;
mod purpose;
mod reset;
mod ring;
mod sealer;
mod timestamp;
mod v4_local;
mod v4_public;
mod verification_cache;

pub use access::PasetoAccessTokens;
pub use keys::{KeyDirectory, KeyError, KeyRecord, KeyState, ROTATION_LEAD};
pub use purpose::{Purpose, UnknownPurpose};
pub use reset::PasetoResetTokens;
pub use ring::{KeyRing, PublishedKey};
pub use sealer::PasetoSealer;
pub use verification_cache::CacheStats;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
