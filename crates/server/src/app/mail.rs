//! The ways mail goes: kept, through the configured relay, or through one an administrator has set.

use std::sync::Arc;
use std::time::Duration;

use vestibule_domain::error::{BoxError, chain};
use vestibule_domain::mail_setup::Configured;
use vestibule_domain::ports::{Mailer, Mailers};
use vestibule_domain::relay::Relay;
use vestibule_locales::Locales;
use vestibule_mail::{KeptMails, Letterhead, SettingsError, SmtpMailer, check_templates};

use crate::config::{Config, Problem, PublicUrl};

/// How long somebody who waits for a test mail is kept waiting.
const PATIENCE: Duration = Duration::from_secs(10);

/// Makes mailers: the same letterhead and words, whatever the relay.
#[derive(Clone)]
pub(super) struct RelayMailers {
    letterhead: Letterhead,
    locales: Locales,
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
    let invalid = |error: SettingsError| problem(&error);
    let letterhead = letterhead(config, public_url).map_err(invalid)?;
    // A relay may be set up much later; whoever wrote a template is at hand now.
    check_templates(&letterhead, locales).map_err(invalid)?;
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| {
            Problem::new("mail.ca_file", format!("{} cannot be read: {error}", path.display()))
        })
    };
    let mailers = RelayMailers {
        letterhead: letterhead.clone(),
        locales: locales.clone(),
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

/// What is wrong, under the key that it is about.
fn problem(error: &SettingsError) -> Problem {
    let at = match error {
        SettingsError::Template { .. }
        | SettingsError::TemplateHeading { .. }
        | SettingsError::TemplateUnreadable { .. }
        | SettingsError::UnknownTemplate { .. } => "ui.directory",
        _ => "mail",
    };
    Problem::new(at, chain(error))
}

impl RelayMailers {
    fn connect(&self, relay: &Relay) -> Result<SmtpMailer, SettingsError> {
        let ca_file = self.ca_file.as_deref();
        SmtpMailer::new(relay, ca_file, self.letterhead.clone(), self.locales.clone())
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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Overrides, load};

    /// Where the configuration is wrong, if it is, with an operator's files in `own`.
    fn refused(own: &Path, settings: &[(&str, &str)]) -> Option<String> {
        let directory = [("VESTIBULE_UI__DIRECTORY", own.to_str().unwrap())];
        let environment = settings.iter().chain(&directory);
        let environment = environment.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let overrides = Overrides { serves_nobody: true, ..Overrides::default() };
        let (config, _) = load(&overrides, environment).unwrap();
        let public_url = PublicUrl::parse("https://id.acme.example").unwrap();
        mail(&config, &public_url, &Locales::embedded()).err().map(|problem| problem.at)
    }

    #[test]
    fn a_broken_mail_template_is_refused_before_there_is_a_relay() {
        let own = tempfile::tempdir().unwrap();
        assert_eq!(refused(own.path(), &[]), None);
        let mails = own.path().join("mails");
        std::fs::create_dir(&mails).unwrap();
        for (name, text) in [
            ("welcome.html", "{{ nonsense }}"),
            ("welcome.txt", "no heading"),
            ("wellcome.txt", ""),
        ] {
            std::fs::write(mails.join(name), text).unwrap();
            assert_eq!(refused(own.path(), &[]).as_deref(), Some("ui.directory"), "{name}");
            std::fs::remove_file(mails.join(name)).unwrap();
        }
        assert_eq!(refused(own.path(), &[]), None);
    }

    #[test]
    fn what_is_wrong_with_a_relay_is_a_matter_of_mail() {
        let own = tempfile::tempdir().unwrap();
        let anchor = own.path().join("ca.pem");
        std::fs::write(&anchor, "not a certificate").unwrap();
        let relay = [
            ("VESTIBULE_MAIL__HOST", "smtp.example.com"),
            ("VESTIBULE_MAIL__FROM_ADDRESS", "no-reply@example.com"),
            ("VESTIBULE_MAIL__CA_FILE", anchor.to_str().unwrap()),
        ];
        assert_eq!(refused(own.path(), &relay[..2]), None);
        assert_eq!(refused(own.path(), &relay).as_deref(), Some("mail"));
    }
}
