//! A user's own sessions.

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::model::id::SessionId;

use crate::world::{ANNA, World};

const BEN: &str = "ben@example.com";

#[tokio::test]
async fn users_see_their_own_valid_sessions_latest_used_first() {
    let world = World::new();
    let forgotten = world.sign_up(ANNA, "the first").await;
    world.sign_up(BEN, "the first").await;
    world.clock.advance(Duration::days(6));
    let laptop = world.browse(ANNA, "the first").await;
    world.clock.advance(Duration::DAY);
    let phone = world.sign_in(ANNA, "the first").await.unwrap();
    world.clock.advance(Duration::HOUR);
    let actor = world.browser_session(&laptop).await.unwrap();

    let sessions = world.sessions.list(&actor).await.unwrap();
    let ids: Vec<SessionId> = sessions.iter().map(|session| session.id).collect();
    assert_eq!(ids, [laptop.session.id, phone.session.id]);
    assert!(!ids.contains(&forgotten.session.id), "the idle session expired");
}

#[tokio::test]
async fn one_session_ends_at_once_and_no_other() {
    let world = World::new();
    let here = world.sign_up(ANNA, "the first").await;
    let lost = world.browse(ANNA, "the first").await;
    let actor = world.actor(&here).await.unwrap();
    world.sessions.end(&actor, lost.session.id).await.unwrap();
    assert!(matches!(world.browser_session(&lost).await, Err(Error::Unauthenticated)));
    world.actor(&here).await.unwrap();
    let again = world.sessions.end(&actor, lost.session.id).await;
    assert!(matches!(again, Err(Error::NotFound)));
}

#[tokio::test]
async fn a_session_of_another_user_is_not_found() {
    let world = World::new();
    let anna = world.sign_up(ANNA, "the first").await;
    let ben = world.sign_up(BEN, "the first").await;
    let actor = world.actor(&ben).await.unwrap();
    let outcome = world.sessions.end(&actor, anna.session.id).await;
    assert!(matches!(outcome, Err(Error::NotFound)));
    world.actor(&anna).await.unwrap();
}

#[tokio::test]
async fn all_other_sessions_of_the_user_are_ended() {
    let world = World::new();
    let program = world.sign_up(ANNA, "the first").await;
    let other = world.browse(ANNA, "the first").await;
    let here = world.browse(ANNA, "the first").await;
    let ben = world.sign_up(BEN, "the first").await;
    let actor = world.browser_session(&here).await.unwrap();
    world.sessions.end_others(&actor).await.unwrap();
    assert!(matches!(world.actor(&program).await, Err(Error::Unauthenticated)));
    assert!(matches!(world.browser_session(&other).await, Err(Error::Unauthenticated)));
    world.actor(&ben).await.unwrap();
    let left = world.sessions.list(&world.browser_session(&here).await.unwrap()).await.unwrap();
    assert_eq!(left.len(), 1);
}

#[tokio::test]
async fn an_ended_session_cannot_end_others() {
    let world = World::new();
    let owner = world.sign_up(ANNA, "the first").await;
    let ended = world.sign_in(ANNA, "the first").await.unwrap();
    // Two requests were authenticated before one of them ended the sessions.
    let ended = world.actor(&ended).await.unwrap();
    let actor = world.actor(&owner).await.unwrap();
    world.sessions.end_others(&actor).await.unwrap();
    let outcome = world.sessions.end_others(&ended).await;
    assert!(matches!(outcome, Err(Error::Unauthenticated)), "{outcome:?}");
    world.actor(&owner).await.unwrap();
}

#[tokio::test]
async fn ending_no_session_is_not_recorded_and_is_rate_limited() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let actor = world.actor(&signed_in).await.unwrap();
    for _ in 0..20 {
        world.sessions.end_others(&actor).await.unwrap();
    }
    let outcome = world.sessions.end_others(&actor).await;
    assert!(matches!(outcome, Err(Error::Throttled { .. })), "{outcome:?}");
    let by = crate::world::operator();
    let events = world.administration.events(&by, None, None, 100).await.unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
}
