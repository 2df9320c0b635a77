//! A mailer that records messages, and a factory that returns it for all SMTP settings.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use vestibule_domain::error::BoxError;
use vestibule_domain::model::mail::Message;
use vestibule_domain::model::smtp_settings::SmtpSettings;
use vestibule_domain::ports::{MailError, Mailer, Mailers, Receipt};

/// A mailer that records messages, and fails on request.
#[derive(Debug, Default)]
pub struct Outgoing {
    sent: Mutex<Vec<Message>>,
    failures: Mutex<VecDeque<MailError>>,
}

impl Outgoing {
    /// Removes and returns the messages sent so far.
    ///
    /// # Panics
    /// If another test thread panicked while it held the lock.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut *self.sent.lock().unwrap())
    }

    /// Makes the next attempt fail; several calls queue up.
    ///
    /// # Panics
    /// If another test thread panicked while it held the lock.
    pub fn fail_next(&self, error: MailError) {
        self.failures.lock().unwrap().push_back(error);
    }
}

#[async_trait]
impl Mailer for Outgoing {
    async fn greet(&self) -> Result<(), MailError> {
        Ok(())
    }

    async fn send(&self, message: &Message) -> Result<Receipt, MailError> {
        if let Some(error) = self.failures.lock().unwrap().pop_front() {
            return Err(error);
        }
        self.sent.lock().unwrap().push(message.clone());
        Ok(Receipt { reply: "250 kept".to_owned() })
    }
}

/// A factory that returns the same [`Outgoing`] for all SMTP settings, and records the settings.
#[derive(Debug, Default)]
pub struct TestMailers {
    /// Records the messages sent with any of the settings.
    pub outgoing: Arc<Outgoing>,
    smtp_servers: Mutex<Vec<SmtpSettings>>,
    refusals: Mutex<VecDeque<String>>,
}

impl TestMailers {
    /// Returns the SMTP settings of the mailers created so far, with their passwords.
    ///
    /// # Panics
    /// If another test thread panicked while it held the lock.
    pub fn smtp_servers(&self) -> Vec<SmtpSettings> {
        self.smtp_servers.lock().unwrap().clone()
    }

    /// Makes the creation of the next mailer fail with that reason; several calls queue up.
    ///
    /// # Panics
    /// If another test thread panicked while it held the lock.
    pub fn refuse_next(&self, reason: &str) {
        self.refusals.lock().unwrap().push_back(reason.to_owned());
    }
}

impl Mailers for TestMailers {
    fn mailer(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        if let Some(reason) = self.refusals.lock().unwrap().pop_front() {
            return Err(reason.into());
        }
        self.smtp_servers.lock().unwrap().push(smtp.clone());
        Ok(self.outgoing.clone())
    }

    fn trial(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        self.mailer(smtp)
    }
}
