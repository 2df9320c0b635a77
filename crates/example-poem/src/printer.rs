//! How mail leaves: it is printed. `vestibule-mail` would send it, with words in three languages;
//! its links lead to the pages of `vestibule-web`, though, and there are none here.
#![expect(clippy::print_stdout, reason = "printing is what it is for")]

use async_trait::async_trait;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::ports::{MailError, Mailer, Receipt};

/// Prints what others would send.
pub struct Printer;

#[async_trait]
impl Mailer for Printer {
    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        let to = message.to.as_str();
        match &message.content {
            Content::ResetLink { token, .. } => {
                println!("To {to}: POST this to /api/v1/auth/reset-password: {}", token.expose());
            }
            other => println!("To {to}: {other:?}"),
        }
        Ok(Receipt { reply: "printed".to_owned() })
    }

    async fn greet(&self) -> Result<(), MailError> {
        Ok(())
    }
}
