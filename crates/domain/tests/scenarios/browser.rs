//! A session in a browser, from the sign-in to each of its ends.

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::ports::Store;
use vestibule_domain::sessions::browser::BrowserSignIn;

use crate::world::{ANNA, World, operator, password};

const FIVE_MINUTES: Duration = Duration::minutes(5);

/// Somebody at a browser.
async fn anna(world: &World) -> BrowserSignIn {
    world.sign_up(ANNA, "the first").await;
    world.browse(ANNA, "the first").await
}

async fn is_over(world: &World, browser: &BrowserSignIn) -> bool {
    match world.visitor(browser).await {
        Ok(_) => false,
        Err(Error::Unauthenticated) => true,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_browser_is_known_by_its_key_until_it_signs_out() {
    let world = World::new();
    let here = anna(&world).await;
    let there = world.browse(ANNA, "the first").await;
    assert_ne!(here.key.expose(), there.key.expose());
    let actor = world.visitor(&here).await.unwrap();
    assert_eq!((actor.user, &actor.session), (here.user.clone(), &here.session));

    let actor = world.visitor(&here).await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    assert!(is_over(&world, &here).await);
    assert!(!is_over(&world, &there).await);
}

#[tokio::test]
async fn a_session_dies_of_being_left_alone() {
    let world = World::new();
    let browser = anna(&world).await;
    let week = Duration::days(7);
    for _ in 0..3 {
        world.clock.advance(week - Duration::SECOND);
        assert!(!is_over(&world, &browser).await, "every visit counts anew");
    }
    world.clock.advance(week);
    assert!(is_over(&world, &browser).await);
}

#[tokio::test]
async fn a_session_dies_of_old_age_however_busy_it_is() {
    let world = World::new();
    let browser = anna(&world).await;
    for _ in 0..29 {
        world.clock.advance(Duration::DAY);
        assert!(!is_over(&world, &browser).await);
    }
    world.clock.advance(Duration::DAY - Duration::SECOND);
    assert!(!is_over(&world, &browser).await);
    world.clock.advance(Duration::SECOND);
    assert!(is_over(&world, &browser).await);
}

#[tokio::test]
async fn a_visit_is_noted_at_most_once_a_minute() {
    let world = World::new();
    let browser = anna(&world).await;
    let opened_at = browser.session.created_at;
    let noted = async || {
        let (session, _) = world.store.find_session(browser.session.id).await.unwrap().unwrap();
        session.last_seen_at - opened_at
    };
    let mut seconds = Vec::new();
    for _ in 0..5 {
        world.clock.advance(Duration::seconds(30));
        world.visitor(&browser).await.unwrap();
        seconds.push(noted().await.whole_seconds());
    }
    assert_eq!(seconds, [0, 60, 60, 120, 120]);
}

#[tokio::test]
async fn a_reset_ends_every_browsers_session() {
    let world = World::new();
    let browser = anna(&world).await;
    let token = world.link(ANNA).await;
    world.reset(&token, "the second").await.unwrap();
    assert!(is_over(&world, &browser).await);
    assert!(!is_over(&world, &world.browse(ANNA, "the second").await).await);
}

#[tokio::test]
async fn a_changed_password_keeps_the_browser_it_was_changed_in_under_another_key() {
    let world = World::new();
    let here = anna(&world).await;
    let there = world.browse(ANNA, "the first").await;
    let program = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.visitor(&here).await.unwrap();
    let key = world.change(&actor, "the first", "the second").await.unwrap().unwrap();
    assert!(is_over(&world, &here).await, "the old key is dead");
    let renewed = BrowserSignIn { key, ..here };
    assert!(!is_over(&world, &renewed).await);
    assert!(is_over(&world, &there).await);
    assert!(matches!(world.actor(&program).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn a_deactivated_accounts_browser_learns_nothing() {
    let world = World::new();
    let browser = anna(&world).await;
    world.administration.deactivate(&operator(), &browser.user).await.unwrap();
    assert!(is_over(&world, &browser).await);
    world.administration.activate(&operator(), &browser.user).await.unwrap();
    assert!(is_over(&world, &browser).await);
}

#[tokio::test]
async fn another_proof_of_identity_renews_the_key_and_kills_the_old_one() {
    let world = World::new();
    let before = anna(&world).await;
    let other = world.browse(ANNA, "the first").await;
    world.clock.advance(FIVE_MINUTES);
    let actor = world.visitor(&before).await.unwrap();
    let wrong = world.sessions.confirm(&actor, &password("not it")).await;
    assert!(matches!(wrong, Err(Error::IncorrectPassword)));
    assert!(!is_over(&world, &before).await, "a slip ends nothing");

    let (_, key) = world.sessions.confirm(&actor, &password("the first")).await.unwrap();
    assert!(is_over(&world, &before).await);
    let after = BrowserSignIn { key: key.unwrap(), ..before };
    let renewed = world.visitor(&after).await.unwrap();
    assert_eq!(renewed.session.id, actor.session.id);
    assert_eq!(renewed.session.authenticated_at, actor.session.authenticated_at + FIVE_MINUTES);
    assert!(!is_over(&world, &other).await, "other browsers keep theirs");
}

#[tokio::test]
async fn a_program_proves_itself_again_without_a_key() {
    let world = World::new();
    let program = world.sign_up(ANNA, "the first").await;
    world.clock.advance(FIVE_MINUTES);
    let actor = world.actor(&program).await.unwrap();
    let (renewed, key) = world.sessions.confirm(&actor, &password("the first")).await.unwrap();
    assert!(key.is_none());
    assert!(renewed.session.authenticated_at > actor.session.authenticated_at);
    world.actor(&program).await.unwrap();
}

#[tokio::test]
async fn proofs_of_identity_cannot_be_guessed_at_leisure() {
    let world = World::new();
    let actor = world.visitor(&anna(&world).await).await.unwrap();
    for _ in 0..6 {
        let guess = world.sessions.confirm(&actor, &password("a guess")).await;
        assert!(matches!(guess, Err(Error::IncorrectPassword)));
    }
    let right = world.sessions.confirm(&actor, &password("the first")).await;
    assert!(matches!(right, Err(Error::Throttled { .. })));
}
