//! Finds the words for a message and writes it down as MIME.
//!
//! Nothing a user chose is put into a mail but the address it goes to. The same message always
//! gives the same bytes.

mod facts;

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
use vestibule_domain::caller::Caller;
use vestibule_domain::language::Language;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::token::SignedToken;
use vestibule_locales::Locales;

use self::facts::Facts;
pub(crate) use self::facts::Route;
use crate::failure::Cause;
use crate::letterhead::Letterhead;
use crate::settings::SettingsError;
use crate::templates::{Templates, isolated};

/// A domain nobody can own (RFC 2606): a kept mail that gets out must not come from a stranger.
const NO_SENDER: &str = "no-reply@vestibule.invalid";
/// Whom a rehearsed mail goes to.
const REHEARSED: &str = "somebody@example.com";

/// Turns messages into letters.
#[derive(Debug)]
pub(crate) struct Renderer {
    templates: Templates,
    letterhead: Letterhead,
    locales: Locales,
    sender: Sender,
    route: Route,
}

/// Who mails are from.
#[derive(Debug)]
pub(crate) struct Sender {
    /// Fit for a heading.
    pub(crate) name: String,
    /// In ASCII.
    pub(crate) address: String,
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

/// Reads all templates of mails and tries them in every language, without any relay.
///
/// # Errors
/// The ones of [`SettingsError`] about templates.
pub fn check_templates(letterhead: &Letterhead, locales: &Locales) -> Result<(), SettingsError> {
    Renderer::for_nobody(letterhead.clone(), locales.clone()).map(|_| ())
}

impl Renderer {
    pub(crate) fn new(
        letterhead: Letterhead,
        locales: Locales,
        sender: Sender,
        route: Route,
    ) -> Result<Self, SettingsError> {
        let templates = Templates::new(letterhead.templates(), &locales)?;
        let renderer = Self { templates, letterhead, locales, sender, route };
        renderer.rehearse()?;
        Ok(renderer)
    }

    /// Writes mails that are not sent.
    pub(crate) fn for_nobody(
        letterhead: Letterhead,
        locales: Locales,
    ) -> Result<Self, SettingsError> {
        let name = letterhead.product().to_owned();
        let sender = Sender { name, address: NO_SENDER.to_owned() };
        Self::new(letterhead, locales, sender, Route::Kept)
    }

    /// Writes every mail once in every language, so that a broken template is noticed at start and
    /// not by somebody who waits for a link.
    fn rehearse(&self) -> Result<(), SettingsError> {
        let at = OffsetDateTime::UNIX_EPOCH;
        let known = Caller::new(Some(Ipv6Addr::LOCALHOST.into()), None);
        let mut contents = vec![Content::Welcome, Content::Test];
        for caller in [known, Caller::default()] {
            let token = SignedToken::new("token".to_owned());
            contents.push(Content::ResetLink {
                token,
                requested_at: at,
                expires_at: at,
                caller: caller.clone(),
            });
            contents.push(Content::PasswordChanged { changed_at: at, caller: caller.clone() });
            contents.push(Content::PasswordDisabled { at, caller: caller.clone() });
            contents.push(Content::SignInAfterFailures { at, caller: caller.clone() });
            contents.push(Content::RefreshTokenReused { at, caller });
        }
        for language in Language::ALL {
            for content in &contents {
                self.try_out(language, content)?;
            }
        }
        Ok(())
    }

    fn try_out(&self, language: Language, content: &Content) -> Result<(), SettingsError> {
        // Only a token can be wrong here, and this one is none.
        let Ok(facts) = self.facts(language, OffsetDateTime::UNIX_EPOCH, content) else {
            return Ok(());
        };
        let template = format!("{}.txt", facts.template);
        self.words(language, REHEARSED, &facts).map(|_| ()).map_err(|cause| match cause {
            Cause::Template(problem) => self.templates.fault(&template, problem),
            _ => SettingsError::TemplateHeading { file: self.templates.file(&template) },
        })
    }

    /// Writes a message down.
    pub(crate) fn letter(&self, message: &Message) -> Result<Letter, Cause> {
        let facts = self.facts(message.language, message.written_at, &message.content)?;
        let to = message.to.as_str();
        let words = self.words(message.language, to, &facts)?;
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
            ("Subject", words.subject.clone()),
            ("Date", date.clone()),
            ("Message-ID", format!("<{message_id}>")),
        ];
        headers.extend(fixed.map(|(name, value)| (name, value.to_owned())));

        let values: [(&str, HeaderType<'_>); 5] = [
            ("From", Address::new_address(Some(from_name.as_str()), from.as_str()).into()),
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

    fn words(&self, language: Language, to: &str, facts: &Facts) -> Result<Words, Cause> {
        let direction = if language.is_right_to_left() { "rtl" } else { "ltr" };
        let common = [
            ("language", Value::from(language.tag())),
            ("direction", Value::from(direction)),
            ("product", Value::from(self.letterhead.product())),
            ("email", Value::from(to)),
            ("ip", Value::from(facts.ip.clone())),
            // Fit for HTML: `Letterhead` lets no character in that would need escaping, and an
            // escaped slash would be right but unreadable in the source of the mail.
            ("link", facts.link.clone().map_or(Value::from(()), Value::from_safe_string)),
        ];
        let phrases = facts.phrases.iter();
        let plain = phrases.clone().map(|(name, phrase)| (*name, Value::from(phrase.as_str())));
        let values = common.iter().cloned().chain(plain);
        let text = self.render(facts, "txt", values.collect())?;
        let (subject, preview, text) = split_heading(&text).ok_or(Cause::Heading)?;

        let in_html = phrases
            .map(|(name, phrase)| (*name, Value::from_safe_string(isolated(phrase, direction))));
        let heading = [("subject", Value::from(subject)), ("preview", Value::from(preview))];
        let values = common.into_iter().chain(in_html).chain(heading);
        let html = self.render(facts, "html", values.collect())?;
        Ok(Words { subject: subject.to_owned(), text: text.to_owned(), html })
    }

    fn render(
        &self,
        facts: &Facts,
        ending: &str,
        values: BTreeMap<&'static str, Value>,
    ) -> Result<String, Cause> {
        let template = format!("{}.{ending}", facts.template);
        self.templates.render(&template, Value::from(values)).map_err(Cause::Template)
    }
}

/// Takes the subject and the preview off the head of a text.
fn split_heading(rendered: &str) -> Option<(&str, &str, &str)> {
    let (heading, text) = rendered.split_once("\n\n")?;
    let (subject, preview) = heading.split_once('\n')?;
    let is_line = |text: &str| !text.contains(char::is_control);
    let heading = (subject.strip_prefix("Subject: ")?, preview.strip_prefix("Preview: ")?);
    (is_line(heading.0) && is_line(heading.1)).then_some((heading.0, heading.1, text))
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
        // A text of several lines has no place in a subject.
        assert_eq!(split_heading("Subject: a\nb\nPreview: c\n\nd"), None);
        assert_eq!(split_heading("Subject: a\nPreview: b\nc\n\nd"), None);
        assert_eq!(split_heading("Subject: a\rb\nPreview: c\n\nd"), None);
    }
}
