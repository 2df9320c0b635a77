//! What administrators do with other people's accounts.

use vestibule_domain::administration::NewUser;
use vestibule_domain::error::Error;
use vestibule_domain::mail::Content;
use vestibule_domain::username::Username;

use crate::world::{ANNA, World, address, password};

#[tokio::test]
async fn a_deactivated_account_is_closed_and_can_be_opened_again() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    world.administration.deactivate(&signed_in.user).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::AccountInactive)));
    assert!(matches!(world.sign_in(ANNA, "the first").await, Err(Error::AccountInactive)));
    assert!(matches!(world.sign_in(ANNA, "wrong").await, Err(Error::InvalidCredentials)));

    world.administration.activate(signed_in.user.id).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::Unauthenticated)));
    world.sign_in(ANNA, "the first").await.unwrap();
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_address_free() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    world.administration.delete(signed_in.user.id).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::UserNotFound)));
    let again = world.sign_up(ANNA, "the second").await;
    assert_ne!(again.user.id, signed_in.user.id);
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_everything_and_is_told() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    let new = password("the second");
    world.administration.set_password(&signed_in.user, &new).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::Unauthenticated)));
    assert!(!world.recovery.verify(&token).await.unwrap());
    world.sign_in(ANNA, "the second").await.unwrap();
    let told = world.work().await;
    assert!(told.iter().any(|mail| matches!(mail.content, Content::PasswordChanged { .. })));
}

#[tokio::test]
async fn a_link_made_by_hand_works_once_and_supersedes() {
    let world = World::new();
    let user = world.sign_up(ANNA, "the first").await.user;
    let mailed = world.link(ANNA).await;
    let by_hand = world.recovery.issue_by_hand(&user).await.unwrap();
    assert!(!world.recovery.verify(&mailed).await.unwrap());
    world.reset(by_hand.expose(), "the second").await.unwrap();
    world.limiter.forget();
    assert!(world.reset(by_hand.expose(), "the third").await.is_err());
}

#[tokio::test]
async fn an_account_without_a_password_gets_its_first_by_link() {
    let world = World::new();
    let username = Username::parse("anna").unwrap();
    let new = NewUser { email: address(ANNA), username, password: None, is_admin: true };
    let user = world.administration.create(new).await.unwrap();
    assert!(user.is_admin);
    assert!(matches!(world.sign_in(ANNA, "anything").await, Err(Error::InvalidCredentials)));
    let token = world.link(ANNA).await;
    world.reset(&token, "the first").await.unwrap();
    world.sign_in(ANNA, "the first").await.unwrap();
    let admins = world.administration.list(None, 10, true).await.unwrap();
    assert_eq!(admins.len(), 1);
}
