//! Faults of mailers: duplicates, wrong recipients, and misread SMTP replies.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Receipt};

use super::Fault;

const SLOWNESS: Duration = Duration::from_millis(100);
const STRANGER: &str = "stranger@elsewhere.example";

pub(super) struct FaultyMailer {
    fault: Fault,
    inner: Arc<dyn Mailer>,
    /// Sends one mail at a time.
    turn: Mutex<()>,
}

impl FaultyMailer {
    pub(super) fn new(fault: Fault, inner: Arc<dyn Mailer>) -> Self {
        Self { fault, inner, turn: Mutex::new(()) }
    }

    async fn send_slowly(&self, message: &Message) -> Result<Receipt, MailError> {
        let _turn = self.turn.lock().await;
        tokio::time::sleep(SLOWNESS).await;
        self.inner.send(message).await
    }

    fn send_later(&self, message: &Message) -> Receipt {
        let (mailer, message) = (self.inner.clone(), message.clone());
        #[expect(clippy::disallowed_methods, reason = "part of the fault")]
        tokio::spawn(async move {
            tokio::time::sleep(SLOWNESS).await;
            drop(mailer.send(&message).await);
        });
        accepted()
    }
}

fn accepted() -> Receipt {
    Receipt { reply: "250 or so".to_owned() }
}

#[async_trait]
impl Mailer for FaultyMailer {
    async fn greet(&self) -> Result<(), MailError> {
        self.inner.greet().await
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        match self.fault {
            Fault::DoubleSend => drop(self.inner.send(message).await),
            Fault::CopyToStranger => {
                if let Ok(to) = EmailAddress::parse(STRANGER) {
                    drop(self.inner.send(&Message { to, ..message.clone() }).await);
                }
            }
            Fault::SlowMailer => return self.send_slowly(message).await,
            Fault::AckBeforeSend => return Ok(self.send_later(message)),
            _ => {}
        }
        match (self.fault, self.inner.send(message).await) {
            (Fault::DeferredIsSent, Err(MailError::Transient(_))) => Ok(accepted()),
            (Fault::TransientIsPermanent, Err(MailError::Transient(source))) => {
                Err(MailError::Permanent(source))
            }
            (Fault::PermanentIsTransient, Err(MailError::Permanent(source))) => {
                Err(MailError::Transient(source))
            }
            (_, outcome) => outcome,
        }
    }
}
