//! How mail leaves: as a letter in a channel. A service of yours would hand it to a relay, or to
//! whoever sends its other mails.

use async_trait::async_trait;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::ports::{MailError, Mailer, Receipt};

/// The page of ours that asks for the new password, and calls `/reset` with it. What follows `#`
/// stays in the browser: no log on the way holds the token.
const RESET_PAGE: &str = "https://notes.example.com/new-password#";

/// Something for somebody to read.
#[derive(Debug)]
pub struct Letter {
    /// Whom it is for.
    pub to: String,
    /// What it says.
    pub text: String,
}

/// Takes messages, and gives them on as letters.
pub struct Letterbox(UnboundedSender<Letter>);

impl Letterbox {
    /// A box, and where its letters come out.
    pub fn new() -> (Self, UnboundedReceiver<Letter>) {
        let (sender, receiver) = unbounded_channel();
        (Self(sender), receiver)
    }
}

/// The words. The link is signed a moment ago and stored nowhere.
fn text(content: &Content) -> String {
    let words = match content {
        Content::ResetLink { token, .. } => {
            return format!("Choose a new password: {RESET_PAGE}{}", token.expose());
        }
        Content::Welcome => "Welcome to Notes.",
        Content::PasswordChanged { .. } => "Your password was changed.",
        Content::PasswordDisabled { .. } => "Too many wrong passwords: choose a new one.",
        Content::SignInAfterFailures { .. } => "Somebody signed in after many wrong passwords.",
        Content::RefreshTokenReused { .. } => "A copy of your sign-in was used; it was ended.",
        Content::Test => "This is a test.",
    };
    words.to_owned()
}

#[async_trait]
impl Mailer for Letterbox {
    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let to = message.to.as_str().to_owned();
        let letter = Letter { to, text: text(&message.content) };
        // Kept in the outbox, and tried again until somebody takes it.
        self.0.send(letter).map_err(|closed| MailError::Transient(closed.to_string().into()))?;
        Ok(Receipt { reply: "in the box".to_owned() })
    }

    async fn greet(&self) -> Result<(), MailError> {
        Ok(())
    }
}
