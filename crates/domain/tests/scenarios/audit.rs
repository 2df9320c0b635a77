//! The record of what happened.

use time::Duration;
use vestibule_domain::administration::UserChange;
use vestibule_domain::audit::{AuditEvent, Doer, EventKind};
use vestibule_domain::authority::Authority;

use crate::world::{ANNA, World, operator, password};

/// What is on record, the oldest first.
async fn record(world: &World) -> Vec<AuditEvent> {
    let mut events = world.administration.events(&operator(), None, None, 1000).await.unwrap();
    events.reverse();
    events
}

async fn kinds(world: &World) -> Vec<EventKind> {
    record(world).await.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn every_act_of_a_persons_day_is_on_record_once() {
    let world = World::new();
    let here = world.sign_up(ANNA, "the first").await;
    world.sign_in(ANNA, "not it").await.unwrap_err();
    world.sign_in("nobody@example.com", "not it").await.unwrap_err();
    let there = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.actor(&here).await.unwrap();
    world.sessions.end(&actor, there.session.id).await.unwrap();
    world.sign_in(ANNA, "the first").await.unwrap();
    world.sessions.end_others(&actor).await.unwrap();
    world.sessions.confirm(&actor, &password("not it")).await.unwrap_err();
    world.sessions.confirm(&actor, &password("the first")).await.unwrap();
    world.change(&actor, "the first", "the second").await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    let token = world.link(ANNA).await;
    world.reset(&token, "the third").await.unwrap();
    assert_eq!(
        kinds(&world).await,
        [
            EventKind::SignedUp,
            EventKind::SignInFailed,
            EventKind::SignInFailed,
            EventKind::SignedIn,
            EventKind::SessionEnded,
            EventKind::SignedIn,
            EventKind::SessionsEnded,
            EventKind::ProofFailed,
            EventKind::ProofGiven,
            EventKind::PasswordChanged,
            EventKind::SessionEnded,
            EventKind::ResetIssued,
            EventKind::PasswordReset,
        ]
    );
    let events = record(&world).await;
    assert!(events.iter().all(|event| event.by == Doer::Holder));
    let of_nobody = events.iter().filter(|event| event.user_id.is_none()).count();
    assert_eq!(of_nobody, 1, "a stranger's address is not on record");
}

#[tokio::test]
async fn what_administrators_do_carries_their_name() {
    let world = World::new();
    let admin = world.admin().await;
    let by = Authority::of(admin.clone()).unwrap();
    let anna = world.sign_up(ANNA, "the first").await.user;
    let change = UserChange { is_active: Some(false), is_admin: Some(true) };
    world.administration.change(&by, &anna, change).await.unwrap();
    world.administration.change(&by, &world.user(ANNA).await, change).await.unwrap();
    let change = UserChange { is_active: Some(true), is_admin: Some(false) };
    world.administration.change(&by, &world.user(ANNA).await, change).await.unwrap();
    world.administration.send_reset(&by, &world.user(ANNA).await).await.unwrap();
    world.administration.end_sessions(&by, &world.user(ANNA).await).await.unwrap();
    world.administration.delete(&by, anna.id).await.unwrap();

    let about_anna = world.administration.events(&by, Some(anna.id), None, 100).await.unwrap();
    let done: Vec<_> = about_anna
        .iter()
        .rev()
        .filter(|event| event.by == Doer::Administrator(admin.user.id))
        .map(|event| event.kind)
        .collect();
    assert_eq!(
        done,
        [
            EventKind::Deactivated,
            EventKind::Promoted,
            EventKind::Activated,
            EventKind::Demoted,
            EventKind::ResetRequested,
            EventKind::SessionsEnded,
            EventKind::UserDeleted,
        ],
        "the record outlives the account, and what changes nothing is not on it"
    );
    assert!(record(&world).await.iter().any(|event| event.by == Doer::Operator));
}

#[tokio::test]
async fn the_record_is_kept_for_its_time() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.clock.advance(Duration::days(90) - Duration::SECOND);
    world.housekeeping.run_once().await.unwrap();
    assert_eq!(kinds(&world).await, [EventKind::SignedUp]);
    world.clock.advance(Duration::seconds(2));
    world.housekeeping.run_once().await.unwrap();
    assert_eq!(kinds(&world).await, []);
}
