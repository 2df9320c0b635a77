//! Wrong passwords: delays, the disabled password, and its reset.

use std::net::IpAddr;
use std::time::Duration as Wait;

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::policy::{LimitPolicy, Policy, SignInThrottlePolicy};
use vestibule_domain::use_cases::sessions::{SignIn, SignedIn};

use crate::world::{ANNA, World, address, operator, password};

const RIGHT: &str = "the first";
const UNKNOWN: &str = "unknown@example.com";

/// Returns a client with its own network.
fn from(n: u32) -> ClientInfo {
    ClientInfo::new(Some(IpAddr::from((0x0a00_0000 + n).to_be_bytes())), None)
}

async fn try_from(world: &World, n: u32, email: &str, text: &str) -> Result<SignedIn, Error> {
    // These tests are about failures, not about rate limits.
    world.limiter.forget();
    let request = SignIn { email: address(email), password: password(text), language: None };
    world.sessions.sign_in(request, &from(n)).await
}

async fn fail(world: &World, n: u32, email: &str) {
    let outcome = try_from(world, n, email, "a guess").await;
    assert!(matches!(outcome, Err(Error::InvalidCredentials)), "{outcome:?}");
}

fn wait(outcome: &Result<SignedIn, Error>) -> Option<Wait> {
    match outcome {
        Err(Error::Throttled { retry_after }) => Some(*retry_after),
        Ok(_) | Err(_) => None,
    }
}

fn failure_mails(mails: &[Message]) -> usize {
    let is_report = |mail: &&Message| matches!(mail.content, Content::SignInAfterFailures { .. });
    mails.iter().filter(is_report).count()
}

#[tokio::test]
async fn delays_of_a_network_grow_with_and_without_an_account() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for email in [ANNA, UNKNOWN] {
        for _ in 0..6 {
            fail(&world, 1, email).await;
        }
        for seconds in [1, 2, 4, 8] {
            let outcome = try_from(&world, 1, email, RIGHT).await;
            assert_eq!(wait(&outcome), Some(Wait::from_secs(seconds)), "{email}");
            world.clock.advance(Duration::seconds(seconds.cast_signed()));
            fail(&world, 1, email).await;
        }
    }
    // Delays of one network do not affect others, and are not ended by them.
    try_from(&world, 2, ANNA, RIGHT).await.unwrap();
    assert!(wait(&try_from(&world, 1, ANNA, RIGHT).await).is_some());
    // The right password, after the wait, ends it.
    world.clock.advance(Duration::seconds(16));
    try_from(&world, 1, ANNA, RIGHT).await.unwrap();
    fail(&world, 1, ANNA).await;
    try_from(&world, 1, ANNA, RIGHT).await.unwrap();
}

#[tokio::test]
async fn the_count_of_a_network_starts_again_after_a_day() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for _ in 0..6 {
        fail(&world, 1, ANNA).await;
    }
    world.clock.advance(Duration::days(1) + Duration::SECOND);
    fail(&world, 1, ANNA).await;
    try_from(&world, 1, ANNA, RIGHT).await.unwrap();
}

#[tokio::test]
async fn a_hundred_failures_disable_the_password_until_it_is_reset() {
    let world = World::new();
    let before = world.sign_up(ANNA, RIGHT).await;
    for n in 0..100 {
        fail(&world, n, ANNA).await;
    }
    assert!(matches!(try_from(&world, 1000, ANNA, RIGHT).await, Err(Error::InvalidCredentials)));
    // The account is not disabled: its sessions stay valid, and a reset is possible.
    let actor = world.actor(&before).await.unwrap();
    let changed = world.change(&actor, RIGHT, "the second").await;
    assert!(matches!(changed, Err(Error::IncorrectPassword)), "{changed:?}");
    let mails = world.work().await;
    let disabled = |mail: &&Message| matches!(mail.content, Content::PasswordDisabled { .. });
    assert_eq!(mails.iter().filter(disabled).count(), 1);

    let token = world.link(ANNA).await;
    world.reset(&token, "the second").await.unwrap();
    try_from(&world, 1000, ANNA, "the second").await.unwrap();
}

#[tokio::test]
async fn the_right_password_after_ninety_nine_failures_resets_the_count() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for round in 0..2 {
        for n in 0..99 {
            fail(&world, 1000 * round + n, ANNA).await;
        }
        try_from(&world, 5000, ANNA, RIGHT).await.unwrap();
    }
}

#[tokio::test]
async fn a_sign_in_after_ten_failures_is_mailed_and_after_nine_is_not() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for (failures, mails) in [(9, 0), (10, 1)] {
        for n in 0..failures {
            fail(&world, n, ANNA).await;
        }
        try_from(&world, 100, ANNA, RIGHT).await.unwrap();
        assert_eq!(failure_mails(&world.work().await), mails);
        try_from(&world, 100, ANNA, RIGHT).await.unwrap();
        assert_eq!(failure_mails(&world.work().await), 0);
    }
}

