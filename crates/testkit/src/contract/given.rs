//! What the rules start from: somebody with an account, a session, a link, a mail.

use std::num::NonZeroU16;
use std::sync::LazyLock;

use time::{Duration, OffsetDateTime};
use vestibule_domain::audit::{AuditEvent, Doer, EventKind};
use vestibule_domain::caller::{Caller, ClientNetwork};
use vestibule_domain::email::{EmailAddress, EmailKey};
use vestibule_domain::id::{EventId, LeaseId, ResetRequestId, UserId};
use vestibule_domain::mail::{Lease, Mail, QueuedMail};
use vestibule_domain::password::PasswordHash;
use vestibule_domain::policy::SessionPolicy;
use vestibule_domain::ports::{Insertion, Random, Store};
use vestibule_domain::refresh::{Refresh, Rotation, RotationNonce};
use vestibule_domain::relay::{Relay, RelayHost, RelaySecurity, SealedCredentials, StoredRelay};
use vestibule_domain::reset::{PasswordReset, ResetRequest};
use vestibule_domain::secret::{Secret, SecretDigest};
use vestibule_domain::session::Session;
use vestibule_domain::user::User;
use vestibule_domain::username::Username;

use crate::random::SteadyRandom;

/// How long a link of these rules works.
pub const LINK_TTL: Duration = Duration::minutes(30);

/// Where identifiers come from: none is given twice.
pub fn random() -> &'static dyn Random {
    static RANDOM: LazyLock<SteadyRandom> = LazyLock::new(SteadyRandom::default);
    &*RANDOM
}

/// The moment the rules begin at, with all six digits behind the second.
pub fn noon() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::hours(496_764) + Duration::microseconds(123_456)
}

/// Somebody far away, with a browser.
pub fn caller() -> Caller {
    Caller::new(Some("2001:db8::7".parse().unwrap()), Some("Mozilla/5.0 (Räksmörgås)"))
}

/// A user called `name`, who is in no store yet; `name@example.com`.
pub fn user(name: &str) -> User {
    let email = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
    let id = UserId::generate(noon(), random());
    User::new(id, email, Username::parse(name).unwrap(), noon())
}

/// A hash that nobody has computed.
pub fn hash(text: &str) -> PasswordHash {
    PasswordHash::from_phc(format!("$given${text}"))
}

/// A session of a user, in no store yet.
pub fn session(user: &User) -> Session {
    Session::open(user, &caller(), &SessionPolicy::default(), noon(), random())
}

/// What is remembered of a secret that nobody holds.
pub fn digest() -> SecretDigest {
    Secret::generate(random()).digest()
}

/// The refresh tokens of a session, of which the first still works.
pub fn refresh() -> Refresh {
    Refresh { family: digest(), current: digest(), rotation: None }
}

/// An exchange of a token at that moment.
pub fn rotation(from: SecretDigest, at: OffsetDateTime) -> Rotation {
    Rotation { from, nonce: RotationNonce::generate(random()), at }
}

/// What is looked up for `name@example.com`.
pub fn address(name: &str) -> EmailKey {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap().key().clone()
}

/// The network an address belongs to; an empty one is no address.
pub fn network(ip: &str) -> ClientNetwork {
    ClientNetwork::of((!ip.is_empty()).then(|| ip.parse().unwrap()))
}

/// Something the holder of a proof did, in no store yet.
pub fn event(kind: EventKind, user_id: Option<UserId>, at: OffsetDateTime) -> AuditEvent {
    let id = EventId::generate(at, random());
    AuditEvent { id, at, kind, user_id, by: Doer::Holder, caller: caller() }
}

/// A relay with an account, described at noon, in no store yet.
pub fn relay(host: &str) -> StoredRelay {
    let relay = Relay {
        host: RelayHost::parse(host).unwrap(),
        port: NonZeroU16::MAX,
        security: RelaySecurity::StartTls,
        credentials: None,
        from_address: EmailAddress::parse("No-Reply@Example.com").unwrap(),
        from_name: None,
    };
    let sealed = SealedCredentials { username: "mailer".to_owned(), password: "sealed".to_owned() };
    StoredRelay { relay, sealed_credentials: Some(sealed), saved_at: noon(), tested: None }
}

/// A link for a user, issued at that moment, in no store yet.
pub fn reset(user: &User, issued_at: OffsetDateTime) -> PasswordReset {
    PasswordReset::issue(user, caller(), LINK_TTL, issued_at, random())
}

/// A request for `name@example.com`, in no store yet.
pub fn request(name: &str, requested_at: OffsetDateTime) -> ResetRequest {
    let address = EmailAddress::parse(&format!("{name}@example.com")).unwrap();
    ResetRequest {
        id: ResetRequestId::generate(requested_at, random()),
        email_key: address.key().clone(),
        requested_at,
        caller: caller(),
    }
}

/// A welcome to a user, in no store yet.
pub fn welcome(user: &User, queued_at: OffsetDateTime) -> QueuedMail {
    QueuedMail::new(Mail::Welcome { user_id: user.id }, queued_at, random())
}

/// A claim of its own that lasts until then.
pub fn lease(until: OffsetDateTime) -> Lease {
    Lease { id: LeaseId::generate(noon(), random()), until }
}

/// A user who is in the store.
pub async fn stored_user(store: &dyn Store, name: &str) -> User {
    let user = user(name);
    assert_eq!(commit!(store, insert_user(&user)), Insertion::Inserted);
    user
}

/// A session that is in the store.
pub async fn stored_session(store: &dyn Store, user: &User) -> Session {
    let session = session(user);
    assert!(commit!(store, insert_session(&session)));
    session
}

/// A link, issued at that moment, that is in the store.
pub async fn stored_reset(
    store: &dyn Store,
    user: &User,
    issued_at: OffsetDateTime,
) -> PasswordReset {
    let reset = reset(user, issued_at);
    assert!(commit!(store, insert_reset(&reset)));
    reset
}

/// A welcome that is in the store.
pub async fn stored_welcome(
    store: &dyn Store,
    user: &User,
    queued_at: OffsetDateTime,
) -> QueuedMail {
    let mail = welcome(user, queued_at);
    commit!(store, enqueue(&mail));
    mail
}
