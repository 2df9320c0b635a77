//! The list of ended sessions, for services that verify tokens offline.

use std::collections::HashSet;

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::id::SessionId;
use vestibule_domain::model::policy::{Policy, SessionPolicy};
use vestibule_domain::model::session::{EndedSession, Session};
use vestibule_domain::model::user::User;
use vestibule_domain::ports::{Clock, OsRandom, Store};
use vestibule_domain::use_cases::sessions::SignedIn;

use crate::world::{ANNA, World, operator};

const BERTA: &str = "berta@example.com";

fn with_ended_sessions() -> World {
    let sessions = SessionPolicy { tells_ended: true, ..SessionPolicy::default() };
    World::with(Policy { sessions, ..Policy::default() })
}

/// Returns a new session that is not stored yet.
fn opened(world: &World, user: &User) -> Session {
    let (unknown, policy) = (ClientInfo::default(), SessionPolicy::default());
    Session::open(user, &unknown, &policy, world.clock.now(), &OsRandom)
}

/// Reads the list to its end, and stores the returned ids.
#[derive(Default)]
struct Reader {
    position: Option<EndedSession>,
    ids: HashSet<SessionId>,
}

impl Reader {
    async fn read(&mut self, world: &World) {
        loop {
            let page = world.sessions.ended(self.position).await.unwrap();
            self.ids.extend(page.ids);
            self.position = Some(page.next);
            if !page.more {
                break;
            }
        }
    }

    fn received(&self, signed_in: &SignedIn) -> bool {
        self.ids.contains(&signed_in.session.id)
    }
}

#[tokio::test]
async fn a_reader_receives_all_ended_sessions_and_no_others() {
    let world = with_ended_sessions();
    let mut reader = Reader::default();
    let first = world.sign_up(ANNA, "the first").await;
    reader.read(&world).await;
    assert_eq!(reader.ids, HashSet::new());

    let second = world.sign_in(ANNA, "the first").await.unwrap();
    let actor = world.actor(&second).await.unwrap();
    world.sessions.sign_out(&actor).await.unwrap();
    reader.read(&world).await;
    assert!(reader.received(&second) && !reader.received(&first));

    let token = world.link(ANNA).await;
    world.clock.advance(Duration::seconds(2));
    world.reset(&token, "the second").await.unwrap();
    let third = world.sign_in(ANNA, "the second").await.unwrap();
    reader.read(&world).await;
    assert!(reader.received(&first) && !reader.received(&third));

    let other = world.sign_up(BERTA, "the other").await;
    world.clock.advance(Duration::minutes(3));
    world.administration.deactivate(&operator(), &world.user(ANNA).await).await.unwrap();
    reader.read(&world).await;
    assert!(reader.received(&third) && !reader.received(&other));
    world.administration.delete(&operator(), other.user.id).await.unwrap();
    reader.read(&world).await;
    assert!(reader.received(&other));
    assert_eq!(reader.ids.len(), 4);

    // A new reader gets the sessions whose tokens may still be valid.
    let mut newcomer = Reader::default();
    newcomer.read(&world).await;
    assert_eq!(newcomer.ids, reader.ids);
    world.clock.advance(Duration::minutes(20));
    let mut new_reader = Reader::default();
    new_reader.read(&world).await;
    assert_eq!(new_reader.ids, HashSet::new(), "their tokens have expired");
}

#[tokio::test]
async fn a_long_list_is_returned_in_pages() {
    let world = with_ended_sessions();
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
    reader.read(&world).await;
    assert!(reader.ids.is_superset(&ids));
}

/// A slow commit adds an entry with an earlier time than the reader's position, and so does a clock
/// that was ahead and was corrected.
#[tokio::test]
async fn the_last_minute_is_returned_again_for_any_position() {
    let world = with_ended_sessions();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let mut reader = Reader::default();
    reader.read(&world).await;
    let now = world.clock.now();
    let ahead = EndedSession { ended_at: now + Duration::HOUR, id: signed_in.session.id };
    reader.position = Some(ahead);
    reader.read(&world).await;
    assert_eq!(reader.position.unwrap().ended_at, now - Duration::MINUTE);
    let last = EndedSession { ended_at: now - Duration::SECOND, id: signed_in.session.id };
    reader.position = Some(last);
    reader.read(&world).await;
    let mut unit = world.store.begin().await.unwrap();
    assert!(unit.end_session(signed_in.session.id, now - 30 * Duration::SECOND).await.unwrap());
    unit.commit().await.unwrap();
    reader.read(&world).await;
    assert!(reader.received(&signed_in));
}

#[tokio::test]
async fn sessions_of_an_older_credentials_version_are_returned() {
    let world = with_ended_sessions();
    let anna = world.sign_up(ANNA, "the first").await.user;
    let mut reader = Reader::default();
    reader.read(&world).await;
    world.clock.advance(Duration::seconds(90));
    // A sign-in with the old password, written after the change.
    let late = opened(&world, &anna);
    let token = world.link(ANNA).await;
    world.reset(&token, "the second").await.unwrap();
    let mut unit = world.store.begin().await.unwrap();
    assert!(unit.insert_session(&late).await.unwrap());
    unit.commit().await.unwrap();
    world.clock.advance(Duration::seconds(2));
    reader.read(&world).await;
    assert!(reader.ids.contains(&late.id));
}

#[tokio::test]
async fn ended_sessions_are_not_listed_unless_the_policy_enables_it() {
    let outcome = World::new().sessions.ended(None).await;
    assert!(matches!(outcome, Err(Error::NotFound)), "{outcome:?}");
}
