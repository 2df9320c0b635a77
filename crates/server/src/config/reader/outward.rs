//! Settings of mails and pages.

use std::collections::BTreeMap;
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::smtp_settings::{
    SenderName, SmtpCredentials, SmtpHost, SmtpPassword, SmtpSecurity, SmtpSettings,
    SmtpSettingsError,
};
use vestibule_web::SettingOrigin;

use super::super::PagesConfig;
use super::super::problem::Problem;
use super::{Reader, label};

/// Maximum delay of the redirect; users leave the page sooner.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

impl Reader<'_> {
    pub(super) fn mail(&mut self) -> Option<SmtpSettings> {
        let host = self.with("mail.host", |text| SmtpHost::parse(text).map_err(|e| e.to_string()));
        let port = self.number("mail.port", 1..=65_535);
        let security = self
            .with("mail.security", |text| SmtpSecurity::from_name(text).map_err(|_| String::new()));
        let username = self.with("mail.username", |text| label(text, 256));
        let password = self.text("mail.password");
        let from_address = self.with("mail.from_address", |text| {
            EmailAddress::parse(text).map_err(|error| error.to_string())
        });
        let from_name =
            self.with("mail.from_name", |text| SenderName::parse(text).map_err(|_| String::new()));
        if username.is_some() != password.is_some() {
            let remedy = "set mail.username and mail.password together or not at all";
            self.problems.push(Problem::new("mail.password", remedy));
        }
        if host.is_some() && !self.is_set("mail.from_address") {
            let remedy = "required with mail.host: set the sender address";
            self.problems.push(Problem::new("mail.from_address", remedy));
        }
        let credentials = username.zip(password).map(|(username, password)| {
            SmtpCredentials::new(&username, SmtpPassword::new(password))
        });
        let credentials = credentials.transpose().map_err(|error| {
            self.problems.push(Problem::new("mail.password", error.to_string()));
        });
        let smtp = SmtpSettings {
            host: host?,
            port: NonZeroU16::new(u16::try_from(port?).ok()?)?,
            security: security?,
            credentials: credentials.ok()?,
            from_address: from_address?,
            from_name,
        };
        if let Err(error) = smtp.check() {
            let at = match error {
                SmtpSettingsError::SenderAddress => "mail.from_address",
                _ => "mail.security",
            };
            self.problems.push(Problem::new(at, error.to_string()));
        }
        Some(smtp)
    }

    /// Returns the source of each configured `mail.*` key.
    pub(super) fn mail_origins(&self) -> BTreeMap<String, SettingOrigin> {
        let set = self.settings.0.iter().filter(|(name, _)| name.starts_with("mail."));
        let origin = |source: &str| {
            if source.starts_with("VESTIBULE_") {
                SettingOrigin::Environment(source.to_owned())
            } else {
                SettingOrigin::File(source.to_owned())
            }
        };
        set.map(|(name, setting)| ((*name).to_owned(), origin(&setting.source))).collect()
    }

    pub(super) fn pages(&mut self) -> Option<PagesConfig> {
        let reset_redirect = self.with("ui.reset_redirect", |text| {
            if text == "off" {
                return Ok(None);
            }
            match humantime::parse_duration(text) {
                Ok(pause) if pause <= LONGEST_PAUSE && pause.subsec_nanos() == 0 => Ok(Some(pause)),
                Ok(_) => Err(String::new()),
                Err(error) => Err(error.to_string()),
            }
        });
        let directory = self.with("ui.directory", |text| {
            let folder = PathBuf::from(text);
            if folder.is_dir() { Ok(folder) } else { Err("folder not found".to_owned()) }
        });
        let security_contact = self.with("server.security_contact", |text| {
            let known = ["https://", "mailto:", "tel:"];
            let text = label(text, 256)?;
            if known.iter().any(|scheme| text.starts_with(scheme)) {
                Ok(text)
            } else {
                Err(String::new())
            }
        });
        Some(PagesConfig { reset_redirect: reset_redirect?, directory, security_contact })
    }
}
