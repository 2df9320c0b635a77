//! The outbox: from the operation that queues a mail to the SMTP server.

use time::Duration;
use vestibule_domain::model::mail::MailFate;
use vestibule_domain::ports::{MailError, Store};
use vestibule_domain::use_cases::outbox::Delivery;

use crate::world::{ANNA, World, operator};

fn connection_error() -> MailError {
    MailError::Transient("connection refused".into())
}

#[tokio::test]
async fn a_mail_is_retried_while_the_smtp_server_is_down_and_sent_once() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let mut retries = 0;
    for _ in 0..5 {
        world.outgoing.fail_next(connection_error());
        let deliveries = world.dispatcher.run_once().await.unwrap();
        assert!(matches!(&deliveries[..], [Delivery::Settled(MailFate::Retry { .. })]));
        assert!(world.dispatcher.run_once().await.unwrap().is_empty(), "not due yet");
        world.clock.advance(Duration::minutes(5));
        retries += 1;
    }
    let sent = world.work().await;
    assert_eq!((retries, sent.len()), (5, 1));
    world.clock.advance(Duration::days(1));
    assert!(world.work().await.is_empty());
}

#[tokio::test]
async fn a_refused_mail_does_not_delay_others() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.sign_up("ben@example.com", "the first").await;
    world.outgoing.fail_next(MailError::Permanent("550 no such user".into()));
    let sent = world.work().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to.as_str(), "ben@example.com");
    world.clock.advance(Duration::days(1));
    assert!(world.work().await.is_empty());
}

#[tokio::test]
async fn a_link_invalidated_during_an_outage_is_not_sent() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    world.forget(ANNA).await;
    world.recovery.issue_waiting(u32::MAX).await.unwrap();
    world.outgoing.fail_next(connection_error());
    world.dispatcher.run_once().await.unwrap();
    world.clock.advance(Duration::minutes(30));
    let deliveries = world.dispatcher.run_once().await.unwrap();
    assert_eq!(deliveries, [Delivery::Settled(MailFate::Withdrawn)]);
    assert!(world.outgoing.take().is_empty());
}

#[tokio::test]
async fn a_retried_link_supersedes_the_older_one() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    let first = world.link(ANNA).await;
    assert!(world.recovery.verify(&first).await.unwrap());

    world.clock.advance(Duration::minutes(2));
    world.limiter.forget();
    world.forget(ANNA).await;
    world.recovery.issue_waiting(u32::MAX).await.unwrap();
    world.outgoing.fail_next(connection_error());
    world.dispatcher.run_once().await.unwrap();
    world.clock.advance(Duration::minutes(1));
    let sent = world.work().await;
    assert_eq!(sent.len(), 1);
    assert!(!world.recovery.verify(&first).await.unwrap(), "superseded by the newer one");
}

#[tokio::test]
async fn the_mail_of_a_crashed_worker_is_sent_by_another() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let claims = world.dispatcher.claim(8).await.unwrap();
    assert_eq!(claims.len(), 1);
    assert!(world.work().await.is_empty(), "claimed by another worker");
    world.clock.advance(Duration::minutes(2));
    assert_eq!(world.work().await.len(), 1);
    // The first worker continues: too late to send.
    for claim in claims {
        assert_eq!(world.dispatcher.deliver(claim).await.unwrap(), Delivery::LeftToOthers);
    }
    assert!(world.outgoing.take().is_empty());
}

#[tokio::test]
async fn the_mails_of_a_deleted_account_are_deleted() {
    let world = World::new();
    let user = world.sign_up(ANNA, "the first").await.user;
    world.administration.delete(&operator(), user.id).await.unwrap();
    assert!(world.work().await.is_empty());
}

#[tokio::test]
async fn only_expired_data_is_purged() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let session = signed_in.session.id;
    // Sessions last 30 days, and expired ones are kept for another 30.
    world.clock.advance(Duration::days(59));
    world.housekeeping.run_once().await.unwrap();
    assert!(world.store.find_session(session).await.unwrap().is_some());
    world.clock.advance(Duration::days(2));
    world.housekeeping.run_once().await.unwrap();
    assert!(world.store.find_session(session).await.unwrap().is_none());
    world.sign_in(ANNA, "the first").await.unwrap();
}
