//! Target `mail`: any values result in one valid mail with fixed headers.

use std::cell::{LazyCell, RefCell};
use std::path::Path;

use mail_parser::MessageParser;
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::model::claims::SignedToken;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::MailId;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::ports::Mailer;
use vestibule_locales::Locales;
use vestibule_mail::{Branding, DevMailbox};

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

struct MailFixture {
    directory: TempDir,
    product: String,
    mailer: DevMailbox,
}

thread_local! {
    static FIXTURE: LazyCell<RefCell<MailFixture>> =
        const { LazyCell::new(|| RefCell::new(MailFixture::new("Acme").unwrap())) };
}

impl MailFixture {
    /// Creates a fixture; `None` if the product name is invalid.
    fn new(product: &str) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let branding = Branding::new(product, "https://id.acme.example").ok()?;
        let path = directory.path().to_owned();
        let mailer = DevMailbox::new(branding, path, Locales::embedded()).unwrap();
        Some(Self { directory, product: product.to_owned(), mailer })
    }
}

/// Renders a mail and checks its structure.
///
/// Input: a kind of mail, a language, and one per line: address, product, token, user agent.
///
/// # Panics
/// Panics if the mail is not well-formed.
pub(crate) fn mail(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, language) = (input.byte(), *input.choose(&Language::ALL));
    let [to, product, token] = [input.line(), input.line(), input.line()];
    let Ok(to) = EmailAddress::parse(&to) else {
        return;
    };
    let agent = String::from_utf8_lossy(input.rest());
    let client = ClientInfo::new(None, Some(&agent));
    let message = Message {
        id: MailId::from_uuid(Uuid::from_u128(1)),
        to,
        language,
        written_at: OffsetDateTime::UNIX_EPOCH,
        content: content(kind, &token, client),
    };
    FIXTURE.with(|fixture| {
        // A new product renders every template, which takes time.
        if !product.is_empty() && fixture.borrow().product != product {
            let Some(other) = MailFixture::new(&product) else {
                return;
            };
            fixture.replace(other);
        }
        let fixture = fixture.borrow();
        if block_on(fixture.mailer.send(&message)).is_err() {
            // Only an invalid token is refused.
            return assert_eq!(kind % 7, 1, "{message:?}");
        }
        let kept = fixture.directory.path().join(format!("{}.eml", message.id));
        assert_valid_mail(&kept, message.to.as_str());
    });
}

fn content(kind: u8, token: &str, client: ClientInfo) -> Content {
    let at = OffsetDateTime::UNIX_EPOCH;
    match kind % 7 {
        0 => Content::Welcome,
        1 => Content::ResetLink {
            token: SignedToken::new(token.to_owned()),
            requested_at: at,
            expires_at: at + Duration::HOUR,
            client,
        },
        2 => Content::PasswordChanged { changed_at: at, client },
        3 => Content::PasswordDisabled { at, client },
        4 => Content::SignInAfterFailures { at, client },
        5 => Content::RefreshTokenReused { at, client },
        _ => Content::Test,
    }
}

fn assert_valid_mail(path: &Path, to: &str) {
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
