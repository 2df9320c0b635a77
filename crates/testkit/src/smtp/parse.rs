//! Parses received mails for tests.

use mail_parser::{MessageParser, MimeHeaders};

/// A parsed mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Names and values of the headers in order, unfolded but not decoded.
    pub headers: Vec<(String, String)>,
    /// The subject, decoded.
    pub subject: String,
    /// The text part, decoded, with LF at the end of its lines.
    pub text: String,
    /// The HTML part, decoded, with LF at the end of its lines.
    pub html: String,
}

/// Parses a mail.
///
/// # Panics
/// If it is not a mail with exactly a text part and an HTML part.
pub fn letter(data: &[u8]) -> Letter {
    let message = MessageParser::default().parse(data).expect("a mail");
    let kinds: Vec<String> = message
        .parts
        .iter()
        .map(|part| {
            part.content_type().map_or(String::new(), |kind| {
                format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or_default())
            })
        })
        .collect();
    assert_eq!(kinds, ["multipart/alternative", "text/plain", "text/html"]);
    let part = |text: Option<std::borrow::Cow<'_, str>>| text.unwrap().replace("\r\n", "\n");
    Letter {
        headers: headers(data),
        subject: message.subject().unwrap_or_default().to_owned(),
        text: part(message.body_text(0)),
        html: part(message.body_html(0)),
    }
}

impl Letter {
    /// Returns the value of a header, if there is exactly one.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        let (_, value) = values.next()?;
        values.next().is_none().then_some(value.as_str())
    }

    /// Returns the link of the text part, which is on a line of its own.
    pub fn link(&self) -> Option<&str> {
        self.text.lines().find(|line| line.starts_with("https://") || line.starts_with("http://"))
    }

    /// Returns the token of the reset link.
    pub fn token(&self) -> Option<&str> {
        self.link()?.split_once("/reset-password?token=").map(|(_, token)| token)
    }
}

fn headers(data: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(data);
    let (head, _) = text.split_once("\r\n\r\n").expect("a body");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    unfolded
        .split("\r\n")
        .map(|line| {
            let (name, value) = line.split_once(':').expect("a header with a name");
            (name.to_owned(), value.trim().to_owned())
        })
        .collect()
}
