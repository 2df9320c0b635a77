//! Verifies Vestibule's access tokens (PASETO v4.public) in another service, without a request to
//! Vestibule for each token.
//!
//! [`Verifier`] verifies with given keys and time. With the feature `fetch`, `RemoteVerifier`
//! fetches and refreshes keys and polls for ended sessions. The features `axum` and `poem` make
//! [`Claims`] an extractor. No feature is on by default. `README.md` has guarantees and limits.

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

/// Compiles the examples of the README.
#[cfg(all(doctest, feature = "axum", feature = "poem"))]
#[doc = include_str!("../README.md")]
struct Readme;
