//! A mail's life, from the act it reports to the relay.

use time::Duration;
use vestibule_domain::mail::MailFate;
use vestibule_domain::outbox::Delivery;
use vestibule_domain::ports::{MailError, Store};

use crate::world::{ANNA, World, operator};

fn away() -> MailError {
    MailError::Transient("connection refused".into())
}

#[tokio::test]
async fn a_mail_waits_out_a_relay_that_is_away_and_is_sent_once_under_one_name() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let mut retries = 0;
    for _ in 0..5 {
        world.outgoing.fail_next(away());
        let deliveries = world.dispatcher.run_once().await.unwrap();
        assert!(matches!(&deliveries[..], [Delivery::Settled(MailFate::Retry { .. })]));
        assert!(world.dispatcher.run_once().await.unwrap().is_empty(), "not before its time");
        world.clock.advance(Duration::minutes(5));
        retries += 1;
    }
    let sent = world.work().await;
    assert_eq!((retries, sent.len()), (5, 1));
    world.clock.advance(Duration::days(1));
    assert!(world.work().await.is_empty());
}

#[tokio::test]
async fn a_refused_mail_holds_up_nobody() {
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
async fn a_link_that_died_while_the_relay_was_away_is_not_sent() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    world.forget(ANNA).await;
    world.recovery.issue_waiting(u32::MAX).await.unwrap();
    world.outgoing.fail_next(away());
    world.dispatcher.run_once().await.unwrap();
    world.clock.advance(Duration::minutes(30));
    let deliveries = world.dispatcher.run_once().await.unwrap();
    assert_eq!(deliveries, [Delivery::Settled(MailFate::Withdrawn)]);
    assert!(world.outgoing.take().is_empty());
}

#[tokio::test]
async fn a_link_whose_first_attempt_failed_takes_the_older_ones_place() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    let first = world.link(ANNA).await;
    assert!(world.recovery.verify(&first).await.unwrap());

    world.clock.advance(Duration::minutes(2));
    world.limiter.forget();
    world.forget(ANNA).await;
    world.recovery.issue_waiting(u32::MAX).await.unwrap();
    world.outgoing.fail_next(away());
    world.dispatcher.run_once().await.unwrap();
    world.clock.advance(Duration::minutes(1));
    let sent = world.work().await;
    assert_eq!(sent.len(), 1);
    assert!(!world.recovery.verify(&first).await.unwrap(), "the newer one has taken its place");
}

#[tokio::test]
async fn a_worker_that_died_leaves_its_mail_to_the_next() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let claims = world.dispatcher.claim(8).await.unwrap();
    assert_eq!(claims.len(), 1);
    assert!(world.work().await.is_empty(), "somebody else has it");
    world.clock.advance(Duration::minutes(2));
    assert_eq!(world.work().await.len(), 1);
    // The one that was thought dead comes back: too late to send.
    for claim in claims {
        assert_eq!(world.dispatcher.deliver(claim).await.unwrap(), Delivery::LeftToOthers);
    }
    assert!(world.outgoing.take().is_empty());
}

#[tokio::test]
async fn the_mail_of_a_deleted_account_goes_with_it() {
    let world = World::new();
    let user = world.sign_up(ANNA, "the first").await.user;
    world.administration.delete(&operator(), user.id).await.unwrap();
    assert!(world.work().await.is_empty());
}

#[tokio::test]
async fn what_is_over_is_cleared_away_and_nothing_else() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let session = signed_in.session.id;
    // Sessions last 30 days, and what is over is kept for another 30.
    world.clock.advance(Duration::days(59));
    world.housekeeping.run_once().await.unwrap();
    assert!(world.store.find_session(session).await.unwrap().is_some());
    world.clock.advance(Duration::days(2));
    world.housekeeping.run_once().await.unwrap();
    assert!(world.store.find_session(session).await.unwrap().is_none());
    world.sign_in(ANNA, "the first").await.unwrap();
}
