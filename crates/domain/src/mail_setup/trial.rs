//! Trying out the way mail goes.

use std::sync::{Arc, PoisonError};

use time::OffsetDateTime;

use super::{Configured, MailSetup, Tested};
use crate::authority::Authority;
use crate::caller::Caller;
use crate::email::EmailAddress;
use crate::error::Error;
use crate::id::MailId;
use crate::language::Language;
use crate::mail::{Content, Message};
use crate::ports::{Action, MailError, Mailer};
use crate::relay::RelayTest;

impl MailSetup {
    /// Sends a test mail the way every mail goes, at once, and says what came of it.
    ///
    /// # Errors
    /// `Throttled`, `MailNotSetUp`, `InvalidInput` when the kept password cannot be read any more,
    /// `Unavailable`, `Internal`. That the relay refuses or is away is
    /// no error here: it is the answer.
    pub async fn test(
        &self,
        by: &Authority,
        to: EmailAddress,
        language: Language,
        caller: &Caller,
    ) -> Result<Tested, Error> {
        self.limits.admit_client(Action::TestMail, caller).await?;
        let (mailer, saved_at) = self.trial(by).await?;
        let now = self.ports.clock.now();
        let id = MailId::generate(now, &*self.ports.random);
        let message =
            Message { id, to: to.clone(), language, written_at: now, content: Content::Test };
        let reply = mailer.send(&message).await;
        let test = RelayTest { at: now, to, succeeded: reply.is_ok() };
        if matches!(self.configured, Configured::Relay(..)) {
            *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(test.clone());
        }
        if let Some(saved_at) = saved_at {
            let mut unit = self.ports.store.begin().await?;
            if unit.note_relay_test(saved_at, &test).await? {
                unit.commit().await?;
            }
        }
        Ok(Tested { test, reply })
    }

    /// Goes as far towards the relay as it would before a mail, and sends none.
    ///
    /// # Errors
    /// `Forbidden` for everybody but the operator; `MailNotSetUp`, `InvalidInput` when the kept
    /// password cannot be read any more, `Unavailable`, `Internal`. That the relay refuses or is
    /// away is no error here: it is the answer.
    pub async fn greet(&self, by: &Authority) -> Result<Result<(), MailError>, Error> {
        if by.actor().is_some() {
            return Err(Error::Forbidden);
        }
        let (mailer, _) = self.trial(by).await?;
        Ok(mailer.greet().await)
    }

    /// A mailer that soon gives up, and the description it was made from, if it is a kept one.
    async fn trial(
        &self,
        _by: &Authority,
    ) -> Result<(Arc<dyn Mailer>, Option<OffsetDateTime>), Error> {
        let (relay, saved_at) = match &self.configured {
            Configured::Kept(mailer) => return Ok((mailer.clone(), None)),
            Configured::Relay(relay, _) => (relay.clone(), None),
            Configured::Nothing => {
                let stored = self.ports.store.find_relay().await?.ok_or(Error::MailNotSetUp)?;
                let saved_at = stored.saved_at;
                (self.opened(stored)?, Some(saved_at))
            }
        };
        let mailer = self.mailers.trial(&relay).map_err(Error::Internal)?;
        Ok((mailer, saved_at))
    }
}
