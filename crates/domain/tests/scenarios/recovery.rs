//! Password resets.

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::model::mail::Content;
use vestibule_domain::model::password::PasswordError;

use crate::world::{ANNA, World, operator, token_of};

#[tokio::test]
async fn a_forgotten_password_is_replaced() {
    let world = World::new();
    let before = world.sign_up(ANNA, "the first").await;
    world.work().await;

    let token = world.link(ANNA).await;
    assert!(world.recovery.verify(&token).await.unwrap());
    world.reset(&token, "the second").await.unwrap();

    assert!(!world.recovery.verify(&token).await.unwrap());
    assert!(matches!(world.actor(&before).await, Err(Error::Unauthenticated)));
    assert!(matches!(world.sign_in(ANNA, "the first").await, Err(Error::InvalidCredentials)));
    world.sign_in(ANNA, "the second").await.unwrap();
    let sent = world.work().await;
    assert_eq!(sent.len(), 1);
    assert!(matches!(sent[0].content, Content::PasswordChanged { .. }));
}

#[tokio::test]
async fn an_address_without_an_account_gets_no_mail() {
    let world = World::new();
    world.forget("unknown@example.com").await;
    assert!(world.work().await.is_empty());
    assert!(!world.recovery.issue_next().await.unwrap(), "the request is gone");
}

#[tokio::test]
async fn pending_requests_are_processed_within_the_time_limit() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.forget(&format!("{name}@example.com")).await;
    }
    world.recovery.issue_waiting(2).await.unwrap();
    assert!(world.recovery.issue_next().await.unwrap(), "the third waits");
    world.recovery.issue_waiting(2).await.unwrap();
    assert!(!world.recovery.issue_next().await.unwrap());
}

#[tokio::test]
async fn mail_goes_to_the_stored_address_not_the_typed_one() {
    let world = World::new();
    world.sign_up("Zoë@bücher.example", "the first").await;
    world.work().await;
    world.forget("ZOE\u{308}@XN--BCHER-KVA.example").await;
    let sent = world.work().await;
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0].to.as_str(), "Zoë@xn--bcher-kva.example");
}

#[tokio::test]
async fn only_the_newest_link_works() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let older = world.link(ANNA).await;
    world.clock.advance(Duration::minutes(2));
    let newer = world.link(ANNA).await;
    assert!(matches!(world.reset(&older, "the second").await, Err(Error::InvalidToken)));
    world.reset(&newer, "the second").await.unwrap();
}

#[tokio::test]
async fn a_repeated_request_sends_no_mail_and_keeps_the_link_valid() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    for _ in 0..4 {
        world.forget(ANNA).await;
    }
    assert!(world.work().await.is_empty());
    assert!(world.recovery.verify(&token).await.unwrap());
}

#[tokio::test]
async fn an_account_gets_at_most_five_links_an_hour() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    let mut links = Vec::new();
    for _ in 0..8 {
        world.limiter.forget();
        world.forget(ANNA).await;
        links.extend(world.work().await.iter().filter_map(token_of));
        world.clock.advance(Duration::minutes(2));
    }
    assert_eq!(links.len(), 5);
    assert!(world.recovery.verify(links.last().unwrap()).await.unwrap());
    world.clock.advance(Duration::HOUR);
    world.limiter.forget();
    world.link(ANNA).await;
}

#[tokio::test]
async fn a_reset_link_expires() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    world.clock.advance(Duration::minutes(30));
    assert!(!world.recovery.verify(&token).await.unwrap());
    assert!(matches!(world.reset(&token, "the second").await, Err(Error::InvalidToken)));
}

#[tokio::test]
async fn a_changed_password_invalidates_links() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    let actor = world.actor(&signed_in).await.unwrap();
    world.change(&actor, "the first", "the second").await.unwrap();
    assert!(matches!(world.reset(&token, "the third").await, Err(Error::InvalidToken)));
}

#[tokio::test]
async fn a_deactivation_invalidates_links() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    world.administration.deactivate(&operator(), &world.user(ANNA).await).await.unwrap();
    assert!(matches!(world.reset(&token, "the second").await, Err(Error::InvalidToken)));
    // Activation does not make the link valid again.
    world.administration.activate(&operator(), &world.user(ANNA).await).await.unwrap();
    assert!(matches!(world.reset(&token, "the second").await, Err(Error::InvalidToken)));
    world.administration.delete(&operator(), world.user(ANNA).await.id).await.unwrap();
    assert!(matches!(world.reset(&token, "the second").await, Err(Error::InvalidToken)));
}

#[tokio::test]
async fn a_refused_password_keeps_the_link_valid() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    assert!(matches!(
        world.reset(&token, "the first").await,
        Err(Error::PasswordRefused(PasswordError::Reused))
    ));
    world.reset(&token, "the second").await.unwrap();
}

#[tokio::test]
async fn an_inactive_account_gets_no_link() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    world.administration.deactivate(&operator(), &world.user(ANNA).await).await.unwrap();
    world.forget(ANNA).await;
    assert!(world.work().await.is_empty());
}

#[tokio::test]
async fn a_request_older_than_the_lifetime_of_links_is_dropped() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.work().await;
    world.forget(ANNA).await;
    world.clock.advance(Duration::minutes(31));
    assert!(world.work().await.is_empty());
    world.link(ANNA).await;
}

#[tokio::test]
async fn an_invalidated_link_does_not_delay_the_next_one() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let invalid = world.link(ANNA).await;
    let actor = world.actor(&signed_in).await.unwrap();
    world.change(&actor, "the first", "the second").await.unwrap();
    world.work().await;
    assert!(!world.recovery.verify(&invalid).await.unwrap());

    let token = world.link(ANNA).await;
    world.reset(&token, "the third").await.unwrap();
}
