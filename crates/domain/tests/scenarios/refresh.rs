//! Refresh tokens.

use std::sync::Arc;

use time::Duration;
use tokio::task::JoinSet;
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::mail::Content;
use vestibule_domain::use_cases::sessions::SignedIn;

use crate::world::{ANNA, World};

async fn refresh(world: &World, token: &str) -> Result<SignedIn, Error> {
    world.sessions.refresh(token, &ClientInfo::default()).await
}

fn is_refused(outcome: &Result<SignedIn, Error>) -> bool {
    matches!(outcome, Err(Error::InvalidRefreshToken))
}

#[tokio::test]
async fn a_refresh_extends_the_idle_but_not_the_absolute_lifetime() {
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
async fn a_repeated_refresh_returns_the_same_token() {
    let world = World::new();
    let first = world.sign_up(ANNA, "the first").await.refresh_token.expose();
    let first_result = refresh(&world, &first).await.unwrap();
    world.clock.advance(Duration::seconds(10) - Duration::MICROSECOND);
    let again = refresh(&world, &first).await.unwrap();
    assert_eq!(*first_result.refresh_token.expose(), *again.refresh_token.expose());
    world.actor(&first_result).await.unwrap();
    world.actor(&again).await.unwrap();
    refresh(&world, &first_result.refresh_token.expose()).await.unwrap();
}

#[tokio::test]
async fn a_reused_token_ends_the_session_and_sends_one_mail() {
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
    let mails = world.work().await;
    assert_eq!(mails.len(), 1);
    assert!(matches!(mails[0].content, Content::RefreshTokenReused { .. }));
}

#[tokio::test]
async fn a_token_two_exchanges_old_is_reuse_at_any_age() {
    let world = World::new();
    let first = world.sign_up(ANNA, "the first").await.refresh_token.expose();
    let second = refresh(&world, &first).await.unwrap();
    let third = refresh(&world, &second.refresh_token.expose()).await.unwrap();
    assert!(is_refused(&refresh(&world, &first).await));
    assert!(is_refused(&refresh(&world, &third.refresh_token.expose()).await));
}

#[tokio::test]
async fn a_refresh_token_of_an_unknown_family_ends_no_session() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let token = signed_in.refresh_token.expose();
    let forged = format!("{}{}", "0".repeat(64), &token[64..]);
    assert!(is_refused(&refresh(&world, &forged).await));
    world.actor(&signed_in).await.unwrap();
    refresh(&world, &token).await.unwrap();
}

#[tokio::test]
async fn ended_sessions_cannot_be_refreshed() {
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
async fn clients_that_refresh_concurrently_stay_signed_in() {
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
