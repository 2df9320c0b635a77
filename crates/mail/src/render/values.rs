//! Template values of each kind of mail.

use time::OffsetDateTime;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::Content;
use vestibule_domain::model::smtp_settings::SmtpSecurity;

use super::Renderer;
use crate::failure::Cause;

/// The transport of mails, which is part of the test mail.
#[derive(Debug)]
pub(crate) enum Transport {
    /// An SMTP server, as `host:port`.
    Smtp { server: String, security: SmtpSecurity },
    /// The dev mailbox.
    DevMailbox,
}

/// The template and the values of a mail.
pub(super) struct MailValues {
    /// Name of the templates, without extension.
    pub(super) template: &'static str,
    pub(super) link: Option<String>,
    /// IP address of the client, if known.
    pub(super) ip: Option<String>,
    /// Values that are texts in the language of the mail.
    pub(super) phrases: Vec<(&'static str, String)>,
}

impl Renderer {
    /// Returns the template and the values for the content of a mail.
    pub(super) fn values(
        &self,
        language: Language,
        written_at: OffsetDateTime,
        content: &Content,
    ) -> Result<MailValues, Cause> {
        let locales = &self.locales;
        let date_time = |at| locales.date_time(language, at);
        let device = |client: &ClientInfo| locales.device(language, client.user_agent());
        let ip = |client: &ClientInfo| client.ip.map(|ip| ip.to_string());
        // A security notice, with the link to request a password reset.
        let notice = |template, at: &OffsetDateTime, client: &ClientInfo| MailValues {
            template,
            link: Some(self.branding.request_reset()),
            ip: ip(client),
            phrases: vec![("at", date_time(*at)), ("device", device(client))],
        };
        Ok(match content {
            Content::Welcome => MailValues {
                template: "welcome",
                link: Some(self.branding.sign_in()),
                ip: None,
                phrases: Vec::new(),
            },
            Content::ResetLink { token, requested_at, expires_at, client } => MailValues {
                template: "reset_link",
                link: Some(self.branding.choose_password(token).ok_or(Cause::Token)?),
                ip: ip(client),
                phrases: vec![
                    ("until", locales.until(language, *requested_at, *expires_at)),
                    ("lifetime", locales.duration(language, *expires_at - *requested_at)),
                    ("at", date_time(*requested_at)),
                    ("device", device(client)),
                ],
            },
            Content::PasswordChanged { changed_at, client } => {
                notice("password_changed", changed_at, client)
            }
            Content::PasswordDisabled { at, client } => notice("password_disabled", at, client),
            Content::SignInAfterFailures { at, client } => {
                notice("sign_in_after_failures", at, client)
            }
            Content::RefreshTokenReused { at, client } => {
                notice("refresh_token_reused", at, client)
            }
            Content::Test => MailValues {
                template: "test",
                link: None,
                ip: None,
                phrases: vec![("at", date_time(written_at)), ("route", self.route(language))],
            },
        })
    }

    /// Returns the description of the transport, for the test mail.
    fn route(&self, language: Language) -> String {
        let (key, server) = match &self.transport {
            Transport::Smtp { server, security } => {
                let key = match security {
                    SmtpSecurity::StartTls => "mailTest.startTls",
                    SmtpSecurity::Tls => "mailTest.tls",
                    SmtpSecurity::None => "mailTest.unencrypted",
                };
                (key, server.as_str())
            }
            Transport::DevMailbox => return self.locales.text(language, "mailTest.kept", &[]),
        };
        self.locales.text(language, key, &[("server", server.into())])
    }
}
