//! Texts of pages and mails in all supported languages.
//!
//! The texts are Fluent catalogues in `catalogues/<language>/<topic>.ftl`, embedded in the binary;
//! operators can override single texts. Other crates look up texts by key.

mod argument;
mod catalogues;
mod device;
mod error;
mod format;
mod locales;
mod overrides;
mod pseudo;
mod references;

pub use argument::Argument;
pub use error::{InvalidOverride, LocalesError};
pub use locales::Locales;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
