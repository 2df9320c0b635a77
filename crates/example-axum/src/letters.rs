//! A mailer that sends mails to a channel. A real service would use an SMTP server or a mail API.

use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::ports::{MailError, Mailer, Receipt};

/// The page that asks for the new password and calls `/reset`. The fragment after `#` stays in the
/// browser, so the token is in no server log.
const RESET_PAGE: &str = "https://notes.example.com/new-password#";

/// A mail with its text.
#[derive(Debug)]
pub struct Letter {
    /// Email of the recipient.
    pub to: String,
    /// Text of the mail.
    pub text: String,
}

/// A mailer that sends letters to a channel.
pub struct Letterbox(UnboundedSender<Letter>);

impl Letterbox {
    /// Creates a mailer and the receiver of its letters.
    pub fn new() -> (Self, UnboundedReceiver<Letter>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }
}

/// Returns the text of a mail. The token of a link was just signed and is not stored.
fn text(content: &Content) -> String {
    let words = match content {
        Content::ResetLink { token, .. } => {
            return format!("Choose a new password: {RESET_PAGE}{}", token.expose());
        }
        Content::Welcome => "Welcome to Notes.",
        Content::PasswordChanged { .. } => "Your password was changed.",
        Content::PasswordDisabled { .. } => "Too many wrong passwords: choose a new one.",
        Content::SignInAfterFailures { .. } => "There was a sign-in after many wrong passwords.",
        Content::RefreshTokenReused { .. } => {
            "A refresh token was used twice; the session was ended."
        }
        Content::Test => "This is a test.",
    };
    words.to_owned()
}

#[async_trait]
impl Mailer for Letterbox {
    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let to = message.to.as_str().to_owned();
        let letter = Letter { to, text: text(&message.content) };
        // The mail stays in the outbox and is retried.
        self.0.send(letter).map_err(|closed| MailError::Transient(closed.to_string().into()))?;
        Ok(Receipt { reply: "in the box".to_owned() })
    }

    async fn greet(&self) -> Result<(), MailError> {
        Ok(())
    }
}
