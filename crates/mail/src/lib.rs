//! Turns a message into bytes and delivers it.
//!
//! Two transports implement the domain's `Mailer`: [`SmtpMailer`] hands mails to a relay,
//! [`KeptMails`] keeps them for development. Both send the same bytes, written by one renderer, in
//! the language of the message; the words are those of `vestibule-locales`.
//! Nothing here decides whether, when or how often a mail is sent; the domain's outbox does.

mod failure;
mod kept;
mod letterhead;
mod render;
mod settings;
mod smtp;
mod templates;

pub use failure::describe;
pub use kept::{KeptMail, KeptMails};
pub use letterhead::Letterhead;
pub use render::check_templates;
pub use settings::SettingsError;
pub use smtp::SmtpMailer;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
