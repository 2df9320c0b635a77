//! Tests of the schema: migrations run, and their result is what the store expects.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/postgres.rs"]
mod postgres_fixture;
#[path = "fixtures/sqlite.rs"]
mod sqlite_fixture;
#[path = "schema/upgrade.rs"]
mod upgrade;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement, TryGetable};
use time::Duration;
use vestibule_domain::model::audit::{Actor, AuditAction, AuditEvent};
use vestibule_domain::model::mail::{Mail, QueuedMail};
use vestibule_domain::model::refresh_token::Refresh;
use vestibule_domain::ports::Store;
use vestibule_migrations::{MigrateError, Migrator, MigratorTrait, migrate, pending, status};
use vestibule_testkit::contract::given;

async fn ask<T: TryGetable>(db: &DatabaseConnection, question: &str) -> T {
    let statement = Statement::from_string(db.get_database_backend(), question);
    db.query_one_raw(statement).await.unwrap().unwrap().try_get_by_index(0).unwrap()
}

async fn up_down_and_up_again(db: &DatabaseConnection) {
    let before = status(db).await.unwrap();
    assert_eq!(before.applied, [""; 0]);
    assert_eq!(pending(db).await.unwrap(), before.pending);
    assert_eq!(migrate(db).await.unwrap(), before.pending);
    assert_eq!(status(db).await.unwrap().applied, before.pending);
    assert_eq!(migrate(db).await.unwrap(), [""; 0]);

    Migrator::down(db, None).await.unwrap();
    assert_eq!(status(db).await.unwrap(), before);
    assert_eq!(migrate(db).await.unwrap(), before.pending);
    assert_eq!(pending(db).await.unwrap(), [""; 0]);
}

/// Reads and writes every column of every table once.
async fn every_entity_fits_its_table(store: &dyn Store) {
    let anna = given::stored_user(store, "anna").await;
    let rotation = Some(given::rotation(given::digest(), given::noon()));
    let refresh = Refresh { rotation, ..given::refresh() };
    let session = given::session(&anna).in_browser(given::digest()).refreshed_by(refresh);
    let reset = given::reset(&anna, given::noon());
    let by = Actor::Administrator(anna.id);
    let event = given::event(AuditAction::Promoted, Some(anna.id), given::noon());
    let event = AuditEvent { by, ..event };
    let (address, network) = (anna.email.key(), given::network("192.0.2.1"));
    let (smtp, setup) = (given::smtp("smtp.example.com"), given::digest());
    let request = given::request("anna", given::noon());
    let mut unit = store.begin().await.unwrap();
    unit.set_password(anna.id, &given::hash("a"), given::noon()).await.unwrap();
    unit.insert_session(&session).await.unwrap();
    unit.insert_reset(&reset).await.unwrap();
    unit.insert_reset_request(&request).await.unwrap();
    let link = Mail::ResetLink { user_id: anna.id, reset_id: reset.id };
    let mails = [
        given::welcome(&anna, given::noon()),
        QueuedMail::new(link, given::noon(), given::random()),
    ];
    for mail in &mails {
        unit.enqueue(mail).await.unwrap();
    }
    let lease = given::lease(given::noon() + Duration::HOUR);
    assert_eq!(unit.claim_mails(given::noon(), lease, 9).await.unwrap().len(), 2);
    assert_eq!(unit.take_reset_request().await.unwrap(), Some(request));
    unit.save_smtp_settings(&smtp).await.unwrap();
    unit.save_setup_link(&setup, given::noon()).await.unwrap();
    assert!(!unit.spend_setup_link(&setup, given::noon()).await.unwrap());
    unit.record(&event).await.unwrap();
    unit.count_failure(address, network, given::noon(), given::noon()).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(store.list_events(None, None, 9).await.unwrap(), [event]);
    let failures = store.find_failures(address, network).await.unwrap();
    assert_eq!((failures.total, failures.last_from_network), (1, Some(given::noon())));
    assert_eq!(store.find_smtp_settings().await.unwrap(), Some(smtp));
    assert_eq!(store.find_session(session.id).await.unwrap(), Some((session, anna.clone())));
    assert_eq!(store.find_reset(reset.id).await.unwrap(), Some((reset, anna)));
}

