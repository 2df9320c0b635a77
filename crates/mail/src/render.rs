//! Rendering of messages as MIME.
//!
//! The address of the recipient is the only value in a mail that a user can choose. Rendering is
//! deterministic: the same message always results in the same bytes.

mod values;

use std::collections::BTreeMap;
use std::net::Ipv6Addr;

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use minijinja::value::Value;
use time::{OffsetDateTime, UtcOffset};
use vestibule_domain::model::claims::SignedToken;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_locales::Locales;

use self::values::MailValues;
pub(crate) use self::values::Transport;
use crate::branding::Branding;
use crate::failure::Cause;
use crate::settings::SettingsError;
use crate::templates::{Templates, isolated};

/// Sender of mails that are not sent. The domain is reserved (RFC 2606), so that such a mail never
/// has the address of another owner if it is forwarded.
const NO_SENDER: &str = "no-reply@vestibule.invalid";
/// Recipient of sample mails.
const SAMPLE_RECIPIENT: &str = "user@example.com";

/// A renderer of messages.
#[derive(Debug)]
pub(crate) struct Renderer {
    templates: Templates,
    branding: Branding,
    locales: Locales,
    sender: Sender,
    transport: Transport,
}

/// Name and address for the `From` header.
#[derive(Debug)]
pub(crate) struct Sender {
    /// A valid name in a header.
    pub(crate) name: String,
    /// An ASCII address.
    pub(crate) address: String,
}

/// A rendered mail.
#[derive(Clone, Debug)]
pub(crate) struct RenderedMail {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// Decoded headers; in `bytes` they may be encoded.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The mail as MIME, before dot-stuffing.
    pub(crate) bytes: Vec<u8>,
}

/// The subject and the bodies of a mail.
struct RenderedTexts {
    subject: String,
    text: String,
    html: String,
}

/// Validates all mail templates by rendering them in all languages.
///
/// # Errors
/// The errors of [`SettingsError`] about templates.
pub fn check_templates(branding: &Branding, locales: &Locales) -> Result<(), SettingsError> {
    Renderer::without_smtp(branding.clone(), locales.clone()).map(|_| ())
}

impl Renderer {
    pub(crate) fn new(
        branding: Branding,
        locales: Locales,
        sender: Sender,
        transport: Transport,
    ) -> Result<Self, SettingsError> {
        let templates = Templates::new(branding.templates(), &locales)?;
        let renderer = Self { templates, branding, locales, sender, transport };
        renderer.render_samples()?;
        Ok(renderer)
    }

    /// Creates a renderer for mails that are not sent.
    pub(crate) fn without_smtp(
        branding: Branding,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        let name = branding.product().to_owned();
        let sender = Sender { name, address: NO_SENDER.to_owned() };
        Self::new(branding, locales, sender, Transport::DevMailbox)
    }

    /// Renders every mail in every language, so that invalid templates are reported at startup and
    /// not when a user waits for a link.
    fn render_samples(&self) -> Result<(), SettingsError> {
        let at = OffsetDateTime::UNIX_EPOCH;
        let known = ClientInfo::new(Some(Ipv6Addr::LOCALHOST.into()), None);
        let mut contents = vec![Content::Welcome, Content::Test];
        for client in [known, ClientInfo::default()] {
            let token = SignedToken::new("token".to_owned());
            contents.push(Content::ResetLink {
                token,
                requested_at: at,
                expires_at: at,
                client: client.clone(),
            });
            contents.push(Content::PasswordChanged { changed_at: at, client: client.clone() });
            contents.push(Content::PasswordDisabled { at, client: client.clone() });
            contents.push(Content::SignInAfterFailures { at, client: client.clone() });
            contents.push(Content::RefreshTokenReused { at, client });
        }
        for language in Language::ALL {
            for content in &contents {
                self.render_sample(language, content)?;
            }
        }
        Ok(())
    }

    fn render_sample(&self, language: Language, content: &Content) -> Result<(), SettingsError> {
        // Only an invalid token can fail here, and the sample token is valid.
        let Ok(values) = self.values(language, OffsetDateTime::UNIX_EPOCH, content) else {
            return Ok(());
        };
        let template = format!("{}.txt", values.template);
        let rendered = self.render_texts(language, SAMPLE_RECIPIENT, &values);
        rendered.map(|_| ()).map_err(|cause| match cause {
            Cause::Template(problem) => self.templates.error(&template, problem),
            _ => SettingsError::TemplateHeading { file: self.templates.file(&template) },
        })
    }

