//! What an earlier version has written is there after the migrations it did not know.
//!
//! The rows are written in SQL, as they were then: the store of today cannot write them.

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;
use vestibule_domain::caller::Caller;
use vestibule_domain::email::EmailAddress;
use vestibule_domain::id::{MailId, SessionId, UserId};
use vestibule_domain::language::Language;
use vestibule_domain::mail::{MailKind, MailRecord, MailState};
use vestibule_domain::ports::Store;
use vestibule_domain::session::Session;
use vestibule_domain::user::User;
use vestibule_domain::username::Username;
use vestibule_migrations::{Migrator, MigratorTrait, migrate, status};
use vestibule_testkit::contract::given;

const USER: u128 = 0x0198_c7f2_1111_7111_8111_1111_1111_1111;
const SESSION: u128 = 0x0198_c7f2_2222_7222_8222_2222_2222_2222;
const MAIL: u128 = 0x0198_c7f2_3333_7333_8333_3333_3333_3333;

fn at(micros: i64) -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::microseconds(micros)
}

/// An identifier as each database spells it.
fn id(db: &DatabaseConnection, number: u128) -> String {
    let id = Uuid::from_u128(number);
    match db.get_database_backend() {
        DbBackend::Postgres => format!("'{id}'"),
        _ => format!("x'{}'", id.simple()),
    }
}

/// Somebody with a session and a mail that waits.
async fn fill(db: &DatabaseConnection) {
    let [user, session, mail] = [USER, SESSION, MAIL].map(|number| id(db, number));
    for row in [
        format!(
            "INSERT INTO users (id, email, email_key, username, username_key, is_active, is_admin, \
             credential_epoch, created_at) VALUES ({user}, 'Anna@example.com', \
             'anna@example.com', 'Anna', 'anna', TRUE, FALSE, 3, 1000001)"
        ),
        format!(
            "INSERT INTO sessions (id, user_id, credential_epoch, created_at, last_seen_at, \
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

pub(super) async fn what_was_there_is_there(store: &dyn Store, db: &DatabaseConnection) {
    Migrator::up(db, Some(1)).await.unwrap();
    assert_eq!(status(db).await.unwrap().applied, ["m20261120_000001_create_accounts"]);
    fill(db).await;
    migrate(db).await.unwrap();

    let email = EmailAddress::parse("Anna@example.com").unwrap();
    let username = Username::parse("Anna").unwrap();
    let id = UserId::from_uuid(Uuid::from_u128(USER));
    let first = User::new(id, email.clone(), username, at(1_000_001));
    let epoch = first.epoch.next().next();
    let anna = User { epoch, ..first };
    assert_eq!(store.find_user(id).await.unwrap(), Some(anna.clone()));
    let session = Session {
        id: SessionId::from_uuid(Uuid::from_u128(SESSION)),
        user_id: id,
        epoch,
        created_at: at(2_000_002),
        authenticated_at: at(2_000_002),
        last_seen_at: at(3_000_003),
        expires_at: at(4_000_004),
        ..given::session(&anna)
    };
    let session = Session { caller: Caller::default(), ..session };
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
    assert_eq!(store.find_relay().await.unwrap(), None);

    // The new columns can be written to, and a version that does not know them still writes.
    let mut unit = store.begin().await.unwrap();
    assert!(unit.set_language(id, Language::Arabic).await.unwrap());
    let key = Some(given::digest());
    assert!(unit.renew_session(session.id, epoch, key, at(9)).await.unwrap());
    assert!(unit.end_session(session.id).await.unwrap());
    assert!(unit.delete_user(id).await.unwrap());
    unit.commit().await.unwrap();
    fill(db).await;
    let (opened_meanwhile, _) = store.find_session(session.id).await.unwrap().unwrap();
    assert_eq!(opened_meanwhile.authenticated_at, OffsetDateTime::UNIX_EPOCH);
    Migrator::down(db, Some(1)).await.unwrap();
    migrate(db).await.unwrap();
    assert_eq!(store.find_session(session.id).await.unwrap().unwrap().0, session);
}

mod sqlite {
    use crate::sqlite_fixture::empty;

    #[tokio::test]
    async fn a_filled_database_is_migrated() {
        let fixture = empty().await;
        super::what_was_there_is_there(&*fixture.store(), fixture.sea.connection()).await;
        fixture.close().await;
    }
}

mod postgres {
    use crate::postgres_fixture::empty;

    #[tokio::test]
    async fn a_filled_database_is_migrated() {
        let fixture = empty().await;
        super::what_was_there_is_there(&*fixture.store(), fixture.sea.connection()).await;
        fixture.close().await;
    }
}
