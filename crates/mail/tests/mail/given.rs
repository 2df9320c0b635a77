//! What the tests start from.

use std::net::IpAddr;
use std::num::NonZeroU16;
use std::time::Duration;

use time::macros::datetime;
use uuid::uuid;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::MailId;
use vestibule_domain::language::Language;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::ports::MailError;
use vestibule_domain::relay::{Relay, RelayCredentials, RelayHost, RelayPassword, RelaySecurity};
use vestibule_domain::token::SignedToken;
use vestibule_locales::Locales;
use vestibule_mail::{Letterhead, SettingsError, SmtpMailer};
use vestibule_testkit::smtp::SmtpSink;

/// The fixed part of every mail's head, in order.
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

pub(crate) const USERNAME: &str = "relay-user";
pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const TOKEN: &str = "v4.public.eyJqdGkiOiJ0ZXN0In0_c2lnbmF0dXJl-AAAA.eyJraWQiOiJrIn0";

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";

pub(crate) fn letterhead() -> Letterhead {
    Letterhead::new("Acme", "https://id.acme.example").unwrap()
}

pub(crate) fn relay(sink: &SmtpSink, security: RelaySecurity) -> Relay {
    Relay {
        host: RelayHost::parse("localhost").unwrap(),
        port: NonZeroU16::new(sink.port()).unwrap(),
        security,
        credentials: None,
        from_address: EmailAddress::parse("no-reply@acme.example").unwrap(),
        from_name: None,
    }
}

pub(crate) fn relay_with_login(sink: &SmtpSink, security: RelaySecurity) -> Relay {
    let password = RelayPassword::new(PASSWORD.to_owned());
    let credentials = RelayCredentials::new(USERNAME, password).unwrap();
    Relay { credentials: Some(credentials), ..relay(sink, security) }
}

/// A mailer that trusts the relay's authority, or why there is none.
pub(crate) fn try_mailer(
    relay: &Relay,
    letterhead: Letterhead,
) -> Result<SmtpMailer, SettingsError> {
    let ca_file = SmtpSink::ca_pem();
    SmtpMailer::new(relay, Some(ca_file.as_bytes()), letterhead, Locales::embedded())
}

/// A mailer that loses patience soon enough for a test, and late enough for a busy machine.
pub(crate) fn mailer(relay: &Relay) -> SmtpMailer {
    try_mailer(relay, letterhead()).unwrap().with_deadline(Duration::from_secs(10))
}

pub(crate) fn plain_mailer(sink: &SmtpSink) -> SmtpMailer {
    mailer(&relay(sink, RelaySecurity::None))
}

pub(crate) fn caller() -> Caller {
    let ip: IpAddr = "203.0.113.7".parse().unwrap();
    Caller::new(Some(ip), Some(FIREFOX))
}

pub(crate) fn reset_link() -> Content {
    Content::ResetLink {
        token: SignedToken::new(TOKEN.to_owned()),
        requested_at: datetime!(2026-11-20 13:32:10 UTC),
        expires_at: datetime!(2026-11-20 14:32:10 UTC),
        caller: caller(),
    }
}

pub(crate) fn password_changed() -> Content {
    Content::PasswordChanged { changed_at: datetime!(2026-11-20 13:40 UTC), caller: caller() }
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

/// The same mail in another language.
pub(crate) fn in_language(language: Language, message: Message) -> Message {
    Message { language, ..message }
}

/// What an administrator who speaks English is told.
pub(crate) fn describe(error: &MailError) -> String {
    vestibule_mail::describe(error, &Locales::embedded(), Language::English)
}

/// The same mail under another name.
pub(crate) fn another(message: &Message) -> Message {
    let id = MailId::from_uuid(uuid!("019a9f2e-7c00-7000-8000-000000000002"));
    Message { id, ..message.clone() }
}