    /// Renders a message.
    pub(crate) fn render(&self, message: &Message) -> Result<RenderedMail, Cause> {
        let values = self.values(message.language, message.written_at, &message.content)?;
        let to = message.to.as_str();
        let texts = self.render_texts(message.language, to, &values)?;
        let Sender { name: from_name, address: from } = &self.sender;
        let domain = from.rsplit_once('@').map_or(from.as_str(), |(_, domain)| domain);
        let message_id = format!("{}@{domain}", message.id);
        let date = date_header(message.written_at);

        let fixed = [
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
            ("Content-Language", message.language.tag()),
        ];
        let mut headers = vec![
            ("From", format!("{from_name} <{from}>")),
            ("To", to.to_owned()),
            ("Subject", texts.subject.clone()),
            ("Date", date.clone()),
            ("Message-ID", format!("<{message_id}>")),
        ];
        headers.extend(fixed.map(|(name, value)| (name, value.to_owned())));

        let values: [(&str, HeaderType<'_>); 5] = [
            ("From", Address::new_address(Some(from_name.as_str()), from.as_str()).into()),
            ("To", Address::new_address(None::<&str>, to).into()),
            ("Subject", Text::new(texts.subject.as_str()).into()),
            ("Date", Raw::new(date).into()),
            ("Message-ID", MessageId::new(message_id).into()),
        ];
        let mut builder = MessageBuilder::new();
        for (name, value) in values {
            builder = builder.header(name, value);
        }
        for (name, value) in fixed {
            builder = builder.header(name, Raw::new(value));
        }
        // Quoted-printable and base64 cannot produce `=_`, so no body contains the boundary. It is
        // derived from the id, so that all attempts send the same bytes.
        let boundary = format!("=_{}", message.id);
        let alternatives = vec![
            MimePart::new("text/plain", texts.text.as_str()),
            MimePart::new("text/html", texts.html.as_str()),
        ];
        let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
        let mut bytes = Vec::new();
        builder.body(MimePart::new(kind, BodyPart::Multipart(alternatives))).serialize(&mut bytes);
        // The client writes the line break before the final dot.
        if bytes.ends_with(b"\r\n") {
            bytes.truncate(bytes.len() - 2);
        }
        let RenderedTexts { subject, text, html } = texts;
        Ok(RenderedMail { subject, text, html, headers, bytes })
    }

    fn render_texts(
        &self,
        language: Language,
        to: &str,
        mail: &MailValues,
    ) -> Result<RenderedTexts, Cause> {
        let direction = if language.is_right_to_left() { "rtl" } else { "ltr" };
        let common = [
            ("language", Value::from(language.tag())),
            ("direction", Value::from(direction)),
            ("product", Value::from(self.branding.product())),
            ("email", Value::from(to)),
            ("ip", Value::from(mail.ip.clone())),
            // Safe in HTML: `Branding` only allows characters that need no escaping. Escaped
            // slashes would make the link unreadable in the source of the mail.
            ("link", mail.link.clone().map_or(Value::from(()), Value::from_safe_string)),
        ];
        let phrases = mail.phrases.iter();
        let plain = phrases.clone().map(|(name, phrase)| (*name, Value::from(phrase.as_str())));
        let values = common.iter().cloned().chain(plain);
        let text = self.render_template(mail, "txt", values.collect())?;
        let (subject, preview, text) = split_heading(&text).ok_or(Cause::Heading)?;

        let in_html = phrases
            .map(|(name, phrase)| (*name, Value::from_safe_string(isolated(phrase, direction))));
        let heading = [("subject", Value::from(subject)), ("preview", Value::from(preview))];
        let values = common.into_iter().chain(in_html).chain(heading);
        let html = self.render_template(mail, "html", values.collect())?;
        Ok(RenderedTexts { subject: subject.to_owned(), text: text.to_owned(), html })
    }

    fn render_template(
        &self,
        mail: &MailValues,
        extension: &str,
        values: BTreeMap<&'static str, Value>,
    ) -> Result<String, Cause> {
        let template = format!("{}.{extension}", mail.template);
        self.templates.render(&template, Value::from(values)).map_err(Cause::Template)
    }
}

/// Splits a rendered text template into subject, preview and body.
fn split_heading(rendered: &str) -> Option<(&str, &str, &str)> {
    let (heading, text) = rendered.split_once("\n\n")?;
    let (subject, preview) = heading.split_once('\n')?;
    let is_line = |text: &str| !text.contains(char::is_control);
    let heading = (subject.strip_prefix("Subject: ")?, preview.strip_prefix("Preview: ")?);
    (is_line(heading.0) && is_line(heading.1)).then_some((heading.0, heading.1, text))
}

/// Formats a `Date` header, which is in English in all languages.
fn date_header(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (weekday, month) = (at.weekday().to_string(), at.month().to_string());
    let clock = format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second());
    format!("{weekday:.3}, {} {month:.3} {} {clock} +0000", at.day(), at.year())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_date_has_the_format_of_rfc_5322() {
        let at = datetime!(2026-11-02 14:05:09 +1);
        assert_eq!(date_header(at), "Mon, 2 Nov 2026 13:05:09 +0000");
    }

    #[test]
    fn a_text_starts_with_its_heading() {
        assert_eq!(split_heading("Subject: a\nPreview: b\n\nc\n\nd"), Some(("a", "b", "c\n\nd")));
        assert_eq!(split_heading("Subject: a\n\nc"), None);
        assert_eq!(split_heading("c"), None);
        // A subject must not have several lines.
        assert_eq!(split_heading("Subject: a\nb\nPreview: c\n\nd"), None);
        assert_eq!(split_heading("Subject: a\nPreview: b\nc\n\nd"), None);
        assert_eq!(split_heading("Subject: a\rb\nPreview: c\n\nd"), None);
    }
}
