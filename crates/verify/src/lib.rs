//! Verifies the access tokens of a Vestibule in another service: PASETO v4.public, against the keys
//! it publishes, without asking it at every request.
//!
//! [`Verifier`] is the verification itself, with keys and a moment that it is given. With the
//! feature `fetch`, `RemoteVerifier` gets the keys from the issuer, keeps them fresh, and follows
//! the sessions that end. The features `axum` and `poem` make [`Claims`] an argument of handlers.
//! No feature is on by default. `README.md` has the guarantees and the bounds.

mod claims;
mod error;
#[cfg(any(feature = "axum", feature = "poem"))]
mod extract;
#[cfg(all(test, feature = "fetch"))]
mod fixture;
mod keys;
#[cfg(feature = "fetch")]
mod remote;
mod token;
mod verifier;

pub use claims::Claims;
pub use error::VerifyError;
#[cfg(any(feature = "axum", feature = "poem"))]
pub use extract::Rejection;
pub use keys::{KeySet, KeySetError};
#[cfg(feature = "fetch")]
pub use remote::{
    FetchError, KEYS_KEPT, KEYS_STALE, MOST_ENDED, RemoteError, RemoteVerifier, Settings,
    SetupError, UNKNOWN_KEY_PAUSE,
};
pub use verifier::{CLOCK_SKEW, LONGEST_LIFE, Rules, Verifier};

/// The examples of the README, compiled.
#[cfg(all(doctest, feature = "axum", feature = "poem"))]
#[doc = include_str!("../README.md")]
struct Readme;
