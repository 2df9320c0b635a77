//! Where mail goes: described by the configuration, or by an administrator while the service runs.
//!
//! What the configuration says wins. What an administrator says is kept with its password sealed;
//! the password never comes back out, and it is never sent to another server than the one it was
//! given for.

use std::sync::{Arc, Mutex, PoisonError};

use time::OffsetDateTime;

use crate::audit::EventKind;
use crate::authority::Authority;
use crate::error::{BoxError, Error, Violation};
use crate::limits::Limits;
use crate::policy::Policy;
use crate::ports::{Mailer, Mailers, Ports, SealPurpose};
use crate::relay::{
    Relay, RelayCredentials, RelayError, RelayPassword, RelayTest, SealedCredentials, StoredRelay,
};

mod trial;
mod values;

pub use values::{DescribeRelay, MailOrigin, MailSettings, NewPassword, Tested};

/// Keeps, shows, tests and provides the way mail goes.
pub struct MailSetup {
    ports: Ports,
    policy: Policy,
    limits: Limits,
    mailers: Arc<dyn Mailers>,
    configured: Configured,
    prepared: Mutex<Option<Prepared>>,
    /// The latest test of a configured relay; of a described one the store knows.
    tried: Mutex<Option<RelayTest>>,
}

/// What the configuration says about mail.
#[derive(Clone)]
pub enum Configured {
    /// Nothing: an administrator may say something.
    Nothing,
    /// Everything; it cannot be changed while the service runs.
    Relay(Relay, Arc<dyn Mailer>),
    /// Mails are kept instead of sent, whatever an administrator says.
    Kept(Arc<dyn Mailer>),
}

/// One and the same mailer for every relay.
struct Always(Arc<dyn Mailer>);

impl Mailers for Always {
    fn mailer(&self, _: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(self.0.clone())
    }

    fn trial(&self, _: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(self.0.clone())
    }
}

/// The mailer of the description saved at that moment.
#[derive(Clone)]
struct Prepared {
    saved_at: OffsetDateTime,
    mailer: Arc<dyn Mailer>,
}

