//! Finds the words for a message and writes it down as MIME.
//!
//! Every mail is two templates: `.txt`, which begins with the subject and the preview, and `.html`,
//! which fills the frame in `layout.html`. Nothing a user chose is put into a mail but the address
//! it goes to. The same message always gives the same bytes.

use mail_builder::MessageBuilder;
use mail_builder::headers::HeaderType;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::message_id::MessageId;
use mail_builder::headers::raw::Raw;
use mail_builder::headers::text::Text;
use mail_builder::mime::{BodyPart, MimePart};
use minijinja::value::Value;
use minijinja::{Environment, UndefinedBehavior, context};
use time::{OffsetDateTime, UtcOffset};
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::mail::{Content, Message};

use crate::device::Device;
use crate::failure::Cause;
use crate::letterhead::{Letterhead, is_name};
use crate::settings::SettingsError;
use crate::words;

const LANGUAGE: &str = "en";
const DIRECTION: &str = "ltr";

const TEMPLATES: [(&str, &str); 9] = [
    ("layout.html", include_str!("../templates/layout.html")),
    ("en/welcome.txt", include_str!("../templates/en/welcome.txt")),
    ("en/welcome.html", include_str!("../templates/en/welcome.html")),
    ("en/reset_link.txt", include_str!("../templates/en/reset_link.txt")),
    ("en/reset_link.html", include_str!("../templates/en/reset_link.html")),
    ("en/password_changed.txt", include_str!("../templates/en/password_changed.txt")),
    ("en/password_changed.html", include_str!("../templates/en/password_changed.html")),
    ("en/test.txt", include_str!("../templates/en/test.txt")),
    ("en/test.html", include_str!("../templates/en/test.html")),
];

/// Turns messages into letters.
#[derive(Debug)]
pub(crate) struct Renderer {
    templates: Environment<'static>,
    letterhead: Letterhead,
    from_name: String,
    from_address: EmailAddress,
    /// How mails travel, for the test mail: `smtp.example.com:587 (STARTTLS)`.
    route: String,
}

/// A message in words.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    /// As people read them; on the wire they may be encoded.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// What goes over the wire, before dots are doubled.
    pub(crate) bytes: Vec<u8>,
}

/// The words of a letter.
struct Words {
    subject: String,
    text: String,
    html: String,
}

impl Renderer {
    pub(crate) fn new(
        letterhead: Letterhead,
        from_name: String,
        from_address: EmailAddress,
        route: String,
    ) -> Result<Self, SettingsError> {
        if !is_name(&from_name) {
            return Err(SettingsError::SenderName);
        }
        let mut templates = Environment::new();
        // A misspelt name is an error, not an empty place in somebody's mail. HTML is escaped by
        // the template's ending.
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        for (name, source) in TEMPLATES {
            templates.add_template(name, source).map_err(SettingsError::Templates)?;
        }
        Ok(Self { templates, letterhead, from_name, from_address, route })
    }

    pub(crate) fn sender(&self) -> &EmailAddress {
        &self.from_address
    }

