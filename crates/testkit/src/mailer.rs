//! A mailer that keeps what it is given, and one that hands it out for any relay.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use vestibule_domain::error::BoxError;
use vestibule_domain::mail::Message;
use vestibule_domain::ports::{MailError, Mailer, Mailers, Receipt};
use vestibule_domain::relay::Relay;

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

/// Gives the same [`Outgoing`] for every relay, and remembers which relays it was asked for.
#[derive(Debug, Default)]
pub struct TestMailers {
    /// Where everything sent through any of the relays is kept.
    pub outgoing: Arc<Outgoing>,
    relays: Mutex<Vec<Relay>>,
    refusals: Mutex<VecDeque<String>>,
}

impl TestMailers {
    /// The relays asked for so far, with the passwords they were asked for with.
    ///
    /// # Panics
    /// When another test thread panicked while it held them.
    pub fn relays(&self) -> Vec<Relay> {
        self.relays.lock().unwrap().clone()
    }

    /// Makes the next request for a mailer fail, for that reason; several calls queue up.
    ///
    /// # Panics
    /// When another test thread panicked while it held the refusals.
    pub fn refuse_next(&self, reason: &str) {
        self.refusals.lock().unwrap().push_back(reason.to_owned());
    }
}

impl Mailers for TestMailers {
    fn mailer(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        if let Some(reason) = self.refusals.lock().unwrap().pop_front() {
            return Err(reason.into());
        }
        self.relays.lock().unwrap().push(relay.clone());
        Ok(self.outgoing.clone())
    }

    fn trial(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        self.mailer(relay)
    }
}
