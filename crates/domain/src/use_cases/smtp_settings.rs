//! SMTP settings, from the configuration or saved by an administrator at run time.
//!
//! The configuration wins. Saved settings have their password sealed. The password is write-only,
//! and never sent to another server than the one it was given for.

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

use crate::error::{BoxError, Error, Violation};
use crate::model::audit::AuditAction;
use crate::model::policy::Policy;
use crate::model::smtp_settings::{
    SealedSmtpCredentials, SmtpCredentials, SmtpPassword, SmtpSettings, SmtpSettingsError,
    SmtpTest, StoredSmtpSettings,
};
use crate::ports::{Mailer, Mailers, Ports, SealPurpose};
use crate::use_cases::admin_context::AdminContext;
use crate::use_cases::rate_limits::RateLimits;

mod test_mail;
mod values;

pub use values::{
    MailSettings, NewPassword, SmtpSettingsSource, TestMailResult, UpdateSmtpSettings,
};

/// Saves, shows and tests SMTP settings, and provides the mailer.
pub struct SmtpAdministration {
    ports: Ports,
    policy: Policy,
    limits: RateLimits,
    mailers: Arc<dyn Mailers>,
    configured: Configured,
    prepared: Mutex<Option<Prepared>>,
    /// The latest test of configured settings; that of saved ones is in the store.
    tried: Mutex<Option<SmtpTest>>,
}

/// The mail section of the configuration.
#[derive(Clone)]
pub enum Configured {
    /// Not configured: an administrator may save settings.
    Nothing,
    /// Configured: read-only at run time.
    Smtp(SmtpSettings, Arc<dyn Mailer>),
    /// Mails go to the dev mailbox, or another fixed mailer, regardless of saved settings.
    Kept(Arc<dyn Mailer>),
}

/// The same mailer for all settings.
struct Always(Arc<dyn Mailer>);

impl Mailers for Always {
    fn mailer(&self, _: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(self.0.clone())
    }

    fn trial(&self, _: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(self.0.clone())
    }
}

/// The mailer of the settings saved at this time.
#[derive(Clone)]
struct Prepared {
    saved_at: OffsetDateTime,
    mailer: Arc<dyn Mailer>,
}

impl SmtpAdministration {
    /// Creates the use cases.
    pub fn new(
        ports: Ports,
        policy: Policy,
        mailers: Arc<dyn Mailers>,
        configured: Configured,
    ) -> Self {
        let limits = RateLimits::new(ports.limiter.clone(), policy.limits.clone());
        Self {
            ports,
            policy,
            limits,
            mailers,
            configured,
            prepared: Mutex::default(),
            tried: Mutex::default(),
        }
    }

    /// Creates the use cases for a service with its own mailer; saved settings are stored but not used.
    pub fn fixed(ports: Ports, policy: Policy, mailer: Arc<dyn Mailer>) -> Self {
        let configured = Configured::Kept(mailer.clone());
        Self::new(ports, policy, Arc::new(Always(mailer)), configured)
    }

    /// Returns the current mailer; `None` without settings.
    ///
    /// # Errors
    /// `Unavailable`; `InvalidInput` if the saved password cannot be decrypted; `Internal` also if the
    /// settings cannot work on this machine.
    pub async fn mailer(&self) -> Result<Option<Arc<dyn Mailer>>, Error> {
        match &self.configured {
            Configured::Smtp(_, mailer) | Configured::Kept(mailer) => {
                return Ok(Some(mailer.clone()));
            }
            Configured::Nothing => {}
        }
        let Some(stored) = self.ports.store.find_smtp_settings().await? else {
            return Ok(None);
        };
        let prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(Prepared { saved_at, mailer }) = prepared
            && saved_at == stored.saved_at
        {
            return Ok(Some(mailer));
        }
        let saved_at = stored.saved_at;
        let mailer = self.mailers.mailer(&self.opened(stored)?).map_err(Error::Internal)?;
        let prepared = Prepared { saved_at, mailer: mailer.clone() };
        *self.prepared.lock().unwrap_or_else(PoisonError::into_inner) = Some(prepared);
        Ok(Some(mailer))
    }

