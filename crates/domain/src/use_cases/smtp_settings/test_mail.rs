//! Test mails and connection checks.

use std::sync::{Arc, PoisonError};

use time::OffsetDateTime;

use super::{Configured, SmtpAdministration, TestMailResult};
use crate::error::Error;
use crate::model::client::ClientInfo;
use crate::model::email::EmailAddress;
use crate::model::id::MailId;
use crate::model::language::Language;
use crate::model::mail::{Content, Message};
use crate::model::smtp_settings::SmtpTest;
use crate::ports::{Action, MailError, Mailer};
use crate::use_cases::admin_context::AdminContext;

impl SmtpAdministration {
    /// Sends a test mail at once, on the same path as other mails, and returns the result.
    ///
    /// # Errors
    /// `Throttled`, `MailNotSetUp`, `InvalidInput` if the saved password cannot be decrypted,
    /// `Unavailable`, `Internal`. A failure of the SMTP server is a result, not an error.
    pub async fn test(
        &self,
        by: &AdminContext,
        to: EmailAddress,
        language: Language,
        client: &ClientInfo,
    ) -> Result<TestMailResult, Error> {
        self.limits.admit_client(Action::TestMail, client).await?;
        let (mailer, saved_at) = self.trial(by).await?;
        let now = self.ports.clock.now();
        let id = MailId::generate(now, &*self.ports.random);
        let message =
            Message { id, to: to.clone(), language, written_at: now, content: Content::Test };
        let reply = mailer.send(&message).await;
        let test = SmtpTest { at: now, to, succeeded: reply.is_ok() };
        if matches!(self.configured, Configured::Smtp(..)) {
            *self.tried.lock().unwrap_or_else(PoisonError::into_inner) = Some(test.clone());
        }
        if let Some(saved_at) = saved_at {
            let mut unit = self.ports.store.begin().await?;
            if unit.record_smtp_test(saved_at, &test).await? {
                unit.commit().await?;
            }
        }
        Ok(TestMailResult { test, reply })
    }

    /// Connects to the SMTP server and authenticates, without sending a mail.
    ///
    /// # Errors
    /// `Forbidden` except for the operator; `MailNotSetUp`, `InvalidInput` if the saved password cannot
    /// be decrypted, `Unavailable`, `Internal`. A failure of the SMTP server is a result, not an error.
    pub async fn greet(&self, by: &AdminContext) -> Result<Result<(), MailError>, Error> {
        if by.actor().is_some() {
            return Err(Error::Forbidden);
        }
        let (mailer, _) = self.trial(by).await?;
        Ok(mailer.greet().await)
    }

    /// Returns a mailer with short timeouts, and the settings it was made from, if they are saved ones.
    async fn trial(
        &self,
        _by: &AdminContext,
    ) -> Result<(Arc<dyn Mailer>, Option<OffsetDateTime>), Error> {
        let (smtp, saved_at) = match &self.configured {
            Configured::Kept(mailer) => return Ok((mailer.clone(), None)),
            Configured::Smtp(smtp, _) => (smtp.clone(), None),
            Configured::Nothing => {
                let stored =
                    self.ports.store.find_smtp_settings().await?.ok_or(Error::MailNotSetUp)?;
                let saved_at = stored.saved_at;
                (self.opened(stored)?, Some(saved_at))
            }
        };
        let mailer = self.mailers.trial(&smtp).map_err(Error::Internal)?;
        Ok((mailer, saved_at))
    }
}
