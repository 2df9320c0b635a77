//! The ways mail goes: kept, through the configured relay, or through one an administrator has set.

use std::sync::Arc;
use std::time::Duration;

use vestibule_domain::error::{BoxError, chain};
use vestibule_domain::mail_setup::Configured;
use vestibule_domain::ports::{Mailer, Mailers};
use vestibule_domain::relay::{Relay, RelaySecurity};
use vestibule_locales::Locales;
use vestibule_mail::{
    KeptMails, Letterhead, Security, SettingsError, SmtpMailer, SmtpPassword, SmtpSettings,
};

use crate::config::{Config, Problem, PublicUrl};

/// How long somebody who waits for a test mail is kept waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes mailers: the same letterhead and words, whatever the relay.
#[derive(Clone)]
pub(super) struct RelayMailers {
    letterhead: Letterhead,
    locales: Locales,
    product: String,
    ca_file: Option<Vec<u8>>,
}

/// What the configuration comes to.
pub(super) struct Mail {
    pub(super) mailers: RelayMailers,
    pub(super) configured: Configured,
    /// The kept mails of `--dev`.
    pub(super) kept: Option<Arc<KeptMails>>,
}

/// Reads what the configuration says about mail. In `--dev` mails are kept, whatever it says: a
/// try-out writes to nobody.
///
/// # Errors
/// A [`Problem`] that names the key.
pub(super) fn mail(
    config: &Config,
    public_url: &PublicUrl,
    locales: &Locales,
) -> Result<Mail, Problem> {
    let invalid = |error: SettingsError| Problem::new("mail", chain(&error));
    let letterhead = letterhead(config, public_url).map_err(invalid)?;
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| {
            Problem::new("mail.ca_file", format!("{} cannot be read: {error}", path.display()))
        })
    };
    let mailers = RelayMailers {
        letterhead: letterhead.clone(),
        locales: locales.clone(),
        product: config.product_name.clone(),
        ca_file: config.mail_ca_file.as_ref().map(read).transpose()?,
    };
    if config.dev {
        let folder = config.data_dir.join("mails");
        let kept = KeptMails::new(letterhead, folder, locales.clone()).map_err(invalid)?;
        let kept = Arc::new(kept);
        let configured = Configured::Kept(kept.clone());
        return Ok(Mail { mailers, configured, kept: Some(kept) });
    }
    let configured = match &config.mail {
        Some(relay) => {
            let mailer = mailers.connect(relay).map_err(invalid)?;
            Configured::Relay(relay.clone(), Arc::new(mailer))
        }
        None => Configured::Nothing,
    };
    Ok(Mail { mailers, configured, kept: None })
}

/// What every mail carries.
///
/// # Errors
/// [`SettingsError`] when no mail could carry it.
pub(super) fn letterhead(
    config: &Config,
    public_url: &PublicUrl,
) -> Result<Letterhead, SettingsError> {
    let letterhead = Letterhead::new(&config.product_name, public_url.as_str())?;
    let templates = config.pages.directory.as_ref().map(|folder| folder.join("mails"));
    Ok(match templates.filter(|folder| folder.is_dir()) {
        Some(folder) => letterhead.with_templates(folder),
        None => letterhead,
    })
}

impl RelayMailers {
    fn connect(&self, relay: &Relay) -> Result<SmtpMailer, SettingsError> {
        let credentials = relay.credentials.as_ref();
        let from_name = relay.from_name.as_ref().map(|name| name.as_str().to_owned());
        let settings = SmtpSettings {
            host: relay.host.as_str().to_owned(),
            port: relay.port.get(),
            security: match relay.security {
                RelaySecurity::StartTls => Security::StartTls,
                RelaySecurity::Tls => Security::Tls,
                RelaySecurity::None => Security::None,
            },
            username: credentials.map(|account| account.username.clone()),
            password: credentials
                .map(|account| SmtpPassword::new(account.password.expose().to_owned())),
            from_address: relay.from_address.clone(),
            from_name: from_name.unwrap_or_else(|| self.product.clone()),
            ca_file: self.ca_file.clone(),
        };
        SmtpMailer::new(settings, self.letterhead.clone(), self.locales.clone())
    }
}

impl Mailers for RelayMailers {
    fn mailer(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(Arc::new(self.connect(relay)?))
    }

    fn trial(&self, relay: &Relay) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(Arc::new(self.connect(relay)?.with_deadline(PATIENCE)))
    }
}
