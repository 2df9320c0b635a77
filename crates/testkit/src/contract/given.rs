//! Test data of the contract: users, sessions, links and mails.

use std::num::NonZeroU16;
use std::sync::LazyLock;

use time::{Duration, OffsetDateTime};
use vestibule_domain::model::audit::{Actor, AuditAction, AuditEvent};
use vestibule_domain::model::client::{ClientInfo, ClientNetwork};
use vestibule_domain::model::email::{EmailAddress, EmailKey};
use vestibule_domain::model::id::{EventId, LeaseId, ResetRequestId, UserId};
use vestibule_domain::model::mail::{Lease, Mail, QueuedMail};
use vestibule_domain::model::password::PasswordHash;
use vestibule_domain::model::password_reset::{PasswordReset, ResetRequest};
use vestibule_domain::model::policy::SessionPolicy;
use vestibule_domain::model::refresh_token::{Refresh, Rotation, RotationNonce};
use vestibule_domain::model::secret::{Secret, SecretDigest};
use vestibule_domain::model::session::Session;
use vestibule_domain::model::smtp_settings::{
    SealedSmtpCredentials, SmtpHost, SmtpSecurity, SmtpSettings, StoredSmtpSettings,
};
use vestibule_domain::model::user::User;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::{Insertion, Random, Store};

use crate::random::SteadyRandom;

/// Lifetime of a link.
pub const LINK_TTL: Duration = Duration::minutes(30);

/// A source for identifiers, each of which is unique.
pub fn random() -> &'static dyn Random {
    static RANDOM: LazyLock<SteadyRandom> = LazyLock::new(SteadyRandom::default);
    &*RANDOM
}

/// The time at which the tests begin, with microseconds.
pub fn noon() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(496_764) + Duration::microseconds(123_456)
}

/// A client with a browser.
pub fn client() -> ClientInfo {
    ClientInfo::new(Some("2001:db8::7".parse().unwrap()), Some("Mozilla/5.0 (Räksmörgås)"))
}

/// A user called `name` with the address `name@example.com`, not stored.
pub fn user(name: &str) -> User {
    let email = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
    let id = UserId::generate(noon(), random());
    User::new(id, email, Username::parse(name).unwrap(), noon())
}

/// A made-up hash.
pub fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_phc(format!("$given${text}"))
}

/// A session of a user, not stored.
pub fn session(user: &User) -> Session {
    Session::open(user, &client(), &SessionPolicy::default(), noon(), random())
}

/// The digest of a random secret.
pub fn digest() -> SecretDigest {
    Secret::generate(random()).digest()
}

/// The state of a session's refresh tokens; the first one is current.
pub fn refresh() -> Refresh {
    Refresh { family: digest(), current: digest(), rotation: None }
}

/// An exchange of a token at that time.
pub fn rotation(from: SecretDigest, at: OffsetDateTime) -> Rotation {
    Rotation { from, nonce: RotationNonce::generate(random()), at }
}

/// The key of `name@example.com`.
pub fn address(name: &str) -> EmailKey {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap().key().clone()
}

/// The network of an address; none if it is empty.
pub fn network(ip: &str) -> ClientNetwork {
    ClientNetwork::of((!ip.is_empty()).then(|| ip.parse().unwrap()))
}

/// An event about a user by that user, not stored.
pub fn event(kind: AuditAction, user_id: Option<UserId>, at: OffsetDateTime) -> AuditEvent {
    let id = EventId::generate(at, random());
    AuditEvent { id, at, kind, user_id, by: Actor::Client, client: client() }
}

/// SMTP settings with credentials, saved at noon, not stored.
pub fn smtp(host: &str) -> StoredSmtpSettings {
    let smtp = SmtpSettings {
        host: SmtpHost::parse(host).unwrap(),
        port: NonZeroU16::MAX,
        security: SmtpSecurity::StartTls,
        credentials: None,
        from_address: EmailAddress::parse("No-Reply@Example.com").unwrap(),
        from_name: None,
    };
    let sealed =
        SealedSmtpCredentials { username: "mailer".to_owned(), password: "sealed".to_owned() };
    StoredSmtpSettings { smtp, sealed_credentials: Some(sealed), saved_at: noon(), tested: None }
}

/// A reset of a user, issued at that time, not stored.
pub fn reset(user: &User, issued_at: OffsetDateTime) -> PasswordReset {
    PasswordReset::issue(user, client(), LINK_TTL, issued_at, random())
}

/// A request for `name@example.com`, not stored.
pub fn request(name: &str, requested_at: OffsetDateTime) -> ResetRequest {
    let address = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
    ResetRequest {
        id: ResetRequestId::generate(requested_at, random()),
        email_key: address.key().clone(),
        requested_at,
        client: client(),
    }
}

/// A welcome mail to a user, not stored.
pub fn welcome(user: &User, queued_at: OffsetDateTime) -> QueuedMail {
    QueuedMail::new(Mail::Welcome { user_id: user.id }, queued_at, random())
}

/// A new lease until that time.
pub fn lease(until: OffsetDateTime) -> Lease {
    Lease { id: LeaseId::generate(noon(), random()), until }
}

/// A stored user.
pub async fn stored_user(store: &dyn Store, name: &str) -> User {
    let user = user(name);
    assert_eq!(commit!(store, insert_user(&user)), Insertion::Inserted);
    user
}

/// A stored session.
pub async fn stored_session(store: &dyn Store, user: &User) -> Session {
    let session = session(user);
    assert!(commit!(store, insert_session(&session)));
    session
}

/// A stored reset, issued at that time.
pub async fn stored_reset(
    store: &dyn Store,
    user: &User,
    issued_at: OffsetDateTime,
) -> PasswordReset {
    let reset = reset(user, issued_at);
    assert!(commit!(store, insert_reset(&reset)));
    reset
}

/// A stored welcome mail.
pub async fn stored_welcome(
    store: &dyn Store,
    user: &User,
    queued_at: OffsetDateTime,
) -> QueuedMail {
    let mail = welcome(user, queued_at);
    commit!(store, enqueue(&mail));
    mail
}
