//! Fixtures: settings, mailers and messages.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use time::macros::datetime;
use uuid::uuid;
use vestibule_domain::model::claims::SignedToken;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::smtp_settings::{
    SmtpCredentials, SmtpHost, SmtpPassword, SmtpSecurity, SmtpSettings,
};
use vestibule_domain::ports::MailError;
use vestibule_locales::Locales;
use vestibule_mail::{Branding, SettingsError, SmtpMailer};
use vestibule_testkit::smtp::SmtpSink;

/// Names of the headers of every mail, in order.
pub(crate) const HEADERS: [&str; 10] = [
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Language",
    "MIME-Version",
    "Content-Type",
];

pub(crate) const USERNAME: &str = "smtp-user";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const TOKEN: &str = "v4.public.eyJqdGkiOiJ0ZXN0In0_c2lnbmF0dXJl-AAAA.eyJraWQiOiJrIn0";

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

pub(crate) fn branding() -> Branding {
    Branding::new("Acme", "https://id.acme.example").unwrap()
}

pub(crate) fn smtp(sink: &SmtpSink, security: SmtpSecurity) -> SmtpSettings {
    SmtpSettings {
        host: SmtpHost::parse("localhost").unwrap(),
        port: NonZeroU16::new(sink.port()).unwrap(),
        security,
        credentials: None,
        from_address: EmailAddress::parse("no-reply@acme.example").unwrap(),
        from_name: None,
    }
}

pub(crate) fn smtp_with_login(sink: &SmtpSink, security: SmtpSecurity) -> SmtpSettings {
    let password = SmtpPassword::new(PASSWORD.to_owned());
    let credentials = SmtpCredentials::new(USERNAME, password).unwrap();
    SmtpSettings { credentials: Some(credentials), ..smtp(sink, security) }
}

/// Creates a mailer that trusts the certificate authority of the sink.
pub(crate) fn try_mailer(
    smtp: &SmtpSettings,
    branding: Branding,
) -> Result<SmtpMailer, SettingsError> {
    let ca_file = SmtpSink::ca_pem();
    SmtpMailer::new(smtp, Some(ca_file.as_bytes()), branding, Locales::embedded())
}

/// Creates a mailer with a timeout that is short enough for a test and long enough for a busy
/// machine.
pub(crate) fn mailer(smtp: &SmtpSettings) -> SmtpMailer {
    try_mailer(smtp, branding()).unwrap().with_timeout(Duration::from_secs(10))
}

pub(crate) fn plain_mailer(sink: &SmtpSink) -> SmtpMailer {
    mailer(&smtp(sink, SmtpSecurity::None))
}

pub(crate) fn client() -> ClientInfo {
    let ip: IpAddr = "203.0.113.7".parse().unwrap();
    ClientInfo::new(Some(ip), Some(FIREFOX))
}

pub(crate) fn reset_link() -> Content {
    Content::ResetLink {
        token: SignedToken::new(TOKEN.to_owned()),
        requested_at: datetime!(2026-11-20 13:32:10 UTC),
        expires_at: datetime!(2026-11-20 14:32:10 UTC),
        client: client(),
    }
}

pub(crate) fn password_changed() -> Content {
    Content::PasswordChanged { changed_at: datetime!(2026-11-20 13:40 UTC), client: client() }
}

pub(crate) fn message(content: Content) -> Message {
    message_to("anna@example.com", content)
}

pub(crate) fn message_to(address: &str, content: Content) -> Message {
    Message {
        id: MailId::from_uuid(uuid!("019a9f2e-7c00-7000-8000-000000000001")),
        to: EmailAddress::parse(address).unwrap(),
        language: Language::English,
        written_at: datetime!(2026-11-20 13:33:05 UTC),
        content,
    }
}

/// Returns the same mail in another language.
pub(crate) fn in_language(language: Language, message: Message) -> Message {
    Message { language, ..message }
}

/// Describes an error in English.
pub(crate) fn describe(error: &MailError) -> String {
    vestibule_mail::describe(error, &Locales::embedded(), Language::English)
}

/// Returns the same mail with another id.
pub(crate) fn another(message: &Message) -> Message {
    let id = MailId::from_uuid(uuid!("019a9f2e-7c00-7000-8000-000000000002"));
    Message { id, ..message.clone() }
}
