//! Upgrade tests: rows of earlier versions survive later migrations.
//!
//! The rows are inserted with SQL, because the current store cannot write the old schema.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::model::audit::AuditAction;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::{MailId, ResetId, SessionId, UserId};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Mail, MailKind, MailRecord, MailState, QueuedMail};
use vestibule_domain::model::secret::SecretDigest;
use vestibule_domain::model::session::Session;
use vestibule_domain::model::user::User;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::Store;
use vestibule_migrations::{Migrator, MigratorTrait, migrate, status};
use vestibule_testkit::contract::given;

const USER: u128 = 0x0198_c7f2_1111_7111_8111_1111_1111_1111;
const SESSION: u128 = 0x0198_c7f2_2222_7222_8222_2222_2222_2222;
const MAIL: u128 = 0x0198_c7f2_3333_7333_8333_3333_3333_3333;
const BROWSER: u128 = 0x0198_c7f2_4444_7444_8444_4444_4444_4444;
const NOTICE: u128 = 0x0198_c7f2_5555_7555_8555_5555_5555_5555;
const LINK: u128 = 0x0198_c7f2_6666_7666_8666_6666_6666_6666;
const RESET: u128 = 0x7777_7777_7777_7777_7777_7777_7777_7777;

fn at(micros: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros)
}

/// Returns the SQL literal of an id.
fn id(db: &DatabaseConnection, number: u128) -> String {
    let id = Uuid::from_u128(number);
    match db.get_database_backend() {
        DbBackend::Postgres => format!("'{id}'"),
        _ => format!("x'{}'", id.simple()),
    }
}

/// Returns the SQL literal of bytes.
fn bytes(db: &DatabaseConnection, hex: &str) -> String {
    match db.get_database_backend() {
        DbBackend::Postgres => format!("'\\x{hex}'"),
        _ => format!("x'{hex}'"),
    }
}

/// Inserts a user with a session and a queued mail.
async fn fill(db: &DatabaseConnection) {
    let [user, session, mail] = [USER, SESSION, MAIL].map(|number| id(db, number));
    for row in [
        format!(
            "INSERT INTO users (id, email, email_key, username, username_key, is_active, is_admin, \
             credentials_version, created_at) VALUES ({user}, 'Anna@example.com', \
             'anna@example.com', 'Anna', 'anna', TRUE, FALSE, 3, 1000001)"
        ),
        format!(
            "INSERT INTO sessions (id, user_id, credentials_version, created_at, last_seen_at, \
             expires_at, ip, user_agent) VALUES ({session}, {user}, 3, 2000002, 3000003, 4000004, \
             NULL, NULL)"
        ),
        format!(
            "INSERT INTO outbox (id, kind, user_id, queued_at, attempts, next_attempt_at, state, \
             last_error) VALUES ({mail}, 'welcome', {user}, 5000005, 1, 6000006, 'queued', 'late')"
        ),
    ] {
        db.execute_unprepared(&row).await.unwrap();
    }
}

/// Inserts rows of the second version: a browser session, a sent notice, and a leased link mail.
async fn fill_second(db: &DatabaseConnection) {
    let [user, browser, notice, link] = [USER, BROWSER, NOTICE, LINK].map(|number| id(db, number));
    let (key, reset) = (bytes(db, &"ab".repeat(32)), bytes(db, &format!("{RESET:x}")));
    for row in [
        format!("UPDATE users SET language = 'ar' WHERE id = {user}"),
        format!(
            "INSERT INTO sessions (id, user_id, credentials_version, created_at, last_seen_at, \
             expires_at, authenticated_at, browser_key_digest) VALUES ({browser}, {user}, 3, 7, 7, \
             9000009, 8000008, {key})"
        ),
        format!(
            "INSERT INTO password_resets (id, user_id, email_key, credentials_version, issued_at, \
             expires_at) VALUES ({reset}, {user}, 'anna@example.com', 3, 1, 2)"
        ),
        format!(
            "INSERT INTO outbox (id, kind, user_id, ip, user_agent, queued_at, attempts, \
             next_attempt_at, state, finished_at) VALUES ({notice}, 'password_changed', {user}, \
             '192.0.2.1', 'curl', 10, 2, 11, 'sent', 12)"
        ),
        format!(
            "INSERT INTO outbox (id, kind, user_id, reset_id, queued_at, attempts, \
             next_attempt_at, lease_id, leased_until, state) VALUES ({link}, 'reset_link', {user}, \
             {reset}, 13, 1, 13, {link}, 14, 'queued')"
        ),
    ] {
        db.execute_unprepared(&row).await.unwrap();
    }
}

