//! Mails: the intent stored in the outbox, and the message that is sent.
//!
//! The outbox contains no secret and no rendered text. A link is signed when its mail is sent, not
//! before (decision 0004), so a copy of the database contains nothing that opens an account.

use time::OffsetDateTime;

use crate::model::claims::SignedToken;
use crate::model::client::ClientInfo;
use crate::model::email::EmailAddress;
use crate::model::id::{LeaseId, MailId, ResetId, UserId};
use crate::model::language::Language;
use crate::system::Random;

/// A mail to a user, as stored in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mail {
    /// The account was created.
    Welcome {
        /// The new user.
        user_id: UserId,
    },
    /// The requested reset link.
    ResetLink {
        /// The user whose password it resets.
        user_id: UserId,
        /// The password reset.
        reset_id: ResetId,
    },
    /// The password was changed by a reset, the user or an administrator.
    PasswordChanged {
        /// The user.
        user_id: UserId,
        /// The client that changed it.
        client: ClientInfo,
    },
    /// Sign-in is locked after too many wrong passwords in a row, until the password is reset.
    PasswordDisabled {
        /// The user.
        user_id: UserId,
        /// The client that sent the last wrong password.
        client: ClientInfo,
    },
    /// A sign-in succeeded after many wrong passwords.
    SignInAfterFailures {
        /// The user.
        user_id: UserId,
        /// The client that signed in.
        client: ClientInfo,
    },
    /// A refresh token was reused, and its session was ended.
    RefreshTokenReused {
        /// The user.
        user_id: UserId,
        /// The client that reused it.
        client: ClientInfo,
    },
}

impl Mail {
    /// Returns the kind of mail.
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

    /// Returns the recipient.
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
    /// Identifies the mail; the same for every attempt.
    pub id: MailId,
    /// The intent.
    pub mail: Mail,
    /// Time at which the mail was queued.
    pub queued_at: OffsetDateTime,
    /// Number of times it was claimed, this one included.
    pub attempts: u32,
}

impl QueuedMail {
    /// Creates a mail for the outbox.
    pub fn new(mail: Mail, now: OffsetDateTime, random: &dyn Random) -> Self {
        Self { id: MailId::generate(now, random), mail, queued_at: now, attempts: 0 }
    }
}

/// The exclusive right of a worker to send a mail, for a limited time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Identifies this claim.
    pub id: LeaseId,
    /// Time from which other workers may claim the mail.
    pub until: OffsetDateTime,
}

/// The delivery result of a claimed mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailFate {
    /// The SMTP server accepted it.
    Sent,
    /// A temporary failure; try again.
    Retry {
        /// Time.
        at: OffsetDateTime,
        /// The cause, for administrators. Contains no secret.
        reason: String,
    },
    /// A permanent failure.
    Failed {
        /// The cause, for administrators. Contains no secret.
        reason: String,
    },
    /// Not sent, because the link became invalid or the account was deleted.
    Withdrawn,
}

/// A mail as administrators see it, without its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailRecord {
    /// Identifies the mail.
    pub id: MailId,
    /// The kind of mail.
    pub kind: MailKind,
    /// The recipient's address.
    pub to: EmailAddress,
    /// The delivery state.
    pub state: MailState,
    /// Number of delivery attempts.
    pub attempts: u32,
    /// Time at which the mail was queued.
    pub queued_at: OffsetDateTime,
    /// The cause of the last failed attempt.
    pub last_error: Option<String>,
}

/// The kind of mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailKind {
    /// The account was created.
    Welcome,
    /// A link to choose a new password.
    ResetLink,
    /// The password was changed.
    PasswordChanged,
    /// Sign-in is locked until the password is reset.
    PasswordDisabled,
    /// A sign-in succeeded after many wrong passwords.
    SignInAfterFailures,
    /// A refresh token was reused.
    RefreshTokenReused,
}

/// The delivery state of a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailState {
    /// Waiting for the next attempt.
    Waiting {
        /// Time of the next attempt.
        due_at: OffsetDateTime,
    },
    /// The SMTP server accepted it.
    Sent {
        /// Time.
        at: OffsetDateTime,
    },
    /// Delivery failed permanently.
    Failed {
        /// Time.
        at: OffsetDateTime,
    },
    /// Withdrawn before it was sent.
    Withdrawn {
        /// Time.
        at: OffsetDateTime,
    },
}

/// A message to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The same for every attempt; becomes a stable `Message-ID`.
    pub id: MailId,
    /// The stored address of the recipient.
    pub to: EmailAddress,
    /// The language of the text.
    pub language: Language,
    /// The `Date` header.
    pub written_at: OffsetDateTime,
    /// The content.
    pub content: Content,
}

/// The content of a message as data; the mailer renders it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// The account was created.
    Welcome,
    /// A link to choose a new password.
    ResetLink {
        /// The token in the link.
        token: SignedToken,
        /// Time of the request.
        requested_at: OffsetDateTime,
        /// Time at which the link expires.
        expires_at: OffsetDateTime,
        /// The client that requested it.
        client: ClientInfo,
    },
    /// The password was changed.
    PasswordChanged {
        /// Time.
        changed_at: OffsetDateTime,
        /// The client.
        client: ClientInfo,
    },
    /// Sign-in is locked after too many wrong passwords in a row, until the password is reset.
    PasswordDisabled {
        /// Time.
        at: OffsetDateTime,
        /// The client that sent the last wrong password.
        client: ClientInfo,
    },
    /// A sign-in succeeded after many wrong passwords.
    SignInAfterFailures {
        /// Time.
        at: OffsetDateTime,
        /// The client.
        client: ClientInfo,
    },
    /// A refresh token was reused, and its session was ended.
    RefreshTokenReused {
        /// Time.
        at: OffsetDateTime,
        /// The client.
        client: ClientInfo,
    },
    /// A test mail.
    Test,
}

impl MailKind {
    /// Returns a stable name, for the API and pages.
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
    /// Returns a stable name, for the API and pages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}
