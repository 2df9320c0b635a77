//! Mail, in its two lives: an intent that waits in the outbox, and a message on its way out.
//!
//! The outbox holds no secret and no rendered text. A link is signed when its mail is sent, never
//! before (decision D3), so a copy of the database contains nothing that opens an account.

use time::OffsetDateTime;

use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::id::{LeaseId, MailId, UserId};
use crate::language::Language;
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
    /// Too many passwords in a row were wrong: it opens nothing until it is reset.
    PasswordDisabled {
        /// Whose password.
        user_id: UserId,
        /// Who gave the last wrong one.
        caller: Caller,
    },
    /// Somebody signed in after many wrong passwords.
    SignInAfterFailures {
        /// Whose account.
        user_id: UserId,
        /// Who signed in.
        caller: Caller,
    },
    /// A refresh token was used again: somebody has a copy, and its session was ended.
    RefreshTokenReused {
        /// Whose session.
        user_id: UserId,
        /// Who used it again.
        caller: Caller,
    },
}

impl Mail {
    /// What kind of mail it is.
    pub fn kind(&self) -> MailKind {
        match self {
            Self::Welcome { .. } => MailKind::Welcome,
            Self::ResetLink { .. } => MailKind::ResetLink,
            Self::PasswordChanged { .. } => MailKind::PasswordChanged,
            Self::PasswordDisabled { .. } => MailKind::PasswordDisabled,
            Self::SignInAfterFailures { .. } => MailKind::SignInAfterFailures,
            Self::RefreshTokenReused { .. } => MailKind::RefreshTokenReused,
        }
    }

    /// The user it goes to.
    pub fn user_id(&self) -> UserId {
        match self {
            Self::Welcome { user_id }
            | Self::ResetLink { user_id, .. }
            | Self::PasswordChanged { user_id, .. }
            | Self::PasswordDisabled { user_id, .. }
            | Self::SignInAfterFailures { user_id, .. }
            | Self::RefreshTokenReused { user_id, .. } => *user_id,
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

/// A mail as administrators see it: what it is, never what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRecord {
    /// Names the mail.
    pub id: MailId,
    /// What kind of mail.
    pub kind: MailKind,
    /// The address of the account it is about.
    pub to: EmailAddress,
    /// What has become of it so far.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: u32,
    /// When the act it reports was committed.
    pub queued_at: OffsetDateTime,
    /// Why it did not work, the last time it did not.
    pub last_error: Option<String>,
}

/// What kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The account was opened.
    Welcome,
    /// A link to choose a new password.
    ResetLink,
    /// The password was changed.
    PasswordChanged,
    /// The password opens nothing any more.
    PasswordDisabled,
    /// Somebody signed in after many wrong passwords.
    SignInAfterFailures,
    /// A refresh token was used again.
    RefreshTokenReused,
}

/// What has become of a mail so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// It waits for its next attempt.
    Waiting {
        /// When that is due.
        due_at: OffsetDateTime,
    },
    /// A relay accepted it.
    Sent {
        /// When.
        at: OffsetDateTime,
    },
    /// It was given up.
    Failed {
        /// When.
        at: OffsetDateTime,
    },
    /// Its subject was gone.
    Withdrawn {
        /// When.
        at: OffsetDateTime,
    },
}

/// A message on its way to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same at every attempt; gives a stable `Message-ID`.
    pub id: MailId,
    /// The stored address of one account.
    pub to: EmailAddress,
    /// The language it is written in.
    pub language: Language,
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
    /// Too many passwords in a row were wrong: it opens nothing until it is reset.
    PasswordDisabled {
        /// When.
        at: OffsetDateTime,
        /// Who gave the last wrong one.
        caller: Caller,
    },
    /// Somebody signed in after many wrong passwords.
    SignInAfterFailures {
        /// When.
        at: OffsetDateTime,
        /// Who.
        caller: Caller,
    },
    /// A refresh token was used again, and its session was ended.
    RefreshTokenReused {
        /// When.
        at: OffsetDateTime,
        /// By whom.
        caller: Caller,
    },
    /// The settings work.
    Test,
}

impl MailKind {
    /// A stable name, for programs and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Welcome => "welcome",
            Self::ResetLink => "reset_link",
            Self::PasswordChanged => "password_changed",
            Self::PasswordDisabled => "password_disabled",
            Self::SignInAfterFailures => "sign_in_after_failures",
            Self::RefreshTokenReused => "refresh_token_reused",
        }
    }
}

impl MailState {
    /// A stable name, for programs and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}
