//! Mail, in its two lives: an intent that waits in the outbox, and a message on its way out.
//!
//! The outbox holds no secret and no rendered text. A link is signed when its mail is sent, never
//! before (decision D3), so a copy of the database contains nothing that opens an account.

use time::OffsetDateTime;

use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::id::{LeaseId, MailId, UserId};
use crate::ports::Random;
use crate::reset::ResetId;
use crate::token::SignedToken;

/// The intent to write to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// The account was opened.
    Welcome {
        /// The new user.
        user_id: UserId,
    },
    /// Here is the link that was asked for.
    ResetLink {
        /// Whose password it resets.
        user_id: UserId,
        /// Which reset.
        reset_id: ResetId,
    },
    /// The password was changed, by reset, by its owner or by an administrator.
    PasswordChanged {
        /// Whose password.
        user_id: UserId,
        /// Who changed it.
        caller: Caller,
    },
}

impl Mail {
    /// The user it goes to.
    pub fn user_id(&self) -> UserId {
        match self {
            Self::Welcome { user_id }
            | Self::ResetLink { user_id, .. }
            | Self::PasswordChanged { user_id, .. } => *user_id,
        }
    }
}

/// A mail in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMail {
    /// Names the mail; the same at every attempt.
    pub id: MailId,
    /// What to write.
    pub mail: Mail,
    /// When the act it reports was committed.
    pub queued_at: OffsetDateTime,
    /// How often it was claimed, this time included.
    pub attempts: u32,
}

impl QueuedMail {
    /// Prepares a mail for the outbox.
    pub fn new(mail: Mail, now: OffsetDateTime, random: &dyn Random) -> Self {
        Self { id: MailId::generate(now, random), mail, queued_at: now, attempts: 0 }
    }
}

/// A worker's right to send one mail, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Tells this claim from every other.
    pub id: LeaseId,
    /// When others may claim the mail.
    pub until: OffsetDateTime,
}

/// What became of a claimed mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFate {
    /// A relay accepted it.
    Sent,
    /// Try again at that time.
    Retry {
        /// When.
        at: OffsetDateTime,
        /// Why it did not work, for the administrator. Holds no secret.
        reason: String,
    },
    /// It will never work.
    Failed {
        /// Why, for the administrator. Holds no secret.
        reason: String,
    },
    /// Its subject is gone: the link died, or the account.
    Withdrawn,
}

/// A message on its way to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same at every attempt; gives a stable `Message-ID`.
    pub id: MailId,
    /// The stored address of one account.
    pub to: EmailAddress,
    /// Its `Date`.
    pub written_at: OffsetDateTime,
    /// What it says.
    pub content: Content,
}

/// What a message says, as data; the mailer finds the words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The account was opened.
    Welcome,
    /// A link to choose a new password.
    ResetLink {
        /// The token inside the link.
        token: SignedToken,
        /// When the link was asked for.
        requested_at: OffsetDateTime,
        /// When the link stops working.
        expires_at: OffsetDateTime,
        /// Who asked for it.
        caller: Caller,
    },
    /// The password was changed.
    PasswordChanged {
        /// When.
        changed_at: OffsetDateTime,
        /// By whom.
        caller: Caller,
    },
    /// The settings work.
    Test,
}
