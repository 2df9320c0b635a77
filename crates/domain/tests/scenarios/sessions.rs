//! Sign-in, access tokens and sign-out.

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::ports::Store;
use vestibule_testkit::hasher::PlainHasher;

use crate::world::{ANNA, World, address, password};

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_indistinguishable() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let before = world.hasher.verifications();
    let wrong = world.sign_in(ANNA, "not it").await.unwrap_err();
    let unknown = world.sign_in("unknown@example.com", "not it").await.unwrap_err();
    assert_eq!(wrong.to_string(), unknown.to_string());
    assert_eq!(world.hasher.verifications() - before, 2);
}

#[tokio::test]
async fn an_access_token_expires() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    world.clock.advance(Duration::minutes(15) - Duration::SECOND);
    world.actor(&signed_in).await.unwrap();
    world.clock.advance(Duration::SECOND);
    assert!(matches!(world.actor(&signed_in).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn signing_out_ends_only_that_session_at_once() {
    let world = World::new();
    let here = world.sign_up(ANNA, "the first").await;
    let there = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.actor(&here).await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    assert!(matches!(world.actor(&here).await, Err(Error::Unauthenticated)));
    world.actor(&there).await.unwrap();
}

#[tokio::test]
async fn a_changed_password_keeps_the_current_session() {
    let world = World::new();
    let here = world.sign_up(ANNA, "the first").await;
    let there = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.actor(&here).await.unwrap();
    world.change(&actor, "the first", "the second").await.unwrap();
    world.actor(&here).await.unwrap();
    assert!(matches!(world.actor(&there).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn a_session_of_the_old_password_is_invalid_from_the_start() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    // A sign-in reads the account, the reset commits, and then the sign-in writes its session.
    let late = world.sign_in(ANNA, "the first").await.unwrap();
    world.reset(&token, "the second").await.unwrap();
    let mut unit = world.store.begin().await.unwrap();
    assert!(unit.insert_session(&late.session).await.unwrap());
    unit.commit().await.unwrap();
    assert!(matches!(world.actor(&late).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn an_outdated_hash_is_replaced_at_sign_in() {
    let world = World::new();
    let user = world.sign_up(ANNA, "the first").await.user;
    let stale = PlainHasher::stale(&password("the first"));
    let mut unit = world.store.begin().await.unwrap();
    unit.set_password(user.id, &stale, user.created_at).await.unwrap();
    unit.commit().await.unwrap();

    world.sign_in(ANNA, "the first").await.unwrap();
    let (_, hash) = world.store.find_user_by_email(address(ANNA).key()).await.unwrap().unwrap();
    assert_ne!(hash.unwrap(), stale);
    world.sign_in(ANNA, "the first").await.unwrap();
}
