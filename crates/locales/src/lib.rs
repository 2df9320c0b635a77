//! The words of pages and mails, in every language.
//!
//! Texts are Fluent catalogues in `catalogues/<language>/<topic>.ftl`, embedded in the binary; an
//! operator may override single ones. Whoever shows something asks for a text by its key, and
//! knows no words itself. What is said when is decided by the crates that show it.

mod argument;
mod catalogues;
mod device;
mod error;
mod locales;
mod overrides;
mod pseudo;
mod uses;
mod words;

pub use argument::Argument;
pub use error::{Fault, LocalesError};
pub use locales::Locales;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
