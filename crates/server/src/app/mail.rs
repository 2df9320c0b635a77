//! Mailers: the dev mailbox, the configured SMTP server, or the SMTP settings of an administrator.

use std::sync::Arc;
use std::time::Duration;

use vestibule_domain::error::{BoxError, chain};
use vestibule_domain::model::smtp_settings::SmtpSettings;
use vestibule_domain::ports::{Mailer, Mailers};
use vestibule_domain::use_cases::smtp_settings::Configured;
use vestibule_locales::Locales;
use vestibule_mail::{Branding, DevMailbox, SettingsError, SmtpMailer, check_templates};

use crate::config::{Config, Problem, PublicUrl};

/// Timeout of a test mail.
const PATIENCE: Duration = Duration::from_secs(10);

/// Creates mailers with the same branding and texts for all SMTP settings.
#[derive(Clone)]
pub(super) struct SmtpMailers {
    branding: Branding,
    locales: Locales,
    ca_file: Option<Vec<u8>>,
}

/// The mail setup from the configuration.
pub(super) struct Mail {
    pub(super) mailers: SmtpMailers,
    pub(super) configured: Configured,
    /// The dev mailbox of `--dev`.
    pub(super) kept: Option<Arc<DevMailbox>>,
}

/// Creates the mail setup from the configuration. With `--dev` mails always go to the dev mailbox.
///
/// # Errors
/// A [`Problem`] with the key.
pub(super) fn mail(
    config: &Config,
    public_url: &PublicUrl,
    locales: &Locales,
) -> Result<Mail, Problem> {
    let invalid = |error: SettingsError| problem(&error);
    let branding = branding(config, public_url).map_err(invalid)?;
    // Check templates at startup, because SMTP settings may be saved much later.
    check_templates(&branding, locales).map_err(invalid)?;
    let read = |path: &std::path::PathBuf| {
        std::fs::read(path).map_err(|error| {
            Problem::new("mail.ca_file", format!("{} cannot be read: {error}", path.display()))
        })
    };
    let mailers = SmtpMailers {
        branding: branding.clone(),
        locales: locales.clone(),
        ca_file: config.mail_ca_file.as_ref().map(read).transpose()?,
    };
    if config.dev {
        let folder = config.data_dir.join("mails");
        let kept = DevMailbox::new(branding, folder, locales.clone()).map_err(invalid)?;
        let kept = Arc::new(kept);
        let configured = Configured::Kept(kept.clone());
        return Ok(Mail { mailers, configured, kept: Some(kept) });
    }
    let configured = match &config.mail {
        Some(smtp) => {
            let mailer = mailers.connect(smtp).map_err(invalid)?;
            Configured::Smtp(smtp.clone(), Arc::new(mailer))
        }
        None => Configured::Nothing,
    };
    Ok(Mail { mailers, configured, kept: None })
}

/// Creates the branding of all mails.
///
/// # Errors
/// [`SettingsError`] if a value is not valid in a mail.
pub(super) fn branding(config: &Config, public_url: &PublicUrl) -> Result<Branding, SettingsError> {
    let branding = Branding::new(&config.product_name, public_url.as_str())?;
    let templates = config.pages.directory.as_ref().map(|folder| folder.join("mails"));
    Ok(match templates.filter(|folder| folder.is_dir()) {
        Some(folder) => branding.with_templates(folder),
        None => branding,
    })
}

/// Returns the problem of an error, under its configuration key.
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

impl SmtpMailers {
    fn connect(&self, smtp: &SmtpSettings) -> Result<SmtpMailer, SettingsError> {
        let ca_file = self.ca_file.as_deref();
        SmtpMailer::new(smtp, ca_file, self.branding.clone(), self.locales.clone())
    }
}

impl Mailers for SmtpMailers {
    fn mailer(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(Arc::new(self.connect(smtp)?))
    }

    fn trial(&self, smtp: &SmtpSettings) -> Result<Arc<dyn Mailer>, BoxError> {
        Ok(Arc::new(self.connect(smtp)?.with_timeout(PATIENCE)))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Overrides, load};

    /// Returns the key of the problem, if there is one, with an operator's files in `own`.
    fn refused(own: &Path, settings: &[(&str, &str)]) -> Option<String> {
        let directory = [("VESTIBULE_UI__DIRECTORY", own.to_str().unwrap())];
        let environment = settings.iter().chain(&directory);
        let environment = environment.map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        let overrides = Overrides { public_url_optional: true, ..Overrides::default() };
        let (config, _) = load(&overrides, environment).unwrap();
        let public_url = PublicUrl::parse("https://id.acme.example").unwrap();
        mail(&config, &public_url, &Locales::embedded()).err().map(|problem| problem.at)
    }

    #[test]
    fn a_broken_mail_template_is_refused_before_there_is_an_smtp_server() {
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
    fn what_is_wrong_with_an_smtp_server_is_a_matter_of_mail() {
        let own = tempfile::tempdir().unwrap();
        let anchor = own.path().join("ca.pem");
        std::fs::write(&anchor, "not a certificate").unwrap();
        let smtp = [
            ("VESTIBULE_MAIL__HOST", "smtp.example.com"),
            ("VESTIBULE_MAIL__FROM_ADDRESS", "no-reply@example.com"),
            ("VESTIBULE_MAIL__CA_FILE", anchor.to_str().unwrap()),
        ];
        assert_eq!(refused(own.path(), &smtp[..2]), None);
        assert_eq!(refused(own.path(), &smtp).as_deref(), Some("mail"));
    }
}