#[tokio::test]
async fn wrong_passwords_in_a_session_count_like_those_at_sign_in() {
    let failures = SignInThrottlePolicy { max_in_a_row: 4, ..SignInThrottlePolicy::default() };
    let world = World::with(Policy { failures, ..Policy::default() });
    let actor = world.actor(&world.sign_up(ANNA, RIGHT).await).await.unwrap();
    for _ in 0..2 {
        let changed = world.change(&actor, "a guess", "the second").await;
        assert!(matches!(changed, Err(Error::IncorrectPassword)));
        let proof = world.sessions.confirm(&actor, &password("a guess")).await;
        assert!(matches!(proof, Err(Error::IncorrectPassword)));
    }
    let right = world.sessions.confirm(&actor, &password(RIGHT)).await;
    assert!(matches!(right, Err(Error::IncorrectPassword)));
    assert!(matches!(try_from(&world, 9, ANNA, RIGHT).await, Err(Error::InvalidCredentials)));
    // An operator can set a new password as well.
    let user = world.user(ANNA).await;
    world.administration.set_password(&operator(), &user, &password("the second")).await.unwrap();
    try_from(&world, 9, ANNA, "the second").await.unwrap();
}

#[tokio::test]
async fn failures_of_a_deleted_account_do_not_count_for_the_next() {
    let failures = SignInThrottlePolicy { max_in_a_row: 2, ..SignInThrottlePolicy::default() };
    let world = World::with(Policy { failures, ..Policy::default() });
    let user = world.sign_up(ANNA, RIGHT).await.user;
    fail(&world, 1, ANNA).await;
    fail(&world, 2, ANNA).await;
    world.administration.delete(&operator(), user.id).await.unwrap();
    world.sign_up(ANNA, RIGHT).await;
    try_from(&world, 3, ANNA, RIGHT).await.unwrap();
}

#[tokio::test]
async fn load_tests_are_not_slowed_down() {
    let limits = LimitPolicy { enabled: false, ..LimitPolicy::default() };
    let world = World::with(Policy { limits, ..Policy::default() });
    world.sign_up(ANNA, RIGHT).await;
    for _ in 0..150 {
        fail(&world, 1, ANNA).await;
    }
    try_from(&world, 1, ANNA, RIGHT).await.unwrap();
}

#[tokio::test]
async fn a_network_cannot_detect_sign_ins_from_other_networks() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for email in [ANNA, UNKNOWN] {
        for _ in 0..6 {
            fail(&world, 1, email).await;
        }
    }
    try_from(&world, 2, ANNA, RIGHT).await.unwrap();
    for email in [ANNA, UNKNOWN] {
        let outcome = try_from(&world, 1, email, "a guess").await;
        assert_eq!(wait(&outcome), Some(Wait::from_secs(1)), "{email}");
    }
}

#[tokio::test]
async fn a_disabled_password_has_the_usual_delays() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for email in [ANNA, UNKNOWN] {
        for n in 0..100 {
            fail(&world, n, email).await;
        }
    }
    world.clock.advance(Duration::hours(25));
    world.housekeeping.run_once().await.unwrap();
    for email in [ANNA, UNKNOWN] {
        for _ in 0..6 {
            fail(&world, 7, email).await;
        }
        let outcome = try_from(&world, 7, email, RIGHT).await;
        assert_eq!(wait(&outcome), Some(Wait::from_secs(1)), "{email}");
    }
    // The delays of the other network are not visible.
    assert!(matches!(try_from(&world, 8, ANNA, RIGHT).await, Err(Error::InvalidCredentials)));
}

#[tokio::test]
async fn failures_before_the_sign_up_do_not_count_for_the_account() {
    let world = World::new();
    for n in 0..100 {
        fail(&world, n, ANNA).await;
    }
    world.sign_up(ANNA, RIGHT).await;
    try_from(&world, 1000, ANNA, RIGHT).await.unwrap();
}

#[tokio::test]
async fn a_clock_that_is_set_back_does_not_extend_delays() {
    let world = World::new();
    world.sign_up(ANNA, RIGHT).await;
    for _ in 0..6 {
        fail(&world, 1, ANNA).await;
    }
    world.clock.advance(Duration::milliseconds(-400));
    let outcome = try_from(&world, 1, ANNA, RIGHT).await;
    assert_eq!(wait(&outcome), Some(Wait::from_millis(600)));
    world.clock.advance(Duration::hours(-1));
    try_from(&world, 1, ANNA, RIGHT).await.unwrap();
}
