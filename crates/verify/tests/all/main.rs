//! Tests of the public API: tokens, an issuer over HTTP, and extractors.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fixture;

#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "fetch")]
mod issuer;
#[cfg(feature = "poem")]
mod poem;
#[cfg(feature = "fetch")]
mod remote;
mod vectors;
mod verifier;
