//! A mailer that prints. `vestibule-mail` would send mails in three languages, but its links lead
//! to the pages of `vestibule-web`, which this example does not have.
#![expect(clippy::print_stdout, reason = "prints by design")]

use async_trait::async_trait;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::ports::{MailError, Mailer, Receipt};

/// A mailer that prints mails.
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
