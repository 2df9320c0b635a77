//! Where mail goes, from nowhere to a relay that was tried out.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::authority::Authority;
use vestibule_domain::caller::Caller;
use vestibule_domain::error::Error;
use vestibule_domain::language::Language;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::mail_setup::{Configured, DescribeRelay, NewPassword, Tested};
use vestibule_domain::ports::{MailError, Store};
use vestibule_domain::relay::{Relay, RelayCredentials, RelayHost, RelayPassword, RelaySecurity};
use vestibule_testkit::mailer::Outgoing;

use crate::world::{ADMIN, ANNA, World, address, password};

const SECRET: &str = "open sesame 1234";

fn given(text: &str) -> NewPassword {
    NewPassword::Set(RelayPassword::new(text.to_owned()))
}

fn wanted(password: NewPassword) -> DescribeRelay {
    DescribeRelay {
        host: RelayHost::parse("smtp.example.com").unwrap(),
        port: 587.try_into().unwrap(),
        security: RelaySecurity::StartTls,
        username: Some("mailer".to_owned()),
        password,
        from_address: address("no-reply@example.com"),
        from_name: None,
    }
}

fn configured() -> Relay {
    let password = RelayPassword::new("configured".to_owned());
    Relay {
        host: RelayHost::parse("smtp.configured.example").unwrap(),
        port: 465.try_into().unwrap(),
        security: RelaySecurity::Tls,
        credentials: Some(RelayCredentials::new("mailer", password).unwrap()),
        from_address: address("no-reply@example.com"),
        from_name: None,
    }
}

async fn authority(world: &World) -> Authority {
    Authority::of(world.admin().await).unwrap()
}

async fn test(world: &World, by: &Authority) -> Result<Tested, Error> {
    let (to, caller) = (address(ANNA), Caller::default());
    world.mail_setup.test(by, to, Language::German, &caller).await
}

/// The password that mail is sent with now.
async fn password_in_force(world: &World) -> Option<String> {
    world.mail_setup.mailer().await.unwrap()?;
    let relay = world.mailers.relays().pop()?;
    relay.credentials.map(|account| account.password().expose().to_owned())
}

#[tokio::test]
async fn a_relay_is_described_kept_and_replaced() {
    let world = World::new();
    let by = authority(&world).await;
    assert!(!world.mail_setup.is_set_up().await.unwrap());
    assert!(world.mail_setup.mailer().await.unwrap().is_none());
    assert!(matches!(test(&world, &by).await, Err(Error::MailNotSetUp)));

    let shown = world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();
    assert!(world.mail_setup.is_set_up().await.unwrap());
    assert_eq!(shown, world.mail_setup.show(&by).await.unwrap());
    assert!(shown.has_password && !shown.is_set_by_configuration());
    assert_eq!(password_in_force(&world).await.as_deref(), Some(SECRET));

    world.clock.advance(Duration::SECOND);
    let renamed =
        DescribeRelay { from_address: address("hello@example.com"), ..wanted(NewPassword::Keep) };
    let shown = world.mail_setup.save(&by, renamed).await.unwrap();
    assert_eq!(shown.relay.unwrap().from_address.as_str(), "hello@example.com");
    assert_eq!(password_in_force(&world).await.as_deref(), Some(SECRET));

    world.clock.advance(Duration::SECOND);
    world.mail_setup.save(&by, wanted(given("another"))).await.unwrap();
    assert_eq!(password_in_force(&world).await.as_deref(), Some("another"));

    world.clock.advance(Duration::SECOND);
    let shown = world.mail_setup.save(&by, wanted(NewPassword::Remove)).await.unwrap();
    assert!(!shown.has_password && shown.username.is_none());
    assert_eq!(password_in_force(&world).await, None);
}

#[tokio::test]
async fn a_kept_password_never_follows_the_mail_to_another_server() {
    let world = World::new();
    let by = authority(&world).await;
    world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();
    let elsewhere = DescribeRelay {
        host: RelayHost::parse("smtp.attacker.example").unwrap(),
        ..wanted(NewPassword::Keep)
    };
    let outcome = world.mail_setup.save(&by, elsewhere).await;
    assert!(matches!(outcome, Err(Error::InvalidInput(_))));
    // Nor by the detour over a description without an account.
    let anonymous = DescribeRelay {
        host: RelayHost::parse("smtp.attacker.example").unwrap(),
        username: None,
        ..wanted(NewPassword::Keep)
    };
    world.mail_setup.save(&by, anonymous.clone()).await.unwrap();
    let back = DescribeRelay { username: Some("mailer".to_owned()), ..anonymous };
    assert!(matches!(world.mail_setup.save(&by, back).await, Err(Error::InvalidInput(_))));
    assert_eq!(password_in_force(&world).await, None);
}

