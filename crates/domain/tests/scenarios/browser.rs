//! Browser sessions: sign-in, use, and the reasons for their end.

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::ports::Store;
use vestibule_domain::use_cases::sessions::browser::BrowserSignIn;

use crate::world::{ANNA, World, operator, password};

const FIVE_MINUTES: Duration = Duration::minutes(5);

/// Signs up and returns a browser session.
async fn anna(world: &World) -> BrowserSignIn {
    world.sign_up(ANNA, "the first").await;
    world.browse(ANNA, "the first").await
}

async fn is_ended(world: &World, browser: &BrowserSignIn) -> bool {
    match world.browser_session(browser).await {
        Ok(_) => false,
        Err(Error::Unauthenticated) => true,
        Err(error) => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_browser_key_is_valid_until_sign_out() {
    let world = World::new();
    let here = anna(&world).await;
    let there = world.browse(ANNA, "the first").await;
    assert_ne!(here.key.expose(), there.key.expose());
    let actor = world.browser_session(&here).await.unwrap();
    assert_eq!((actor.user, &actor.session), (here.user.clone(), &here.session));

    let actor = world.browser_session(&here).await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    assert!(is_ended(&world, &here).await);
    assert!(!is_ended(&world, &there).await);
}

#[tokio::test]
async fn an_idle_session_expires() {
    let world = World::new();
    let browser = anna(&world).await;
    let week = Duration::days(7);
    for _ in 0..3 {
        world.clock.advance(week - Duration::SECOND);
        assert!(!is_ended(&world, &browser).await, "each use extends the idle time");
    }
    world.clock.advance(week);
    assert!(is_ended(&world, &browser).await);
}

#[tokio::test]
async fn a_session_in_use_expires_after_its_absolute_lifetime() {
    let world = World::new();
    let browser = anna(&world).await;
    for _ in 0..29 {
        world.clock.advance(Duration::DAY);
        assert!(!is_ended(&world, &browser).await);
    }
    world.clock.advance(Duration::DAY - Duration::SECOND);
    assert!(!is_ended(&world, &browser).await);
    world.clock.advance(Duration::SECOND);
    assert!(is_ended(&world, &browser).await);
}

#[tokio::test]
async fn the_time_of_use_is_updated_at_most_once_a_minute() {
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
        world.browser_session(&browser).await.unwrap();
        seconds.push(noted().await.whole_seconds());
    }
    assert_eq!(seconds, [0, 60, 60, 120, 120]);
}

#[tokio::test]
async fn a_reset_ends_all_browser_sessions() {
    let world = World::new();
    let browser = anna(&world).await;
    let token = world.link(ANNA).await;
    world.reset(&token, "the second").await.unwrap();
    assert!(is_ended(&world, &browser).await);
    assert!(!is_ended(&world, &world.browse(ANNA, "the second").await).await);
}

#[tokio::test]
async fn a_change_of_password_keeps_the_current_browser_session_with_a_new_key() {
    let world = World::new();
    let here = anna(&world).await;
    let there = world.browse(ANNA, "the first").await;
    let program = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.browser_session(&here).await.unwrap();
    let key = world.change(&actor, "the first", "the second").await.unwrap().unwrap();
    assert!(is_ended(&world, &here).await, "the old key is invalid");
    let renewed = BrowserSignIn { key, ..here };
    assert!(!is_ended(&world, &renewed).await);
    assert!(is_ended(&world, &there).await);
    assert!(matches!(world.actor(&program).await, Err(Error::Unauthenticated)));
}

#[tokio::test]
async fn the_browser_session_of_a_deactivated_account_is_invalid() {
    let world = World::new();
    let browser = anna(&world).await;
    world.administration.deactivate(&operator(), &browser.user).await.unwrap();
    assert!(is_ended(&world, &browser).await);
    world.administration.activate(&operator(), &browser.user).await.unwrap();
    assert!(is_ended(&world, &browser).await);
}

#[tokio::test]
async fn reauthentication_replaces_the_browser_key() {
    let world = World::new();
    let before = anna(&world).await;
    let other = world.browse(ANNA, "the first").await;
    world.clock.advance(FIVE_MINUTES);
    let actor = world.browser_session(&before).await.unwrap();
    let wrong = world.sessions.confirm(&actor, &password("not it")).await;
    assert!(matches!(wrong, Err(Error::IncorrectPassword)));
    assert!(!is_ended(&world, &before).await, "a wrong password ends no session");

    let (_, key) = world.sessions.confirm(&actor, &password("the first")).await.unwrap();
    assert!(is_ended(&world, &before).await);
    let after = BrowserSignIn { key: key.unwrap(), ..before };
    let renewed = world.browser_session(&after).await.unwrap();
    assert_eq!(renewed.session.id, actor.session.id);
    assert_eq!(renewed.session.authenticated_at, actor.session.authenticated_at + FIVE_MINUTES);
    assert!(!is_ended(&world, &other).await, "other browsers stay signed in");
}

#[tokio::test]
async fn an_api_client_reauthenticates_without_a_key() {
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
async fn reauthentication_is_rate_limited() {
    let world = World::new();
    let actor = world.browser_session(&anna(&world).await).await.unwrap();
    for _ in 0..6 {
        let guess = world.sessions.confirm(&actor, &password("a guess")).await;
        assert!(matches!(guess, Err(Error::IncorrectPassword)));
    }
    let right = world.sessions.confirm(&actor, &password("the first")).await;
    assert!(matches!(right, Err(Error::Throttled { .. })));
}
