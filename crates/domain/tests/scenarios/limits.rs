//! How often somebody may try.

use std::net::IpAddr;

use vestibule_domain::accounts::SignUp;
use vestibule_domain::caller::Caller;
use vestibule_domain::error::Error;
use vestibule_domain::policy::{LimitPolicy, Policy};
use vestibule_domain::recovery::ResetPassword;
use vestibule_domain::sessions::SignIn;
use vestibule_domain::username::Username;

use crate::world::{ANNA, World, address, password};

fn from(ip: &str) -> Caller {
    Caller::new(Some(ip.parse::<IpAddr>().unwrap()), None)
}

#[tokio::test]
async fn requests_for_a_link_are_counted_by_client_and_not_by_address() {
    let world = World::new();
    for n in 0..5 {
        let email = address(&format!("user{n}@example.com"));
        world.recovery.request(&email, &from("192.0.2.1")).await.unwrap();
    }
    let refused = world.recovery.request(&address(ANNA), &from("192.0.2.1")).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
    for n in 2..20 {
        let caller = from(&format!("192.0.2.{n}"));
        world.recovery.request(&address(ANNA), &caller).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_cannot_get_around_a_limit_within_its_network() {
    let world = World::new();
    for n in 0..5 {
        let caller = from(&format!("2001:db8::{n}"));
        world.recovery.request(&address(ANNA), &caller).await.unwrap();
    }
    let refused = world.recovery.request(&address(ANNA), &from("2001:db8::ffff:ffff")).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
    world.recovery.request(&address(ANNA), &from("2001:db8:0:1::1")).await.unwrap();
}

#[tokio::test]
async fn many_networks_of_one_site_have_a_limit_together() {
    let world = World::new();
    let ask = async |network: u32| {
        let caller = from(&format!("2001:db8:1:{network:x}::1"));
        world.recovery.request(&address(ANNA), &caller).await
    };
    for n in 0..40 {
        ask(n).await.unwrap();
    }
    assert!(matches!(ask(40).await, Err(Error::Throttled { .. })));
    world.recovery.request(&address(ANNA), &from("2001:db8:2::1")).await.unwrap();
}

#[tokio::test]
async fn three_attempts_with_links_whatever_the_links_are() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    for _ in 0..3 {
        assert!(matches!(world.reset("forged", "the second").await, Err(Error::InvalidToken)));
    }
    let request = ResetPassword { token: token.clone(), password: password("the second") };
    let refused = world.recovery.reset(request, &Caller::default()).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
    world.limiter.forget();
    world.reset(&token, "the second").await.unwrap();
}

#[tokio::test]
async fn one_account_is_not_guessed_at_from_everywhere() {
    let world = World::new();
    for n in 0..300 {
        let request = SignIn {
            email: address("Anna@Example.com"),
            password: password("guess"),
            language: None,
        };
        let outcome =
            world.sessions.sign_in(request, &from(&format!("10.0.{}.{}", n / 250, n % 250))).await;
        assert!(matches!(outcome, Err(Error::InvalidCredentials)));
    }
    let request = SignIn { email: address(ANNA), password: password("guess"), language: None };
    let outcome = world.sessions.sign_in(request, &from("198.51.100.1")).await;
    assert!(matches!(outcome, Err(Error::Throttled { .. })), "whether the account exists or not");
}

#[tokio::test]
async fn sign_ups_are_counted_before_any_hash() {
    let world = World::new();
    let sign_up = |n: u32| SignUp {
        email: address(&format!("user{n}@example.com")),
        username: Username::parse(&format!("user{n}")).unwrap(),
        password: password("the first"),
        language: None,
    };
    for n in 0..10 {
        world.accounts.sign_up(sign_up(n), &from("192.0.2.1")).await.unwrap();
    }
    let refused = world.accounts.sign_up(sign_up(10), &from("192.0.2.1")).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
}

#[tokio::test]
async fn limits_can_be_switched_off_for_load_tests() {
    let limits = LimitPolicy { enabled: false, ..LimitPolicy::default() };
    let world = World::with(Policy { limits, ..Policy::default() });
    for _ in 0..100 {
        world.forget(ANNA).await;
    }
}
