//! Rendering and delivery of mails.
//!
//! There are two implementations of the domain's `Mailer`: [`SmtpMailer`] sends mails to an SMTP
//! server, [`DevMailbox`] stores them for development. They use the same renderer, which takes the
//! texts in the language of the message from `vestibule-locales`. The outbox of the domain decides
//! which mails are sent, and when.

mod branding;
mod dev_mailbox;
mod failure;
mod render;
mod settings;
mod smtp;
mod templates;

pub use branding::Branding;
pub use dev_mailbox::{DevMail, DevMailbox};
pub use failure::describe;
pub use render::check_templates;
pub use settings::SettingsError;
pub use smtp::SmtpMailer;

/// Compiles the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
