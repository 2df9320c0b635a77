//! A mailer that keeps what it is given.

use std::collections::VecDeque;
use std::sync::Mutex;

use async_trait::async_trait;
use vestibule_domain::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Receipt};

/// Keeps every message; fails as often as a test asks it to.
#[derive(Debug, Default)]
pub struct Outgoing {
    sent: Mutex<Vec<Message>>,
    failures: Mutex<VecDeque<MailError>>,
}

impl Outgoing {
    /// Takes everything sent so far.
    ///
    /// # Panics
    /// When another test thread panicked while it held the messages.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// Makes the next attempt fail; several calls queue up.
    ///
    /// # Panics
    /// When another test thread panicked while it held the failures.
    pub fn fail_next(&self, error: MailError) {
        self.failures.lock().unwrap().push_back(error);
    }
}

#[async_trait]
impl Mailer for Outgoing {
    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        if let Some(error) = self.failures.lock().unwrap().pop_front() {
            return Err(error);
        }
        self.sent.lock().unwrap().push(message.clone());
        Ok(Receipt { reply: "250 kept".to_owned() })
    }
}