async fn rows_of_the_second_version_survive(store: &dyn Store, db: &DatabaseConnection) {
    Migrator::up(db, Some(2)).await.unwrap();
    fill(db).await;
    fill_second(db).await;
    migrate(db).await.unwrap();

    let user = UserId::from_uuid(Uuid::from_u128(USER));
    let key = SecretDigest::from_bytes([0xab; 32]);
    let (session, anna) = store.find_browser_session(&key).await.unwrap().unwrap();
    assert_eq!((anna.id, anna.language), (user, Some(Language::Arabic)));
    assert_eq!(session.id, SessionId::from_uuid(Uuid::from_u128(BROWSER)));
    assert_eq!((session.authenticated_at, session.refresh), (at(8_000_008), None));
    let mails = store.list_mails(None, 9).await.unwrap();
    let states: Vec<_> = mails.iter().map(|mail| (mail.kind, mail.state, mail.attempts)).collect();
    let expected = [
        (MailKind::ResetLink, MailState::Waiting { due_at: at(13) }, 1),
        (MailKind::PasswordChanged, MailState::Sent { at: at(12) }, 2),
        (MailKind::Welcome, MailState::Waiting { due_at: at(6_000_006) }, 1),
    ];
    assert_eq!(states, expected);

    // The lease and the details are kept, and mails of a reset are still deleted with it.
    let mut unit = store.begin().await.unwrap();
    let lease = given::lease(at(100));
    assert_eq!(unit.claim_mails(at(13), lease, 9).await.unwrap(), []);
    let link = unit.claim_mails(at(14), lease, 9).await.unwrap().remove(0);
    let reset_id = ResetId::from_bytes(RESET.to_be_bytes());
    assert_eq!(link.mail, Mail::ResetLink { user_id: user, reset_id });
    let notice = MailId::from_uuid(Uuid::from_u128(NOTICE));
    assert!(unit.requeue_mail(notice, at(15)).await.unwrap());
    let notice = unit.claim_mails(at(15), lease, 9).await.unwrap().remove(0);
    let client = ClientInfo::new(Some("192.0.2.1".parse().unwrap()), Some("curl"));
    assert_eq!(notice.mail, Mail::PasswordChanged { user_id: user, client });
    unit.purge(at(3), 9).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.list_mails(None, 9).await.unwrap().len(), 2);
    the_third_version_is_reverted_and_applied_again(store, db, user).await;
}

/// The downgrade loses only the data of the third version.
async fn the_third_version_is_reverted_and_applied_again(
    store: &dyn Store,
    db: &DatabaseConnection,
    user_id: UserId,
) {
    let warning = Mail::RefreshTokenReused { user_id, client: ClientInfo::default() };
    let mut unit = store.begin().await.unwrap();
    unit.enqueue(&QueuedMail::new(warning, at(20), given::random())).await.unwrap();
    unit.record(&given::event(AuditAction::SignedIn, Some(user_id), at(20))).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.list_mails(None, 9).await.unwrap().len(), 3);
    Migrator::down(db, Some(2)).await.unwrap();
    migrate(db).await.unwrap();
    let kinds: Vec<_> =
        store.list_mails(None, 9).await.unwrap().iter().map(|mail| mail.kind).collect();
    assert_eq!(kinds, [MailKind::PasswordChanged, MailKind::Welcome]);
    assert_eq!(store.list_sessions(user_id).await.unwrap().len(), 2);
    assert_eq!(store.list_events(None, None, 9).await.unwrap(), []);

    let mut unit = store.begin().await.unwrap();
    assert!(unit.delete_user(user_id, given::noon()).await.unwrap());
    unit.commit().await.unwrap();
    assert_eq!(store.list_mails(None, 9).await.unwrap(), []);
    // An earlier version, without the new tables and columns, can still write.
    fill(db).await;
    fill_second(db).await;
    assert_eq!(store.list_mails(None, 9).await.unwrap().len(), 3);
}

