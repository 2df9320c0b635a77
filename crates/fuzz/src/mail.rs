//! Mails: whatever is put in, one letter with the same headers comes out.

use std::cell::{LazyCell, RefCell};
use std::path::Path;

use mail_parser::MessageParser;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::MailId;
use vestibule_domain::language::Language;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::ports::Mailer;
use vestibule_domain::token::SignedToken;
use vestibule_locales::Locales;
use vestibule_mail::{KeptMails, Letterhead};

use crate::input::Input;
use crate::runtime::block_on;

const HEADERS: [&str; 10] = [
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
/// RFC 5322, section 2.1.1.
const MAX_LINE: usize = 998;

struct Office {
    directory: TempDir,
    product: String,
    mailer: KeptMails,
}

thread_local! {
    static OFFICE: LazyCell<RefCell<Office>> =
        const { LazyCell::new(|| RefCell::new(Office::of("Acme").unwrap())) };
}

impl Office {
    /// `None` for a name that no product can have.
    fn of(product: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let letterhead = Letterhead::new(product, "https://id.acme.example").ok()?;
        let path = directory.path().to_owned();
        let mailer = KeptMails::new(letterhead, path, Locales::embedded()).unwrap();
        Some(Self { directory, product: product.to_owned(), mailer })
    }
}

/// A kind of mail, a language, and on a line each: address, product, token, user agent.
///
/// # Panics
/// When a letter is not what every letter is.
pub(crate) fn mail(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, language) = (input.byte(), *input.choose(&Language::ALL));
    let [to, product, token] = [input.line(), input.line(), input.line()];
    let Ok(to) = EmailAddress::parse(&to) else {
        return;
    };
    let agent = String::from_utf8_lossy(input.rest());
    let caller = Caller::new(None, Some(&agent));
    let message = Message {
        id: MailId::from_uuid(Uuid::from_u128(1)),
        to,
        language,
        written_at: OffsetDateTime::UNIX_EPOCH,
        content: content(kind, &token, caller),
    };
    OFFICE.with(|office| {
        // Every template is tried out for a new product, which takes its time.
        if !product.is_empty() && office.borrow().product != product {
            let Some(other) = Office::of(&product) else {
                return;
            };
            office.replace(other);
        }
        let office = office.borrow();
        if block_on(office.mailer.send(&message)).is_err() {
            // Only a token that is none cannot be sent.
            return assert_eq!(kind % 7, 1, "{message:?}");
        }
        let kept = office.directory.path().join(format!("{}.eml", message.id));
        is_a_letter(&kept, message.to.as_str());
    });
}

fn content(kind: u8, token: &str, caller: Caller) -> Content {
    let at = OffsetDateTime::UNIX_EPOCH;
    match kind % 7 {
        0 => Content::Welcome,
        1 => Content::ResetLink {
            token: SignedToken::new(token.to_owned()),
            requested_at: at,
            expires_at: at + Duration::HOUR,
            caller,
        },
        2 => Content::PasswordChanged { changed_at: at, caller },
        3 => Content::PasswordDisabled { at, caller },
        4 => Content::SignInAfterFailures { at, caller },
        5 => Content::RefreshTokenReused { at, caller },
        _ => Content::Test,
    }
}

fn is_a_letter(path: &Path, to: &str) {
    let bytes = std::fs::read(path).unwrap();
    let text = String::from_utf8_lossy(&bytes);
    let bare = text.replace("\r\n", "");
    assert!(!bare.contains(['\r', '\n', '\0']), "{text:?}");
    assert!(text.split("\r\n").all(|line| line.len() <= MAX_LINE), "{text:?}");

    let message = MessageParser::default().parse(&bytes).unwrap();
    let names: Vec<&str> = message.headers().iter().map(|header| header.name.as_str()).collect();
    assert_eq!(names, HEADERS, "{text:?}");
    assert_eq!(message.parts.len(), 3, "{text:?}");
    let recipients = message.to().unwrap().iter().filter_map(|address| address.address());
    assert_eq!(recipients.collect::<Vec<_>>(), [to], "{text:?}");
    let html = message.body_html(0).unwrap();
    assert!(!html.contains("<script") && !html.contains("<form"), "{html}");
}
