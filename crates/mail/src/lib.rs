//! Turns a message into bytes and delivers it.
//!
//! Two transports implement the domain's `Mailer`: [`SmtpMailer`] hands mails to a relay,
//! [`KeptMails`] keeps them for development. Both send the same bytes, written by one renderer.
//! Nothing here decides whether, when or how often a mail is sent; the domain's outbox does.

mod device;
mod failure;
mod kept;
mod letterhead;
mod render;
mod settings;
mod smtp;
mod words;

pub use failure::describe;
pub use kept::{KeptMail, KeptMails};
pub use letterhead::Letterhead;
pub use settings::{Security, SettingsError, SmtpPassword, SmtpSettings};
pub use smtp::SmtpMailer;