async fn rows_of_the_first_version_survive(store: &dyn Store, db: &DatabaseConnection) {
    Migrator::up(db, Some(1)).await.unwrap();
    assert_eq!(status(db).await.unwrap().applied, ["m20261120_000001_create_accounts"]);
    fill(db).await;
    migrate(db).await.unwrap();

    let email = EmailAddress::parse("Anna@example.com").unwrap();
    let username = Username::parse("Anna").unwrap();
    let id = UserId::from_uuid(Uuid::from_u128(USER));
    let first = User::new(id, email.clone(), username, at(1_000_001));
    let credentials_version = first.credentials_version.next().next();
    let anna = User { credentials_version, ..first };
    assert_eq!(store.find_user(id).await.unwrap(), Some(anna.clone()));
    let session = Session {
        id: SessionId::from_uuid(Uuid::from_u128(SESSION)),
        user_id: id,
        credentials_version,
        created_at: at(2_000_002),
        authenticated_at: at(2_000_002),
        last_seen_at: at(3_000_003),
        expires_at: at(4_000_004),
        ..given::session(&anna)
    };
    let session = Session { client: ClientInfo::default(), ..session };
    let found = store.find_session(session.id).await.unwrap();
    assert_eq!(found, Some((session.clone(), anna)));
    let mail = MailRecord {
        id: MailId::from_uuid(Uuid::from_u128(MAIL)),
        kind: MailKind::Welcome,
        to: email,
        state: MailState::Waiting { due_at: at(6_000_006) },
        attempts: 1,
        queued_at: at(5_000_005),
        last_error: Some("late".to_owned()),
    };
    assert_eq!(store.list_mails(None, 9).await.unwrap(), [mail]);
    assert_eq!(store.find_smtp_settings().await.unwrap(), None);

    // The new columns can be written, and an earlier version, without them, can still write.
    let mut unit = store.begin().await.unwrap();
    assert!(unit.set_language(id, Language::Arabic).await.unwrap());
    let key = Some(given::digest());
    assert!(unit.renew_session(session.id, credentials_version, key, at(9)).await.unwrap());
    assert!(unit.end_session(session.id, given::noon()).await.unwrap());
    assert!(unit.delete_user(id, given::noon()).await.unwrap());
    unit.commit().await.unwrap();
    fill(db).await;
    let (opened_meanwhile, _) = store.find_session(session.id).await.unwrap().unwrap();
    assert_eq!(opened_meanwhile.authenticated_at, OffsetDateTime::UNIX_EPOCH);
    Migrator::down(db, Some(3)).await.unwrap();
    migrate(db).await.unwrap();
    // `list_sessions` bypasses the session cache.
    assert_eq!(store.list_sessions(id).await.unwrap(), [session]);
}

mod sqlite {
    use crate::sqlite_fixture::empty;

    #[tokio::test]
    async fn a_database_of_the_first_version_is_migrated() {
        let fixture = empty().await;
        let db = fixture.sea.connection();
        super::rows_of_the_first_version_survive(&*fixture.store(), db).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn a_database_of_the_second_version_is_migrated() {
        let fixture = empty().await;
        let db = fixture.sea.connection();
        super::rows_of_the_second_version_survive(&*fixture.store(), db).await;
        fixture.close().await;
    }
}

mod postgres {
    use crate::postgres_fixture::empty;

    #[tokio::test]
    async fn a_database_of_the_first_version_is_migrated() {
        let fixture = empty().await;
        let db = fixture.sea.connection();
        super::rows_of_the_first_version_survive(&*fixture.store(), db).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn a_database_of_the_second_version_is_migrated() {
        let fixture = empty().await;
        let db = fixture.sea.connection();
        super::rows_of_the_second_version_survive(&*fixture.store(), db).await;
        fixture.close().await;
    }
}