impl MailSetup {
    /// Wires the use cases.
    pub fn new(
        ports: Ports,
        policy: Policy,
        mailers: Arc<dyn Mailers>,
        configured: Configured,
    ) -> Self {
        let limits = Limits::new(ports.limiter.clone(), policy.limits.clone());
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

    /// Wires the use cases for a service that sends mail its own way, whatever an administrator
    /// says: what they describe is kept, and nothing is sent by it.
    pub fn fixed(ports: Ports, policy: Policy, mailer: Arc<dyn Mailer>) -> Self {
        let configured = Configured::Kept(mailer.clone());
        Self::new(ports, policy, Arc::new(Always(mailer)), configured)
    }

    /// The way mail goes now, for whoever sends it; `None` when nobody has said.
    ///
    /// # Errors
    /// `Unavailable`; `InvalidInput` when the kept password cannot be read any more; `Internal` also
    /// when this machine cannot speak to such a relay.
    pub async fn mailer(&self) -> Result<Option<Arc<dyn Mailer>>, Error> {
        match &self.configured {
            Configured::Relay(_, mailer) | Configured::Kept(mailer) => {
                return Ok(Some(mailer.clone()));
            }
            Configured::Nothing => {}
        }
        let Some(stored) = self.ports.store.find_relay().await? else {
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

    /// Whether mail goes anywhere.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn is_set_up(&self) -> Result<bool, Error> {
        match self.configured {
            Configured::Nothing => Ok(self.ports.store.find_relay().await?.is_some()),
            Configured::Relay(..) | Configured::Kept(_) => Ok(true),
        }
    }

    /// Whether somebody has to prove again who they are before they may change anything here.
    pub fn needs_proof(&self, by: &Authority) -> bool {
        let now = self.ports.clock.now();
        by.actor().is_some_and(|actor| !actor.session.is_proof_fresh(&self.policy.sessions, now))
    }

    /// What is set, without any password.
    ///
    /// # Errors
    /// `Unavailable`, `Internal`.
    pub async fn show(&self, _by: &Authority) -> Result<MailSettings, Error> {
        if let Configured::Relay(relay, _) = &self.configured {
            let username = relay.credentials.as_ref().map(|account| account.username().to_owned());
            return Ok(MailSettings {
                has_password: username.is_some(),
                username,
                relay: Some(Relay { credentials: None, ..relay.clone() }),
                origin: MailOrigin::Configuration,
                is_password_lost: false,
                tested: self.tried.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            });
        }
        let stored = self.ports.store.find_relay().await?;
        let account = stored.as_ref().and_then(|stored| stored.sealed_credentials.as_ref());
        let is_kept = matches!(self.configured, Configured::Kept(_));
        Ok(MailSettings {
            username: account.map(|account| account.username.clone()),
            has_password: account.is_some(),
            is_password_lost: account.is_some_and(|account| self.password(account).is_none()),
            origin: if is_kept { MailOrigin::Kept } else { MailOrigin::Administrator },
            tested: stored.as_ref().and_then(|stored| stored.tested.clone()),
            relay: stored.map(|stored| stored.relay),
        })
    }

    /// Keeps another description. It is in force at once, on every node within a moment.
    ///
    /// # Errors
    /// `ProofRequired` when the last proof of identity is too old; `SetByConfiguration`;
    /// `InvalidInput` when the password has to be given again, because it would go somewhere else
    /// than before, or when credentials would travel in the clear; `Unavailable`, `Internal`.
    pub async fn save(&self, by: &Authority, wanted: DescribeRelay) -> Result<MailSettings, Error> {
        if self.needs_proof(by) {
            return Err(Error::ProofRequired);
        }
        if matches!(self.configured, Configured::Relay(..)) {
            return Err(Error::SetByConfiguration);
        }
        let before = self.ports.store.find_relay().await?;
        let sealed_credentials = self.credentials(&wanted, before)?;
        let relay = Relay {
            host: wanted.host,
            port: wanted.port,
            security: wanted.security,
            credentials: None,
            from_address: wanted.from_address,
            from_name: wanted.from_name,
        };
        let stored = StoredRelay {
            relay,
            sealed_credentials,
            saved_at: self.ports.clock.now(),
            tested: None,
        };
        let opened = self.opened(stored.clone())?;
        opened.check().map_err(|error| match error {
            RelayError::SenderAddress => broken("from_address", error),
            _ => broken("security", error),
        })?;
        // What nothing could be sent through is not kept.
        self.mailers.mailer(&opened).map_err(Error::Internal)?;
        let mut unit = self.ports.store.begin().await?;
        if let Some(actor) = by.actor() {
            by.still_stands(&unit.lock_users(&[actor.user.id]).await?)?;
        }
        unit.save_relay(&stored).await?;
        unit.record(&by.event(&self.ports, EventKind::MailSettingsSaved, None)).await?;
        unit.commit().await?;
        self.show(by).await
    }

    /// The credentials to keep, sealed.
    fn credentials(
        &self,
        wanted: &DescribeRelay,
        before: Option<StoredRelay>,
    ) -> Result<Option<SealedCredentials>, Error> {
        let Some(username) = &wanted.username else {
            return match &wanted.password {
                NewPassword::Set(_) => Err(broken("username", RelayError::Credentials)),
                NewPassword::Keep | NewPassword::Remove => Ok(None),
            };
        };
        match &wanted.password {
            NewPassword::Remove => Ok(None),
            NewPassword::Set(password) => {
                let account = RelayCredentials::new(username, password.clone())
                    .map_err(|error| broken("password", error))?;
                self.sealed(&account).map(Some)
            }
            NewPassword::Keep => {
                let Some(StoredRelay { relay, sealed_credentials: Some(kept), .. }) = before else {
                    return Err(broken("password", RelayError::Credentials));
                };
                let goes_where_it_went = relay.host == wanted.host
                    && relay.port == wanted.port
                    && relay.security == wanted.security
                    && kept.username == *username;
                if !goes_where_it_went {
                    return Err(broken("password", RelayError::PasswordAgain));
                }
                // Sealed anew, so that an older key can be retired after saving.
                let Some(password) = self.password(&kept) else {
                    return Err(broken("password", RelayError::PasswordLost));
                };
                let account = RelayCredentials::new(username, password)
                    .map_err(|error| broken("password", error))?;
                self.sealed(&account).map(Some)
            }
        }
    }

    /// The description with its credentials.
    fn opened(&self, stored: StoredRelay) -> Result<Relay, Error> {
        let Some(account) = stored.sealed_credentials else {
            return Ok(stored.relay);
        };
        let Some(password) = self.password(&account) else {
            return Err(broken("password", RelayError::PasswordLost));
        };
        let credentials = RelayCredentials::new(&account.username, password)
            .map_err(|error| Error::Internal(error.into()))?;
        Ok(Relay { credentials: Some(credentials), ..stored.relay })
    }

    /// The password behind a seal; `None` when the key it was sealed with is gone.
    fn password(&self, account: &SealedCredentials) -> Option<RelayPassword> {
        let opened = self.ports.sealer.open(SealPurpose::RelayPassword, &account.password)?;
        Some(RelayPassword::new(opened.as_str().to_owned()))
    }

    fn sealed(&self, account: &RelayCredentials) -> Result<SealedCredentials, Error> {
        let password = account.password().expose();
        let password = self.ports.sealer.seal(SealPurpose::RelayPassword, password)?;
        Ok(SealedCredentials { username: account.username().to_owned(), password })
    }
}

fn broken(field: &'static str, error: RelayError) -> Error {
    Error::InvalidInput(vec![Violation { field, rule: error.into() }])
}

#[cfg(test)]
mod tests;
