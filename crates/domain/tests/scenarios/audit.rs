//! The audit log.

use time::Duration;
use vestibule_domain::model::audit::{Actor, AuditAction, AuditEvent};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration::UserChange;

use crate::world::{ANNA, World, operator, password};

/// Returns the audit log, the oldest event first.
async fn record(world: &World) -> Vec<AuditEvent> {
    let mut events = world.administration.events(&operator(), None, None, 1000).await.unwrap();
    events.reverse();
    events
}

async fn kinds(world: &World) -> Vec<AuditAction> {
    record(world).await.into_iter().map(|event| event.kind).collect()
}

#[tokio::test]
async fn each_operation_of_a_user_is_in_the_audit_log_once() {
    let world = World::new();
    let here = world.sign_up(ANNA, "the first").await;
    world.sign_in(ANNA, "not it").await.unwrap_err();
    world.sign_in("unknown@example.com", "not it").await.unwrap_err();
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
            AuditAction::SignedUp,
            AuditAction::SignInFailed,
            AuditAction::SignInFailed,
            AuditAction::SignedIn,
            AuditAction::SessionEnded,
            AuditAction::SignedIn,
            AuditAction::SessionsEnded,
            AuditAction::ProofFailed,
            AuditAction::ProofGiven,
            AuditAction::PasswordChanged,
            AuditAction::SessionEnded,
            AuditAction::ResetIssued,
            AuditAction::PasswordReset,
        ]
    );
    let events = record(&world).await;
    assert!(events.iter().all(|event| event.by == Actor::Client));
    let without_user = events.iter().filter(|event| event.user_id.is_none()).count();
    assert_eq!(without_user, 1, "an unknown address is not recorded");
}

#[tokio::test]
async fn operations_of_administrators_name_their_actor() {
    let world = World::new();
    let admin = world.admin().await;
    let by = AdminContext::of(admin.clone()).unwrap();
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
        .filter(|event| event.by == Actor::Administrator(admin.user.id))
        .map(|event| event.kind)
        .collect();
    assert_eq!(
        done,
        [
            AuditAction::Deactivated,
            AuditAction::Promoted,
            AuditAction::Activated,
            AuditAction::Demoted,
            AuditAction::ResetRequested,
            AuditAction::SessionsEnded,
            AuditAction::UserDeleted,
        ],
        "events stay after the deletion, and unchanged accounts cause none"
    );
    assert!(record(&world).await.iter().any(|event| event.by == Actor::Operator));
}

#[tokio::test]
async fn the_audit_log_is_kept_for_its_retention_time() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    world.clock.advance(Duration::days(90) - Duration::SECOND);
    world.housekeeping.run_once().await.unwrap();
    assert_eq!(kinds(&world).await, [AuditAction::SignedUp]);
    world.clock.advance(Duration::seconds(2));
    world.housekeeping.run_once().await.unwrap();
    assert_eq!(kinds(&world).await, []);
}