    /// Returns `true` if mail can be sent.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn is_set_up(&self) -> Result<bool, Error> {
        match self.configured {
            Configured::Nothing => Ok(self.ports.store.find_smtp_settings().await?.is_some()),
            Configured::Smtp(..) | Configured::Kept(_) => Ok(true),
        }
    }

    /// Returns `true` if a change requires reauthentication.
    pub fn needs_proof(&self, by: &AdminContext) -> bool {
        let now = self.ports.clock.now();
        by.actor().is_some_and(|actor| !actor.session.is_proof_fresh(&self.policy.sessions, now))
    }

    /// Returns the settings without the password.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn show(&self, _by: &AdminContext) -> Result<MailSettings, Error> {
        if let Configured::Smtp(smtp, _) = &self.configured {
            let username = smtp.credentials.as_ref().map(|account| account.username().to_owned());
            return Ok(MailSettings {
                has_password: username.is_some(),
                username,
                smtp: Some(SmtpSettings { credentials: None, ..smtp.clone() }),
                origin: SmtpSettingsSource::Configuration,
                is_password_lost: false,
                tested: self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            });
        }
        let stored = self.ports.store.find_smtp_settings().await?;
        let account = stored.as_ref().and_then(|stored| stored.sealed_credentials.as_ref());
        let is_kept = matches!(self.configured, Configured::Kept(_));
        Ok(MailSettings {
            username: account.map(|account| account.username.clone()),
            has_password: account.is_some(),
            is_password_lost: account.is_some_and(|account| self.password(account).is_none()),
            origin: if is_kept {
                SmtpSettingsSource::Kept
            } else {
                SmtpSettingsSource::Administrator
            },
            tested: stored.as_ref().and_then(|stored| stored.tested.clone()),
            smtp: stored.map(|stored| stored.smtp),
        })
    }

    /// Saves settings, which all nodes use at once.
    ///
    /// # Errors
    /// `ProofRequired` if reauthentication is required; `SetByConfiguration`; `InvalidInput` if the
    /// password is required again because the server changed, or if credentials would be sent
    /// unencrypted; `Unavailable`, `Internal`.
    pub async fn save(
        &self,
        by: &AdminContext,
        wanted: UpdateSmtpSettings,
    ) -> Result<MailSettings, Error> {
        if self.needs_proof(by) {
            return Err(Error::ProofRequired);
        }
        if matches!(self.configured, Configured::Smtp(..)) {
            return Err(Error::SetByConfiguration);
        }
        let before = self.ports.store.find_smtp_settings().await?;
        let sealed_credentials = self.credentials(&wanted, before)?;
        let smtp = SmtpSettings {
            host: wanted.host,
            port: wanted.port,
            security: wanted.security,
            credentials: None,
            from_address: wanted.from_address,
            from_name: wanted.from_name,
        };
        let stored = StoredSmtpSettings {
            smtp,
            sealed_credentials,
            saved_at: self.ports.clock.now(),
            tested: None,
        };
        let opened = self.opened(stored.clone())?;
        opened.check().map_err(|error| match error {
            SmtpSettingsError::SenderAddress => broken("from_address", error),
            _ => broken("security", error),
        })?;
        // Refuse settings that cannot work before saving them.
        self.mailers.mailer(&opened).map_err(Error::Internal)?;
        let mut unit = self.ports.store.begin().await?;
        if let Some(actor) = by.actor() {
            by.still_stands(&unit.lock_users(&[actor.user.id]).await?)?;
        }
        unit.save_smtp_settings(&stored).await?;
        unit.record(&by.event(&self.ports, AuditAction::MailSettingsSaved, None)).await?;
        unit.commit().await?;
        self.show(by).await
    }

    /// Returns the credentials to store, sealed.
    fn credentials(
        &self,
        wanted: &UpdateSmtpSettings,
        before: Option<StoredSmtpSettings>,
    ) -> Result<Option<SealedSmtpCredentials>, Error> {
        let Some(username) = &wanted.username else {
            return match &wanted.password {
                NewPassword::Set(_) => Err(broken("username", SmtpSettingsError::Credentials)),
                NewPassword::Keep | NewPassword::Remove => Ok(None),
            };
        };
        match &wanted.password {
            NewPassword::Remove => Ok(None),
            NewPassword::Set(password) => {
                let account = SmtpCredentials::new(username, password.clone())
                    .map_err(|error| broken("password", error))?;
                self.sealed(&account).map(Some)
            }
            NewPassword::Keep => {
                let Some(StoredSmtpSettings { smtp, sealed_credentials: Some(kept), .. }) = before
                else {
                    return Err(broken("password", SmtpSettingsError::Credentials));
                };
                let goes_where_it_went = smtp.host == wanted.host
                    && smtp.port == wanted.port
                    && smtp.security == wanted.security
                    && kept.username == *username;
                if !goes_where_it_went {
                    return Err(broken("password", SmtpSettingsError::PasswordAgain));
                }
                // Sealed again with the current key, so that an older key can be retired.
                let Some(password) = self.password(&kept) else {
                    return Err(broken("password", SmtpSettingsError::PasswordLost));
                };
                let account = SmtpCredentials::new(username, password)
                    .map_err(|error| broken("password", error))?;
                self.sealed(&account).map(Some)
            }
        }
    }

    /// Returns the settings with their credentials.
    fn opened(&self, stored: StoredSmtpSettings) -> Result<SmtpSettings, Error> {
        let Some(account) = stored.sealed_credentials else {
            return Ok(stored.smtp);
        };
        let Some(password) = self.password(&account) else {
            return Err(broken("password", SmtpSettingsError::PasswordLost));
        };
        let credentials = SmtpCredentials::new(&account.username, password)
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(SmtpSettings { credentials: Some(credentials), ..stored.smtp })
    }

    /// Opens a sealed password; returns `None` if its key is gone.
    fn password(&self, account: &SealedSmtpCredentials) -> Option<SmtpPassword> {
        let opened = self.ports.sealer.open(SealPurpose::SmtpPassword, &account.password)?;
        Some(SmtpPassword::new(opened.as_str().to_owned()))
    }

    fn sealed(&self, account: &SmtpCredentials) -> Result<SealedSmtpCredentials, Error> {
        let password = account.password().expose();
        let password = self.ports.sealer.seal(SealPurpose::SmtpPassword, password)?;
        Ok(SealedSmtpCredentials { username: account.username().to_owned(), password })
    }
}

fn broken(field: &'static str, error: SmtpSettingsError) -> Error {
    Error::InvalidInput(vec![Violation { field, rule: error.into() }])
}

#[cfg(test)]
mod tests;