/// Statements that violate the constraints of the schema.
const REFUSED: &[&str] = &[
    "UPDATE password_resets SET used_at = NULL",
    "UPDATE password_resets SET expires_at = issued_at",
    "UPDATE sessions SET expires_at = created_at",
    "UPDATE sessions SET authenticated_at = NULL",
    // Two sessions with one key.
    "UPDATE sessions SET browser_key_digest = (SELECT digest FROM setup_links)",
    // Two sessions with one family, and an incomplete state of refresh tokens.
    "UPDATE sessions SET refresh_digest = (SELECT digest FROM setup_links), \
     refresh_family_digest = (SELECT digest FROM setup_links)",
    "UPDATE sessions SET refresh_digest = NULL WHERE refresh_digest IS NOT NULL",
    "UPDATE sessions SET refresh_family_digest = NULL WHERE refresh_digest IS NOT NULL",
    "UPDATE sessions SET refresh_family_digest = NULL, refresh_digest = NULL \
     WHERE refresh_digest IS NOT NULL",
    "UPDATE sessions SET refresh_from_digest = NULL WHERE refresh_digest IS NOT NULL",
    "UPDATE sessions SET refresh_nonce = NULL WHERE refresh_digest IS NOT NULL",
    "UPDATE sessions SET refreshed_at = NULL WHERE refresh_digest IS NOT NULL",
    "UPDATE sessions SET refreshed_at = 1 WHERE refresh_digest IS NULL",
    "UPDATE sign_in_failures SET failures = 0",
    "UPDATE sign_in_failures SET network = ''",
    "UPDATE audit_events SET actor = 'unknown'",
    "UPDATE audit_events SET actor = 'administrator'",
    "UPDATE audit_events SET administrator_id = id",
    "UPDATE users SET credentials_version = 0",
    "UPDATE users SET language = 'fr'",
    "UPDATE smtp_settings SET id = 2",
    "UPDATE smtp_settings SET port = 0",
    "UPDATE smtp_settings SET port = 65536",
    "UPDATE smtp_settings SET security = 'ssl'",
    "UPDATE smtp_settings SET username = NULL",
    "UPDATE smtp_settings SET sealed_password = NULL",
    "UPDATE smtp_settings SET tested_at = 1",
    "UPDATE smtp_settings SET tested_at = 1, tested_to = 'anna@example.com'",
    "UPDATE smtp_settings SET test_succeeded = TRUE",
    "UPDATE setup_links SET id = 2",
    "UPDATE outbox SET kind = 'greeting'",
    "UPDATE outbox SET kind = 'reset_link'",
    "UPDATE outbox SET state = 'sent'",
    "UPDATE outbox SET state = 'lost', finished_at = 1",
    "UPDATE outbox SET leased_until = 1",
    "UPDATE outbox SET attempts = -1",
];

/// Checks that the database refuses all statements of [`REFUSED`].
async fn the_schema_refuses_invalid_rows(store: &dyn Store, db: &DatabaseConnection) {
    let anna = given::stored_user(store, "anna").await;
    given::stored_session(store, &anna).await;
    let used = given::stored_reset(store, &anna, given::noon()).await;
    let mut unit = store.begin().await.unwrap();
    unit.spend_reset(used.id, given::noon()).await.unwrap();
    unit.commit().await.unwrap();
    given::stored_reset(store, &anna, given::noon()).await;
    given::stored_welcome(store, &anna, given::noon()).await;
    let key = given::digest();
    let mut unit = store.begin().await.unwrap();
    unit.insert_session(&given::session(&anna).in_browser(key)).await.unwrap();
    let rotation = Some(given::rotation(key, given::noon()));
    let refresh = Refresh { rotation, ..given::refresh() };
    unit.insert_session(&given::session(&anna).refreshed_by(refresh)).await.unwrap();
    let (address, network) = (anna.email.key(), given::network("192.0.2.1"));
    unit.count_failure(address, network, given::noon(), given::noon()).await.unwrap();
    unit.record(&given::event(AuditAction::SignedIn, None, given::noon())).await.unwrap();
    unit.save_smtp_settings(&given::smtp("smtp.example.com")).await.unwrap();
    unit.save_setup_link(&key, given::noon()).await.unwrap();
    unit.commit().await.unwrap();
    for wrong in REFUSED {
        assert_refused(db, wrong).await;
    }
    let (one, short) = match db.get_database_backend() {
        DbBackend::Postgres => ("'\\x01'::bytea", "'\\x'::bytea"),
        _ => ("x'01'", "x''"),
    };
    for short in [one, short] {
        assert_refused(db, &format!("UPDATE setup_links SET digest = {short}")).await;
        for column in [
            "browser_key_digest",
            "refresh_family_digest",
            "refresh_digest",
            "refresh_from_digest",
            "refresh_nonce",
        ] {
            let some = format!("WHERE {column} IS NOT NULL");
            assert_refused(db, &format!("UPDATE sessions SET {column} = {short} {some}")).await;
        }
    }
}

async fn assert_refused(db: &DatabaseConnection, wrong: &str) {
    let refused = db.execute_unprepared(wrong).await.unwrap_err();
    assert!(refused.to_string().contains("constraint"), "{wrong}: {refused}");
}

/// Events of kinds that only a newer version defines are skipped.
async fn events_of_unknown_kinds_are_skipped(store: &dyn Store, db: &DatabaseConnection) {
    let event = |minutes| {
        let at = given::noon() + Duration::minutes(minutes);
        given::event(AuditAction::SignedIn, None, at)
    };
    let [first, unknown, last] = [event(0), event(1), event(2)];
    let mut unit = store.begin().await.unwrap();
    for event in [&first, &unknown, &last] {
        unit.record(event).await.unwrap();
    }
    unit.commit().await.unwrap();
    let at = (unknown.at - time::OffsetDateTime::UNIX_EPOCH).whole_microseconds();
    let later = format!("UPDATE audit_events SET kind = 'teleported' WHERE at = {at}");
    assert_eq!(db.execute_unprepared(&later).await.unwrap().rows_affected(), 1);
    assert_eq!(store.list_events(None, None, 2).await.unwrap(), [last, first]);
}