#[tokio::test]
async fn the_store_holds_no_password_that_could_be_read() {
    let world = World::new();
    let by = authority(&world).await;
    world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();
    let stored = world.store.find_relay().await.unwrap().unwrap();
    assert!(stored.relay.credentials.is_none());
    let sealed = stored.sealed_credentials.unwrap().password;
    assert!(!sealed.contains(SECRET));
    assert!(!format!("{:?}", world.store).contains(SECRET));
    assert!(!format!("{:?}", world.mail_setup.show(&by).await.unwrap()).contains(&sealed));
}

#[tokio::test]
async fn a_test_is_noted_with_the_settings_it_tried() {
    let world = World::new();
    let by = authority(&world).await;
    world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();
    assert!(world.mail_setup.show(&by).await.unwrap().tested.is_none());

    let tested = test(&world, &by).await.unwrap();
    assert_eq!(tested.reply.unwrap().reply, "250 kept");
    let sent = world.outgoing.take();
    assert!(matches!(&sent[..], [Message { content: Content::Test, to, language, .. }]
        if to.as_str() == ANNA && *language == Language::German));
    let noted = world.mail_setup.show(&by).await.unwrap().tested.unwrap();
    assert!(noted.succeeded && noted == tested.test);

    world.clock.advance(Duration::SECOND);
    world.outgoing.fail_next(MailError::Permanent("550 no".into()));
    assert!(test(&world, &by).await.unwrap().reply.is_err());
    let noted = world.mail_setup.show(&by).await.unwrap().tested.unwrap();
    assert!(!noted.succeeded && noted.at > tested.test.at);

    // What was found out about other settings says nothing about these.
    world.clock.advance(Duration::SECOND);
    world.mail_setup.save(&by, wanted(NewPassword::Keep)).await.unwrap();
    assert!(world.mail_setup.show(&by).await.unwrap().tested.is_none());
}

#[tokio::test]
async fn test_mails_are_limited() {
    let world = World::new();
    let by = authority(&world).await;
    world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();
    for _ in 0..5 {
        test(&world, &by).await.unwrap();
    }
    assert!(matches!(test(&world, &by).await, Err(Error::Throttled { .. })));
    assert_eq!(world.outgoing.take().len(), 5);
}

#[tokio::test]
async fn what_the_configuration_says_wins() {
    let world = World::new();
    let by = authority(&world).await;
    world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();

    let own = Arc::new(Outgoing::default());
    let setup = world.configured(Configured::Relay(configured(), own.clone()));
    let shown = setup.show(&by).await.unwrap();
    assert!(shown.is_set_by_configuration() && shown.has_password);
    let relay = shown.relay.unwrap();
    assert_eq!((relay.host, relay.credentials), (configured().host, None));
    let refused = setup.save(&by, wanted(NewPassword::Keep)).await;
    assert!(matches!(refused, Err(Error::SetByConfiguration)));
    setup.test(&by, address(ADMIN), Language::English, &Caller::default()).await.unwrap();
    assert_eq!(world.mailers.relays().pop().unwrap(), configured());
}

#[tokio::test]
async fn mails_that_are_kept_go_nowhere_whatever_is_described() {
    let world = World::new();
    let by = authority(&world).await;
    let kept = Arc::new(Outgoing::default());
    let setup = world.configured(Configured::Kept(kept.clone()));
    assert!(setup.is_set_up().await.unwrap());
    setup.save(&by, wanted(given(SECRET))).await.unwrap();
    setup.test(&by, address(ADMIN), Language::English, &Caller::default()).await.unwrap();
    assert!(setup.mailer().await.unwrap().is_some());
    assert_eq!(kept.take().len(), 1);
    // The relay was prepared before it was kept, and never spoken to.
    assert!(world.mailers.outgoing.take().is_empty());
}

#[tokio::test]
async fn a_service_with_a_way_of_its_own_sends_by_no_other() {
    let world = World::new();
    let by = authority(&world).await;
    let own = Arc::new(Outgoing::default());
    let setup = world.fixed(own.clone());
    assert!(setup.is_set_up().await.unwrap());
    setup.save(&by, wanted(given(SECRET))).await.unwrap();
    setup.test(&by, address(ADMIN), Language::English, &Caller::default()).await.unwrap();
    assert_eq!(own.take().len(), 1);
    assert!(world.mailers.outgoing.take().is_empty());
}

#[tokio::test]
async fn an_administrator_who_was_away_proves_again_who_they_are() {
    let world = World::new();
    let actor = world.admin().await;
    world.clock.advance(Duration::minutes(5));
    let by = Authority::of(actor.clone()).unwrap();
    assert!(world.mail_setup.needs_proof(&by));
    let outcome = world.mail_setup.save(&by, wanted(given(SECRET))).await;
    assert!(matches!(outcome, Err(Error::ProofRequired)));

    let (actor, _) = world.sessions.confirm(&actor, &password("the first")).await.unwrap();
    let by = Authority::of(actor).unwrap();
    world.mail_setup.save(&by, wanted(given(SECRET))).await.unwrap();
}
