//! Staying signed in with refresh tokens.

use std::sync::Arc;

use time::Duration;
use tokio::task::JoinSet;
use vestibule_domain::caller::Caller;
use vestibule_domain::error::Error;
use vestibule_domain::mail::Content;
use vestibule_domain::sessions::SignedIn;

use crate::world::{ANNA, World};

async fn refresh(world: &World, token: &str) -> Result<SignedIn, Error> {
    world.sessions.refresh(token, &Caller::default()).await
}

fn is_refused(outcome: &Result<SignedIn, Error>) -> bool {
    matches!(outcome, Err(Error::InvalidRefreshToken))
}

#[tokio::test]
async fn a_refreshed_session_lives_beyond_its_idle_time_and_not_beyond_its_end() {
    let world = World::new();
    let mut signed_in = world.sign_up(ANNA, "the first").await;
    for _ in 0..29 {
        world.clock.advance(Duration::days(1));
        assert!(matches!(world.actor(&signed_in).await, Err(Error::Unauthenticated)));
        signed_in = refresh(&world, &signed_in.refresh_token.expose()).await.unwrap();
        world.actor(&signed_in).await.unwrap();
    }
    world.clock.advance(Duration::days(1));
    assert!(is_refused(&refresh(&world, &signed_in.refresh_token.expose()).await));
}

#[tokio::test]
async fn an_idle_session_is_not_refreshed() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    world.clock.advance(Duration::days(7) - Duration::SECOND);
    let signed_in = refresh(&world, &signed_in.refresh_token.expose()).await.unwrap();
    world.clock.advance(Duration::days(7));
    assert!(is_refused(&refresh(&world, &signed_in.refresh_token.expose()).await));
}

#[tokio::test]
async fn a_client_that_did_not_hear_the_answer_is_given_the_same_one() {
    let world = World::new();
    let first = world.sign_up(ANNA, "the first").await.refresh_token.expose();
    let heard = refresh(&world, &first).await.unwrap();
    world.clock.advance(Duration::seconds(10) - Duration::MICROSECOND);
    let again = refresh(&world, &first).await.unwrap();
    assert_eq!(*heard.refresh_token.expose(), *again.refresh_token.expose());
    world.actor(&heard).await.unwrap();
    world.actor(&again).await.unwrap();
    refresh(&world, &heard.refresh_token.expose()).await.unwrap();
}

#[tokio::test]
async fn a_token_used_again_later_ends_the_session_and_its_owner_is_told_once() {
    let world = World::new();
    let first = world.sign_up(ANNA, "the first").await.refresh_token.expose();
    let second = refresh(&world, &first).await.unwrap();
    let elsewhere = world.sign_in(ANNA, "the first").await.unwrap();
    world.work().await;
    world.clock.advance(Duration::seconds(10));

    assert!(is_refused(&refresh(&world, &first).await));
    assert!(matches!(world.actor(&second).await, Err(Error::Unauthenticated)));
    assert!(is_refused(&refresh(&world, &second.refresh_token.expose()).await));
    assert!(is_refused(&refresh(&world, &first).await));
    world.actor(&elsewhere).await.unwrap();
    let told = world.work().await;
    assert_eq!(told.len(), 1);
    assert!(matches!(told[0].content, Content::RefreshTokenReused { .. }));
}

#[tokio::test]
async fn a_token_two_exchanges_old_is_a_copy_however_young_it_is() {
    let world = World::new();
    let first = world.sign_up(ANNA, "the first").await.refresh_token.expose();
    let second = refresh(&world, &first).await.unwrap();
    let third = refresh(&world, &second.refresh_token.expose()).await.unwrap();
    assert!(is_refused(&refresh(&world, &first).await));
    assert!(is_refused(&refresh(&world, &third.refresh_token.expose()).await));
}

#[tokio::test]
async fn a_guess_at_the_half_that_changes_needs_the_half_that_stays() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let token = signed_in.refresh_token.expose();
    let forged = format!("{}{}", "0".repeat(64), &token[64..]);
    assert!(is_refused(&refresh(&world, &forged).await));
    world.actor(&signed_in).await.unwrap();
    refresh(&world, &token).await.unwrap();
}

#[tokio::test]
async fn everything_that_ends_a_session_ends_its_refresh_tokens() {
    let world = World::new();
    let kept = world.sign_up(ANNA, "the first").await;
    let other = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.actor(&kept).await.unwrap();
    world.change(&actor, "the first", "the second").await.unwrap();
    assert!(is_refused(&refresh(&world, &other.refresh_token.expose()).await));
    let kept = refresh(&world, &kept.refresh_token.expose()).await.unwrap();

    let token = world.link(ANNA).await;
    world.reset(&token, "the third").await.unwrap();
    assert!(is_refused(&refresh(&world, &kept.refresh_token.expose()).await));

    let fresh = world.sign_in(ANNA, "the third").await.unwrap();
    let operator = crate::world::operator();
    world.administration.deactivate(&operator, &world.user(ANNA).await).await.unwrap();
    assert!(is_refused(&refresh(&world, &fresh.refresh_token.expose()).await));
}

#[tokio::test]
async fn clients_that_refresh_at_the_same_moment_all_stay_signed_in() {
    let world = Arc::new(World::new());
    let first = world.sign_up(ANNA, "the first").await.refresh_token.expose().to_string();
    let mut crowd = JoinSet::new();
    for _ in 0..20 {
        let (world, token) = (world.clone(), first.clone());
        crowd.spawn(async move { refresh(&world, &token).await.unwrap() });
    }
    let refreshed = crowd.join_all().await.into_iter();
    let mut successors: Vec<_> =
        refreshed.map(|signed_in| signed_in.refresh_token.expose().to_string()).collect();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    refresh(&world, &successors[0]).await.unwrap();
}