async fn a_newer_schema_is_refused(db: &DatabaseConnection) {
    migrate(db).await.unwrap();
    let newer = "INSERT INTO seaql_migrations VALUES ('m29991231_000001_come_later', 0)";
    db.execute_unprepared(newer).await.unwrap();
    for refused in [
        migrate(db).await.unwrap_err(),
        pending(db).await.unwrap_err(),
        status(db).await.unwrap_err(),
    ] {
        let MigrateError::NewerSchema { unknown } = refused else {
            panic!("refused for another reason: {refused}");
        };
        assert_eq!(unknown, ["m29991231_000001_come_later"]);
    }
}

mod sqlite {
    use vestibule_storage::SeaStore;

    use super::sqlite_fixture::{empty, fresh};
    use super::*;

    #[tokio::test]
    async fn the_migrations_go_up_down_and_up() {
        let fixture = empty().await;
        up_down_and_up_again(fixture.sea.connection()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn every_entity_fits() {
        let fixture = fresh().await;
        every_entity_fits_its_table(&*fixture.store()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn the_files_are_readable_by_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let fixture = fresh().await;
        let file = fixture.settings.url.trim_start_matches("sqlite://");
        for suffix in ["", "-wal", "-shm"] {
            let metadata = std::fs::metadata(format!("{file}{suffix}")).unwrap();
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{suffix}");
        }
        fixture.close().await;
    }

    #[tokio::test]
    async fn constraints_hold() {
        let fixture = fresh().await;
        the_schema_refuses_invalid_rows(&*fixture.store(), fixture.sea.connection()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn unknown_events_are_skipped() {
        let fixture = fresh().await;
        let db = fixture.sea.connection();
        events_of_unknown_kinds_are_skipped(&*fixture.store(), db).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn newer_schemas_are_refused() {
        let fixture = empty().await;
        a_newer_schema_is_refused(fixture.sea.connection()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn one_of_several_starting_processes_migrates() {
        let fixture = empty().await;
        let other = SeaStore::connect(&fixture.settings).await.unwrap();
        let (here, there) =
            tokio::join!(migrate(fixture.sea.connection()), migrate(other.connection()));
        let (here, there) = (here.unwrap(), there.unwrap());
        assert!(here.is_empty() ^ there.is_empty());
        other.close().await;
        fixture.close().await;
    }

    /// Decision 0025.
    #[tokio::test]
    async fn the_writer_has_the_safe_settings() {
        let fixture = fresh().await;
        let db = fixture.sea.connection();
        assert_eq!(ask::<String>(db, "PRAGMA journal_mode").await, "wal");
        for (pragma, value) in [
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("busy_timeout", 5000),
            ("mmap_size", 0),
            ("query_only", 0),
        ] {
            assert_eq!(ask::<i64>(db, &format!("PRAGMA {pragma}")).await, value, "{pragma}");
        }
        fixture.close().await;
    }
}

mod postgres {
    use super::postgres_fixture::{connect, empty, fresh};
    use super::*;

    #[tokio::test]
    async fn the_migrations_go_up_down_and_up() {
        let fixture = empty().await;
        up_down_and_up_again(fixture.sea.connection()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn every_entity_fits() {
        let fixture = fresh().await;
        every_entity_fits_its_table(&*fixture.store()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn constraints_hold() {
        let fixture = fresh().await;
        the_schema_refuses_invalid_rows(&*fixture.store(), fixture.sea.connection()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn unknown_events_are_skipped() {
        let fixture = fresh().await;
        let db = fixture.sea.connection();
        events_of_unknown_kinds_are_skipped(&*fixture.store(), db).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn newer_schemas_are_refused() {
        let fixture = empty().await;
        a_newer_schema_is_refused(fixture.sea.connection()).await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn one_of_several_starting_nodes_migrates() {
        let fixture = empty().await;
        let other = connect(&fixture.name).await;
        let (here, there) =
            tokio::join!(migrate(fixture.sea.connection()), migrate(other.connection()));
        let (here, there) = (here.unwrap(), there.unwrap());
        assert!(here.is_empty() ^ there.is_empty());
        other.close().await;
        fixture.close().await;
    }

    #[tokio::test]
    async fn keys_compare_byte_by_byte() {
        let fixture = fresh().await;
        let question = "SELECT count(*) FROM information_schema.columns \
             WHERE column_name IN ('email_key', 'username_key') AND collation_name = 'C'";
        assert_eq!(ask::<i64>(fixture.sea.connection(), question).await, 5);
        fixture.close().await;
    }

    #[tokio::test]
    async fn connections_have_the_safe_settings() {
        let fixture = fresh().await;
        let db = fixture.sea.connection();
        for (setting, value) in [
            ("application_name", "vestibule"),
            ("statement_timeout", "3500ms"),
            ("idle_in_transaction_session_timeout", "30s"),
        ] {
            assert_eq!(ask::<String>(db, &format!("SHOW {setting}")).await, value);
        }
        fixture.close().await;
    }
}
