//! Contract and concurrency tests of the store on SQLite.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/sqlite.rs"]
mod fixture;

use fixture::fresh;
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use time::Duration;
use vestibule_domain::model::audit::AuditAction;
use vestibule_domain::model::mail::{Mail, MailFate, QueuedMail};
use vestibule_domain::model::refresh_token::Refresh;
use vestibule_domain::model::user::{User, UserFilter};
use vestibule_domain::ports::{Store, StoreError};
use vestibule_storage::{SeaStore, Settings};
use vestibule_testkit::contract::given;
use vestibule_testkit::{store_contract, store_races};

store_contract!(fresh);
store_races!(fresh);

async fn count(db: &DatabaseConnection, table: &str) -> i64 {
    let count = format!("SELECT count(*) AS n FROM {table}");
    let statement = Statement::from_string(db.get_database_backend(), count);
    db.query_one_raw(statement).await.unwrap().unwrap().try_get("", "n").unwrap()
}

/// Tested here because the port cannot read purged rows.
#[tokio::test]
async fn purging_deletes_finished_mails_and_mails_of_expired_links() {
    let fixture = fresh().await;
    let store = fixture.store();
    let anna = given::stored_user(&*store, "anna").await;
    let reset = given::stored_reset(&*store, &anna, given::noon()).await;
    let sent = given::stored_welcome(&*store, &anna, given::noon()).await;
    let link = Mail::ResetLink { user_id: anna.id, reset_id: reset.id };
    let link = QueuedMail::new(link, given::noon() + Duration::HOUR, given::random());
    let mut unit = store.begin().await.unwrap();
    unit.enqueue(&link).await.unwrap();
    let lease = given::lease(given::noon() + Duration::HOUR);
    unit.claim_mails(given::noon(), lease, 1).await.unwrap();
    unit.settle_mail(sent.id, lease.id, &MailFate::Sent, given::noon()).await.unwrap();
    unit.commit().await.unwrap();

    for (before, left) in [
        (given::noon(), 2),
        (given::noon() + Duration::MICROSECOND, 1),
        (reset.expires_at + Duration::MICROSECOND, 0),
    ] {
        let mut unit = store.begin().await.unwrap();
        unit.purge(before, 100).await.unwrap();
        unit.commit().await.unwrap();
        assert_eq!(count(fixture.sea.connection(), "outbox").await, left);
    }
    fixture.close().await;
}

#[tokio::test]
async fn a_stored_email_with_a_different_key_is_corrupt() {
    let fixture = fresh().await;
    let User { id, .. } = given::stored_user(&*fixture.store(), "anna").await;
    let db = fixture.sea.connection();
    for damage in [
        "UPDATE users SET email = 'other@example.com'",
        "UPDATE users SET email = 'no address'",
        "UPDATE users SET email = email_key, username = 'a b'",
        "PRAGMA ignore_check_constraints = ON; \
         UPDATE users SET username = username_key, language = 'fr'",
    ] {
        db.execute_unprepared(damage).await.unwrap();
        let found = fixture.sea.find_user(id).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{damage}");
    }
    fixture.close().await;
}

/// Unreadable values are reported as corrupt, not replaced by defaults.
#[tokio::test]
async fn unreadable_smtp_settings_sessions_and_mails_are_corrupt() {
    let fixture = fresh().await;
    let store = fixture.store();
    let db = fixture.sea.connection();
    let anna = given::stored_user(&*store, "anna").await;
    let key = given::digest();
    let mut unit = store.begin().await.unwrap();
    unit.insert_session(&given::session(&anna).in_browser(key)).await.unwrap();
    unit.enqueue(&given::welcome(&anna, given::noon())).await.unwrap();
    unit.commit().await.unwrap();

    db.execute_unprepared("PRAGMA ignore_check_constraints = ON").await.unwrap();
    for damage in [
        "host = 'a b'",
        "port = 0",
        "port = 65536",
        "security = 'ssl'",
        "username = NULL",
        "sealed_password = NULL",
        "from_address = 'unknown'",
        "from_name = ''",
        "tested_at = 1",
        "tested_at = 1, tested_to = 'unknown', test_succeeded = TRUE",
    ] {
        let mut unit = store.begin().await.unwrap();
        unit.save_smtp_settings(&given::smtp("smtp.example.com")).await.unwrap();
        unit.commit().await.unwrap();
        assert!(store.find_smtp_settings().await.is_ok());
        db.execute_unprepared(&format!("UPDATE smtp_settings SET {damage}")).await.unwrap();
        let found = store.find_smtp_settings().await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{damage}: {found:?}");
    }
    db.execute_unprepared("UPDATE outbox SET state = 'sent'").await.unwrap();
    let found = store.list_mails(None, 9).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
    db.execute_unprepared("UPDATE sessions SET ip = 'nowhere'").await.unwrap();
    let found = store.find_browser_session(&key).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
    db.execute_unprepared("UPDATE sessions SET ip = NULL, browser_key_digest = x'00'")
        .await
        .unwrap();
    let found = store.list_sessions(anna.id).await;
    assert!(matches!(found, Err(StoreError::Corrupt(_))), "{found:?}");
    fixture.close().await;
}

