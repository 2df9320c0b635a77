//! What services that verify tokens by themselves hear of sessions that have ended.

use std::collections::HashSet;

use time::Duration;
use vestibule_domain::caller::Caller;
use vestibule_domain::error::Error;
use vestibule_domain::id::SessionId;
use vestibule_domain::policy::{Policy, SessionPolicy};
use vestibule_domain::ports::{Clock, OsRandom, Store};
use vestibule_domain::session::{EndedSession, Session};
use vestibule_domain::sessions::SignedIn;
use vestibule_domain::user::User;

use crate::world::{ANNA, World, operator};

const BERTA: &str = "berta@example.com";

fn telling() -> World {
    let sessions = SessionPolicy { tells_ended: true, ..SessionPolicy::default() };
    World::with(Policy { sessions, ..Policy::default() })
}

/// A session that somebody opens now, not stored yet.
fn opened(world: &World, user: &User) -> Session {
    let (nobody, policy) = (Caller::default(), SessionPolicy::default());
    Session::open(user, &nobody, &policy, world.clock.now(), &OsRandom)
}

/// Reads on to the end, and remembers everything it was told.
#[derive(Default)]
struct Reader {
    place: Option<EndedSession>,
    known: HashSet<SessionId>,
}

impl Reader {
    async fn reads(&mut self, world: &World) {
        loop {
            let told = world.sessions.ended(self.place).await.unwrap();
            self.known.extend(told.ids);
            self.place = Some(told.next);
            if !told.more {
                break;
            }
        }
    }

    fn knows(&self, signed_in: &SignedIn) -> bool {
        self.known.contains(&signed_in.session.id)
    }
}

#[tokio::test]
async fn whoever_reads_on_hears_of_every_session_that_ends_and_of_no_other() {
    let world = telling();
    let mut reader = Reader::default();
    let first = world.sign_up(ANNA, "the first").await;
    reader.reads(&world).await;
    assert_eq!(reader.known, HashSet::new());

    let second = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.actor(&second).await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    reader.reads(&world).await;
    assert!(reader.knows(&second) && !reader.knows(&first));

    let token = world.link(ANNA).await;
    world.clock.advance(Duration::seconds(2));
    world.reset(&token, "the second").await.unwrap();
    let third = world.sign_in(ANNA, "the second").await.unwrap();
    reader.reads(&world).await;
    assert!(reader.knows(&first) && !reader.knows(&third));

    let other = world.sign_up(BERTA, "the other").await;
    world.clock.advance(Duration::minutes(3));
    world.administration.deactivate(&operator(), &world.user(ANNA).await).await.unwrap();
    reader.reads(&world).await;
    assert!(reader.knows(&third) && !reader.knows(&other));
    world.administration.delete(&operator(), other.user.id).await.unwrap();
    reader.reads(&world).await;
    assert!(reader.knows(&other));
    assert_eq!(reader.known.len(), 4);

    // Whoever comes anew hears of what still matters.
    let mut newcomer = Reader::default();
    newcomer.reads(&world).await;
    assert_eq!(newcomer.known, reader.known);
    world.clock.advance(Duration::minutes(20));
    let mut latecomer = Reader::default();
    latecomer.reads(&world).await;
    assert_eq!(latecomer.known, HashSet::new(), "their tokens have expired");
}

#[tokio::test]
async fn more_than_fit_are_told_in_parts() {
    let world = telling();
    let anna = world.sign_up(ANNA, "the first").await.user;
    let mut ids = HashSet::new();
    let mut unit = world.store.begin().await.unwrap();
    for _ in 0..12_000 {
        let session = opened(&world, &anna);
        ids.insert(session.id);
        assert!(unit.insert_session(&session).await.unwrap());
    }
    unit.commit().await.unwrap();
    world.administration.end_sessions(&operator(), &anna).await.unwrap();
    let mut reader = Reader::default();
    reader.reads(&world).await;
    assert!(reader.known.is_superset(&ids));
}

/// A commit that takes its time tells of a moment that the reader has passed; and so does a clock
/// that was ahead and was set right.
#[tokio::test]
async fn no_place_is_so_far_that_the_last_minute_is_not_told_again() {
    let world = telling();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let mut reader = Reader::default();
    reader.reads(&world).await;
    let now = world.clock.now();
    let ahead = EndedSession { ended_at: now + Duration::HOUR, id: signed_in.session.id };
    reader.place = Some(ahead);
    reader.reads(&world).await;
    assert_eq!(reader.place.unwrap().ended_at, now - Duration::MINUTE);
    let last = EndedSession { ended_at: now - Duration::SECOND, id: signed_in.session.id };
    reader.place = Some(last);
    reader.reads(&world).await;
    let mut unit = world.store.begin().await.unwrap();
    assert!(unit.end_session(signed_in.session.id, now - 30 * Duration::SECOND).await.unwrap());
    unit.commit().await.unwrap();
    reader.reads(&world).await;
    assert!(reader.knows(&signed_in));
}

#[tokio::test]
async fn a_sign_in_that_a_change_has_overtaken_is_told_too() {
    let world = telling();
    let anna = world.sign_up(ANNA, "the first").await.user;
    let mut reader = Reader::default();
    reader.reads(&world).await;
    world.clock.advance(Duration::seconds(90));
    // Read with the old password, written after the new one.
    let late = opened(&world, &anna);
    let token = world.link(ANNA).await;
    world.reset(&token, "the second").await.unwrap();
    let mut unit = world.store.begin().await.unwrap();
    assert!(unit.insert_session(&late).await.unwrap());
    unit.commit().await.unwrap();
    world.clock.advance(Duration::seconds(2));
    reader.reads(&world).await;
    assert!(reader.known.contains(&late.id));
}

#[tokio::test]
async fn nobody_is_told_unless_the_policy_says_so() {
    let outcome = World::new().sessions.ended(None).await;
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
}