    /// Writes a message down.
    pub(crate) fn letter(&self, message: &Message) -> Result<Letter, Cause> {
        let words = self.words(message)?;
        let from = self.from_address.as_str();
        let domain = from.rsplit_once('@').map_or(from, |(_, domain)| domain);
        let message_id = format!("{}@{domain}", message.id);
        let to = message.to.as_str();
        let date = date_header(message.written_at);

        let fixed = [
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
            ("Content-Language", LANGUAGE),
        ];
        let mut headers = vec![
            ("From", format!("{} <{from}>", self.from_name)),
            ("To", to.to_owned()),
            ("Subject", words.subject.clone()),
            ("Date", date.clone()),
            ("Message-ID", format!("<{message_id}>")),
        ];
        headers.extend(fixed.map(|(name, value)| (name, value.to_owned())));

        let values: [(&str, HeaderType<'_>); 5] = [
            ("From", Address::new_address(Some(self.from_name.as_str()), from).into()),
            ("To", Address::new_address(None::<&str>, to).into()),
            ("Subject", Text::new(words.subject.as_str()).into()),
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
        // Neither quoted-printable nor base64 can produce `=_`, so the boundary is in no body, and
        // a second attempt repeats the first one byte for byte.
        let boundary = format!("=_{}", message.id);
        let alternatives = vec![
            MimePart::new("text/plain", words.text.as_str()),
            MimePart::new("text/html", words.html.as_str()),
        ];
        let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
        let mut bytes = Vec::new();
        builder.body(MimePart::new(kind, BodyPart::Multipart(alternatives))).serialize(&mut bytes);
        // The line break before the final dot is written with the dot.
        if bytes.ends_with(b"\r\n") {
            bytes.truncate(bytes.len() - 2);
        }
        Ok(Letter { subject: words.subject, text: words.text, html: words.html, headers, bytes })
    }

    fn words(&self, message: &Message) -> Result<Words, Cause> {
        let (name, specific) = self.specific(message)?;
        let common = context! {
            language => LANGUAGE,
            direction => DIRECTION,
            product => self.letterhead.product(),
            email => message.to.as_str(),
        };
        let text = self.render(
            &format!("{LANGUAGE}/{name}.txt"),
            context! { ..specific.clone(), ..common.clone() },
        )?;
        let (subject, preview, text) = split_heading(&text).ok_or(Cause::Heading)?;
        let html = self.render(
            &format!("{LANGUAGE}/{name}.html"),
            context! { ..context! { subject, preview }, ..specific, ..common },
        )?;
        Ok(Words { subject: subject.to_owned(), text: text.to_owned(), html })
    }

    /// The template of a message, and what only this one needs.
    fn specific(&self, message: &Message) -> Result<(&'static str, Value), Cause> {
        Ok(match &message.content {
            Content::Welcome => {
                ("welcome", context! { link => harmless(self.letterhead.sign_in()) })
            }
            Content::ResetLink { token, requested_at, expires_at, caller } => {
                let link = self.letterhead.choose_password(token).ok_or(Cause::Token)?;
                let specific = context! {
                    link => harmless(link),
                    until => words::end(*requested_at, *expires_at),
                    lifetime => words::span(*expires_at - *requested_at),
                    at => words::moment(*requested_at),
                };
                ("reset_link", context! { ..specific, ..origin(caller) })
            }
            Content::PasswordChanged { changed_at, caller } => {
                let specific = context! {
                    link => harmless(self.letterhead.request_reset()),
                    at => words::moment(*changed_at),
                };
                ("password_changed", context! { ..specific, ..origin(caller) })
            }
            Content::Test => {
                let at = words::moment(message.written_at);
                ("test", context! { link => (), at, route => self.route.as_str() })
            }
        })
    }

    fn render(&self, template: &str, values: Value) -> Result<String, Cause> {
        let template = self.templates.get_template(template).map_err(Cause::Template)?;
        let mut text = template.render(values).map_err(Cause::Template)?;
        // The engine takes the template's last line break away.
        text.push('\n');
        Ok(text)
    }
}

/// Who asked, in words that no stranger chose.
fn origin(caller: &Caller) -> Value {
    context! {
        device => words::device(Device::of(caller.user_agent())),
        ip => caller.ip.map(|ip| ip.to_string()),
    }
}

/// Marks a link as fit for HTML: [`Letterhead`] lets no character in that would need escaping, and
/// an escaped slash would be right but unreadable in the source of the mail.
fn harmless(link: String) -> Value {
    Value::from_safe_string(link)
}

/// Takes the subject and the preview off the head of a text.
fn split_heading(rendered: &str) -> Option<(&str, &str, &str)> {
    let (heading, text) = rendered.split_once("\n\n")?;
    let (subject, preview) = heading.split_once('\n')?;
    Some((subject.strip_prefix("Subject: ")?, preview.strip_prefix("Preview: ")?, text))
}

/// A `Date`: English by standard, whatever language the mail is in.
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
    fn a_date_is_written_as_rfc_5322_wants_it() {
        let at = datetime!(2026-11-02 14:05:09 +1);
        assert_eq!(date_header(at), "Mon, 2 Nov 2026 13:05:09 +0000");
    }

    #[test]
    fn a_text_begins_with_its_heading() {
        assert_eq!(split_heading("Subject: a\nPreview: b\n\nc\n\nd"), Some(("a", "b", "c\n\nd")));
        assert_eq!(split_heading("Subject: a\n\nc"), None);
        assert_eq!(split_heading("c"), None);
    }
}
