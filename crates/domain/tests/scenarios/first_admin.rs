//! The first administrator.

use std::net::Ipv4Addr;

use time::Duration;
use tokio::task::JoinSet;
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::mail::Content;
use vestibule_domain::model::secret::Secret;
use vestibule_domain::model::user::UserFilter;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::Store;
use vestibule_domain::use_cases::accounts::SignUp;
use vestibule_domain::use_cases::administration::NewUser;
use vestibule_domain::use_cases::sessions::browser::BrowserSignIn;

use crate::world::{ADMIN, ANNA, World, address, operator, password};

fn request(email: &str, name: &str) -> SignUp {
    SignUp {
        email: address(email),
        username: Username::parse(name).unwrap(),
        password: password("the first"),
        language: None,
    }
}

async fn link(world: &World) -> Secret {
    world.setup.prepare().await.unwrap().unwrap()
}

async fn create(world: &World, link: &Secret, email: &str) -> Result<BrowserSignIn, Error> {
    let request = request(email, "the-admin");
    world.setup.create_admin(link.expose(), request, &ClientInfo::default()).await
}

async fn works(world: &World, link: &Secret) -> bool {
    world.setup.verify(link.expose()).await.unwrap()
}

#[tokio::test]
async fn the_setup_link_creates_an_administrator_and_signs_in() {
    let world = World::new();
    let link = link(&world).await;
    for _ in 0..20 {
        assert!(works(&world, &link).await, "a check does not use it up");
    }
    let signed_in = create(&world, &link, ADMIN).await.unwrap();
    assert!(signed_in.user.is_admin);
    assert!(world.browser_session(&signed_in).await.unwrap().user.is_admin);
    world.sign_in(ADMIN, "the first").await.unwrap();
    assert!(matches!(world.work().await[..], [ref m] if matches!(m.content, Content::Welcome)));

    assert!(!works(&world, &link).await);
    let again = create(&world, &link, ANNA).await;
    assert!(matches!(again, Err(Error::InvalidToken)));
    assert!(world.setup.prepare().await.unwrap().is_none(), "a second link is not needed");
}

#[tokio::test]
async fn a_newer_link_replaces_the_older_one() {
    let world = World::new();
    let (older, newer) = (link(&world).await, link(&world).await);
    assert!(!works(&world, &older).await);
    assert!(matches!(create(&world, &older, ADMIN).await, Err(Error::InvalidToken)));
    create(&world, &newer, ADMIN).await.unwrap();
}

#[tokio::test]
async fn a_link_works_for_an_hour() {
    let world = World::new();
    let link = link(&world).await;
    world.clock.advance(Duration::HOUR - Duration::SECOND);
    assert!(works(&world, &link).await);
    world.clock.advance(Duration::SECOND);
    assert!(!works(&world, &link).await);
    assert!(matches!(create(&world, &link, ADMIN).await, Err(Error::InvalidToken)));
}

#[tokio::test]
async fn a_setup_link_is_invalid_once_there_is_an_administrator() {
    let world = World::new();
    let link = link(&world).await;
    world.sign_up(ANNA, "the first").await;
    assert!(works(&world, &link).await, "a user is not an administrator");
    let username = Username::parse("by-hand").unwrap();
    let new = NewUser { email: address(ADMIN), username, password: None, is_admin: true };
    world.administration.create(&operator(), new).await.unwrap();
    assert!(!works(&world, &link).await);
    let late = create(&world, &link, "late@example.com").await;
    assert!(matches!(late, Err(Error::InvalidToken)));
}

#[tokio::test]
async fn a_taken_address_leaves_the_link_valid() {
    let world = World::new();
    let link = link(&world).await;
    world.sign_up(ANNA, "the first").await;
    assert!(matches!(create(&world, &link, ANNA).await, Err(Error::EmailTaken)));
    let same_name = request(ADMIN, "ANNA-user");
    let outcome = world.setup.create_admin(link.expose(), same_name, &ClientInfo::default()).await;
    assert!(matches!(outcome, Err(Error::UsernameTaken)));
    assert!(works(&world, &link).await);
    create(&world, &link, ADMIN).await.unwrap();
}

#[tokio::test]
async fn fifty_concurrent_setups_create_one_administrator() {
    let world = World::new();
    let link = link(&world).await;
    let mut all = JoinSet::new();
    for n in 0..50 {
        let (setup, link) = (world.setup.clone(), link.clone());
        let request = request(&format!("admin{n}@example.com"), &format!("admin{n}"));
        let client = ClientInfo::new(Some(Ipv4Addr::new(192, 0, 2, n).into()), None);
        all.spawn(async move { setup.create_admin(link.expose(), request, &client).await });
    }
    let outcomes = all.join_all().await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1);
    let losers = outcomes.iter().filter(|o| matches!(o, Err(Error::InvalidToken))).count();
    assert_eq!(losers, 49);
    let users = world.store.list_users(&UserFilter::default(), None, 100).await.unwrap();
    assert_eq!(users.len(), 1);
}
