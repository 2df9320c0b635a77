//! Rate limits.

use std::net::IpAddr;

use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::policy::{LimitPolicy, Policy};
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::accounts::SignUp;
use vestibule_domain::use_cases::recovery::ResetPassword;
use vestibule_domain::use_cases::sessions::SignIn;

use crate::world::{ANNA, World, address, password};

fn from(ip: &str) -> ClientInfo {
    ClientInfo::new(Some(ip.parse::<IpAddr>().unwrap()), None)
}

#[tokio::test]
async fn requests_for_a_link_are_limited_by_client_and_not_by_address() {
    let world = World::new();
    for n in 0..5 {
        let email = address(&format!("user{n}@example.com"));
        world.recovery.request(&email, &from("192.0.2.1")).await.unwrap();
    }
    let refused = world.recovery.request(&address(ANNA), &from("192.0.2.1")).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
    for n in 2..20 {
        let client = from(&format!("192.0.2.{n}"));
        world.recovery.request(&address(ANNA), &client).await.unwrap();
    }
}

#[tokio::test]
async fn addresses_of_one_network_share_a_limit() {
    let world = World::new();
    for n in 0..5 {
        let client = from(&format!("2001:db8::{n}"));
        world.recovery.request(&address(ANNA), &client).await.unwrap();
    }
    let refused = world.recovery.request(&address(ANNA), &from("2001:db8::ffff:ffff")).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
    world.recovery.request(&address(ANNA), &from("2001:db8:0:1::1")).await.unwrap();
}

#[tokio::test]
async fn networks_of_one_site_share_a_limit() {
    let world = World::new();
    let ask = async |network: u32| {
        let client = from(&format!("2001:db8:1:{network:x}::1"));
        world.recovery.request(&address(ANNA), &client).await
    };
    for n in 0..40 {
        ask(n).await.unwrap();
    }
    assert!(matches!(ask(40).await, Err(Error::Throttled { .. })));
    world.recovery.request(&address(ANNA), &from("2001:db8:2::1")).await.unwrap();
}

#[tokio::test]
async fn attempts_with_links_are_limited_across_links() {
    let world = World::new();
    world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    for _ in 0..3 {
        assert!(matches!(world.reset("forged", "the second").await, Err(Error::InvalidToken)));
    }
    let request = ResetPassword { token: token.clone(), password: password("the second") };
    let refused = world.recovery.reset(request, &ClientInfo::default()).await;
    assert!(matches!(refused, Err(Error::Throttled { .. })));
    world.limiter.forget();
    world.reset(&token, "the second").await.unwrap();
}

#[tokio::test]
async fn attempts_on_an_account_are_limited_across_networks() {
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
    assert!(matches!(outcome, Err(Error::Throttled { .. })), "with and without an account");
}

#[tokio::test]
async fn sign_ups_are_limited_before_hashing() {
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