#[tokio::test]
async fn unreadable_refresh_tokens_events_and_counts_are_corrupt() {
    let fixture = fresh().await;
    let store = fixture.store();
    let db = fixture.sea.connection();
    let anna = given::stored_user(&*store, "anna").await;
    let (address, network) = (anna.email.key(), given::network("192.0.2.1"));
    db.execute_unprepared("PRAGMA ignore_check_constraints = ON").await.unwrap();
    for damage in [
        "refresh_digest = NULL",
        "refresh_family_digest = NULL",
        "refresh_family_digest = NULL, refresh_digest = NULL",
        "refresh_from_digest = NULL",
        "refresh_nonce = NULL",
        "refreshed_at = NULL",
        "refresh_family_digest = x'00'",
        "refresh_digest = x'00'",
        "refresh_from_digest = x'00'",
        "refresh_nonce = x'00'",
    ] {
        let rotation = Some(given::rotation(given::digest(), given::noon()));
        let refresh = Refresh { rotation, ..given::refresh() };
        let session = given::session(&anna).refreshed_by(refresh);
        let mut unit = store.begin().await.unwrap();
        unit.insert_session(&session).await.unwrap();
        unit.commit().await.unwrap();
        assert!(store.list_sessions(anna.id).await.is_ok());
        db.execute_unprepared(&format!("UPDATE sessions SET {damage}")).await.unwrap();
        let found = store.find_session(session.id).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{damage}: {found:?}");
        db.execute_unprepared("DELETE FROM sessions").await.unwrap();
    }
    let mut unit = store.begin().await.unwrap();
    unit.record(&given::event(AuditAction::SignedIn, Some(anna.id), given::noon())).await.unwrap();
    unit.count_failure(address, network, given::noon(), given::noon()).await.unwrap();
    unit.commit().await.unwrap();
    for damage in ["actor = 'administrator'", "actor = 'holder', administrator_id = id"] {
        db.execute_unprepared(&format!("UPDATE audit_events SET {damage}")).await.unwrap();
        let found = store.list_events(None, None, 9).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{damage}: {found:?}");
    }
    for network_is in ["= ''", "<> ''"] {
        let damage =
            format!("UPDATE sign_in_failures SET failures = -1 WHERE network {network_is}");
        db.execute_unprepared(&damage).await.unwrap();
        let found = store.find_failures(address, network).await;
        assert!(matches!(found, Err(StoreError::Corrupt(_))), "{damage}: {found:?}");
        db.execute_unprepared("UPDATE sign_in_failures SET failures = 1").await.unwrap();
    }
    fixture.close().await;
}

/// For example a session ended on the command line while the service runs.
#[tokio::test]
async fn a_session_ended_by_another_process_expires_from_the_cache() {
    let fixture = fresh().await;
    let anna = given::stored_user(&fixture.sea, "anna").await;
    let session = given::stored_session(&fixture.sea, &anna).await;
    let with_staleness = |max_staleness| {
        let settings = Settings { max_staleness, ..fixture.settings.clone() };
        async move { SeaStore::connect(&settings).await.unwrap() }
    };
    let max_staleness = std::time::Duration::from_millis(200);
    let (cached, uncached) =
        (with_staleness(max_staleness).await, with_staleness(std::time::Duration::ZERO).await);
    let finds = async |store: &SeaStore| store.find_session(session.id).await.unwrap().is_some();
    assert!(finds(&fixture.sea).await && finds(&cached).await && finds(&uncached).await);

    let mut unit = uncached.begin().await.unwrap();
    unit.end_session(session.id, given::noon()).await.unwrap();
    unit.commit().await.unwrap();
    assert!(!finds(&uncached).await);
    assert!(finds(&fixture.sea).await, "its cache keeps sessions much longer");
    let ended = std::time::Instant::now();
    while finds(&cached).await {
        assert!(ended.elapsed() < 10 * max_staleness);
        tokio::task::yield_now().await;
    }
    for store in [cached, uncached] {
        store.close().await;
    }
    fixture.close().await;
}

