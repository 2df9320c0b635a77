//! The language of mails.

use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::accounts::SignUp;
use vestibule_domain::use_cases::sessions::SignIn;

use crate::world::{ANNA, World, address, password};

async fn sign_up(world: &World, language: Option<Language>) {
    let request = SignUp {
        email: address(ANNA),
        username: Username::parse("anna").unwrap(),
        password: password("the first"),
        language,
    };
    world.accounts.sign_up_browser(request, &ClientInfo::default()).await.unwrap();
}

async fn sign_in(world: &World, language: Option<Language>) {
    let request = SignIn { email: address(ANNA), password: password("the first"), language };
    world.sessions.sign_in_browser(request, &ClientInfo::default()).await.unwrap();
}

/// Returns the language of the next mail.
async fn next_mail(world: &World) -> Language {
    world.clock.advance(time::Duration::minutes(2));
    world.limiter.forget();
    world.forget(ANNA).await;
    let sent = world.work().await;
    sent.last().unwrap().language
}

#[tokio::test]
async fn mails_are_written_in_the_language_of_the_sign_up() {
    let world = World::new();
    sign_up(&world, Some(Language::German)).await;
    let welcome = world.work().await;
    assert_eq!(welcome[0].language, Language::German);
    assert_eq!(next_mail(&world).await, Language::German);
    // A chosen language is not replaced by that of another page.
    sign_in(&world, Some(Language::Arabic)).await;
    assert_eq!(next_mail(&world).await, Language::German);
}

#[tokio::test]
async fn a_sign_in_sets_the_language_of_users_without_one() {
    let world = World::new();
    sign_up(&world, None).await;
    assert_eq!(next_mail(&world).await, Language::English);
    sign_in(&world, None).await;
    assert_eq!(world.user(ANNA).await.language, None);
    sign_in(&world, Some(Language::Arabic)).await;
    assert_eq!(next_mail(&world).await, Language::Arabic);
    sign_in(&world, Some(Language::German)).await;
    assert_eq!(next_mail(&world).await, Language::Arabic);
}

#[tokio::test]
async fn users_can_change_their_language() {
    let world = World::new();
    sign_up(&world, Some(Language::German)).await;
    let actor = world.browser_session(&world.browse(ANNA, "the first").await).await.unwrap();
    world.sessions.speak(&actor, Language::English).await.unwrap();
    assert_eq!(next_mail(&world).await, Language::English);
}