/// The purge checks the count of an account only once. If the account is deleted in a way that this
/// version does not notice, the next wrong password makes the purge check again.
#[tokio::test]
async fn a_kept_count_is_checked_again_after_a_new_failure() {
    let fixture = fresh().await;
    let store = fixture.store();
    let db = fixture.sea.connection();
    let anna = given::stored_user(&*store, "anna").await;
    let (address, network) = (anna.email.key(), given::network("192.0.2.1"));
    let later = given::noon() + Duration::HOUR;
    let count = async || {
        let mut unit = store.begin().await.unwrap();
        unit.count_failure(address, network, given::noon(), given::noon()).await.unwrap();
        unit.commit().await.unwrap();
    };
    let left_by_purge = async || {
        let mut unit = store.begin().await.unwrap();
        unit.purge_failures(later, 9).await.unwrap();
        unit.commit().await.unwrap();
        store.find_failures(address, network).await.unwrap().total
    };
    count().await;
    assert_eq!(left_by_purge().await, 1);
    db.execute_unprepared("DELETE FROM users").await.unwrap();
    assert_eq!(left_by_purge().await, 1);
    count().await;
    assert_eq!(left_by_purge().await, 0);
    fixture.close().await;
}

/// Queries of large tables use an index, also to sort.
#[tokio::test]
async fn queries_of_large_tables_use_indexes() {
    let fixture = fresh().await;
    let db = fixture.sea.connection();
    for (query, index) in [
        (
            "SELECT * FROM sessions WHERE refresh_family_digest = ?1",
            "uq_sessions_refresh_family_digest",
        ),
        // A migration has recreated the outbox and its indexes.
        (
            "SELECT id FROM outbox WHERE state = 'queued' AND next_attempt_at <= ?1 \
             ORDER BY next_attempt_at, id LIMIT 9",
            "ix_outbox_due",
        ),
        ("SELECT id FROM outbox WHERE finished_at < ?1 LIMIT 9", "ix_outbox_finished_at"),
        ("DELETE FROM outbox WHERE user_id = ?1", "ix_outbox_user_id"),
        ("DELETE FROM outbox WHERE reset_id = ?1", "ix_outbox_reset_id"),
        (
            "SELECT * FROM audit_events WHERE user_id = ?1 AND id < ?2 AND kind IN (?3, ?4) \
             ORDER BY id DESC LIMIT 9",
            "ix_audit_events_user_id",
        ),
        (
            "DELETE FROM audit_events WHERE id IN \
             (SELECT id FROM audit_events WHERE at < ?1 LIMIT 9)",
            "ix_audit_events_at",
        ),
        (
            "SELECT * FROM sign_in_failures WHERE email_key = ?1 AND network IN ('', ?2)",
            "sqlite_autoindex_sign_in_failures_1",
        ),
        (
            "SELECT email_key FROM sign_in_failures WHERE (network = '' AND NOT is_kept) \
             AND last_failed_at < ?1 ORDER BY last_failed_at LIMIT 9",
            "ix_sign_in_failures_over",
        ),
    ] {
        let plan = Statement::from_string(
            db.get_database_backend(),
            format!("EXPLAIN QUERY PLAN {query}"),
        );
        let plan = db.query_all_raw(plan).await.unwrap();
        let plan: Vec<String> = plan.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
        let plan = plan.join("; ");
        assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{query}: {plan}");
    }
    fixture.close().await;
}

#[tokio::test]
async fn readers_do_not_wait_for_the_writer() {
    let fixture = fresh().await;
    let store = fixture.store();
    let unit = store.begin().await.unwrap();
    // While a unit is open: more reads than there are read connections.
    for _ in 0..10 {
        assert_eq!(store.list_users(&UserFilter::default(), None, 1).await.unwrap(), []);
        store.ping().await.unwrap();
    }
    drop(unit);
    fixture.close().await;
}

/// Another process keeps the file locked for longer than the busy timeout.
#[tokio::test]
async fn a_file_that_stays_locked_is_unavailable() {
    let fixture = fresh().await;
    let other = SeaStore::connect(&fixture.settings).await.unwrap();
    other.connection().execute_unprepared("PRAGMA busy_timeout = 1").await.unwrap();
    let unit = fixture.sea.begin().await.unwrap();
    assert!(matches!(other.begin().await.err(), Some(StoreError::Unavailable(_))));
    drop(unit);
    other.close().await;
    fixture.close().await;
}

#[tokio::test]
async fn a_corrupt_mail_does_not_block_the_others() {
    let fixture = fresh().await;
    let store = fixture.store();
    let db = fixture.sea.connection();
    let anna = given::stored_user(&*store, "anna").await;
    given::stored_welcome(&*store, &anna, given::noon()).await;
    db.execute_unprepared("UPDATE outbox SET kind = 'password_changed', ip = 'nowhere'")
        .await
        .unwrap();
    let good = given::stored_welcome(&*store, &anna, given::noon() + Duration::SECOND).await;

    let mut unit = store.begin().await.unwrap();
    let later = given::noon() + Duration::MINUTE;
    let claimed = unit.claim_mails(later, given::lease(later + Duration::HOUR), 9).await.unwrap();
    unit.commit().await.unwrap();
    assert_eq!(claimed.iter().map(|mail| mail.id).collect::<Vec<_>>(), [good.id]);
    assert_eq!(count(db, "outbox WHERE state = 'failed'").await, 1);
    fixture.close().await;
}
