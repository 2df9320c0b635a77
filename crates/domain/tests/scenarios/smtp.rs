//! SMTP settings: saved, tested and used.

use std::sync::Arc;

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::model::smtp_settings::{
    SmtpCredentials, SmtpHost, SmtpPassword, SmtpSecurity, SmtpSettings,
};
use vestibule_domain::ports::{MailError, Store};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::smtp_settings::{
    Configured, NewPassword, TestMailResult, UpdateSmtpSettings,
};
use vestibule_testkit::mailer::Outgoing;

use crate::world::{ADMIN, ANNA, World, address, password};

const SECRET: &str = "open sesame 1234";

fn given(text: &str) -> NewPassword {
    NewPassword::Set(SmtpPassword::new(text.to_owned()))
}

fn wanted(password: NewPassword) -> UpdateSmtpSettings {
    UpdateSmtpSettings {
        host: SmtpHost::parse("smtp.example.com").unwrap(),
        port: 587.try_into().unwrap(),
        security: SmtpSecurity::StartTls,
        username: Some("mailer".to_owned()),
        password,
        from_address: address("no-reply@example.com"),
        from_name: None,
    }
}

fn configured() -> SmtpSettings {
    let password = SmtpPassword::new("configured".to_owned());
    SmtpSettings {
        host: SmtpHost::parse("smtp.configured.example").unwrap(),
        port: 465.try_into().unwrap(),
        security: SmtpSecurity::Tls,
        credentials: Some(SmtpCredentials::new("mailer", password).unwrap()),
        from_address: address("no-reply@example.com"),
        from_name: None,
    }
}

async fn authority(world: &World) -> AdminContext {
    AdminContext::of(world.admin().await).unwrap()
}

async fn test(world: &World, by: &AdminContext) -> Result<TestMailResult, Error> {
    let (to, client) = (address(ANNA), ClientInfo::default());
    world.smtp.test(by, to, Language::German, &client).await
}

/// Returns the password of the current SMTP settings.
async fn password_in_force(world: &World) -> Option<String> {
    world.smtp.mailer().await.unwrap()?;
    let smtp = world.mailers.smtp_servers().pop()?;
    smtp.credentials.map(|account| account.password().expose().to_owned())
}

#[tokio::test]
async fn smtp_settings_are_saved_read_and_replaced() {
    let world = World::new();
    let by = authority(&world).await;
    assert!(!world.smtp.is_set_up().await.unwrap());
    assert!(world.smtp.mailer().await.unwrap().is_none());
    assert!(matches!(test(&world, &by).await, Err(Error::MailNotSetUp)));

    let shown = world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();
    assert!(world.smtp.is_set_up().await.unwrap());
    assert_eq!(shown, world.smtp.show(&by).await.unwrap());
    assert!(shown.has_password && !shown.is_set_by_configuration());
    assert_eq!(password_in_force(&world).await.as_deref(), Some(SECRET));

    world.clock.advance(Duration::SECOND);
    let renamed = UpdateSmtpSettings {
        from_address: address("hello@example.com"),
        ..wanted(NewPassword::Keep)
    };
    let shown = world.smtp.save(&by, renamed).await.unwrap();
    assert_eq!(shown.smtp.unwrap().from_address.as_str(), "hello@example.com");
    assert_eq!(password_in_force(&world).await.as_deref(), Some(SECRET));

    world.clock.advance(Duration::SECOND);
    world.smtp.save(&by, wanted(given("another"))).await.unwrap();
    assert_eq!(password_in_force(&world).await.as_deref(), Some("another"));

    world.clock.advance(Duration::SECOND);
    let shown = world.smtp.save(&by, wanted(NewPassword::Remove)).await.unwrap();
    assert!(!shown.has_password && shown.username.is_none());
    assert_eq!(password_in_force(&world).await, None);
}

#[tokio::test]
async fn a_saved_password_is_never_sent_to_another_server() {
    let world = World::new();
    let by = authority(&world).await;
    world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();
    let elsewhere = UpdateSmtpSettings {
        host: SmtpHost::parse("smtp.attacker.example").unwrap(),
        ..wanted(NewPassword::Keep)
    };
    let outcome = world.smtp.save(&by, elsewhere).await;
    assert!(matches!(outcome, Err(Error::InvalidInput(_))));
    // Nor with settings without credentials in between.
    let anonymous = UpdateSmtpSettings {
        host: SmtpHost::parse("smtp.attacker.example").unwrap(),
        username: None,
        ..wanted(NewPassword::Keep)
    };
    world.smtp.save(&by, anonymous.clone()).await.unwrap();
    let back = UpdateSmtpSettings { username: Some("mailer".to_owned()), ..anonymous };
    assert!(matches!(world.smtp.save(&by, back).await, Err(Error::InvalidInput(_))));
    assert_eq!(password_in_force(&world).await, None);
}

#[tokio::test]
async fn the_stored_password_is_sealed() {
    let world = World::new();
    let by = authority(&world).await;
    world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();
    let stored = world.store.find_smtp_settings().await.unwrap().unwrap();
    assert!(stored.smtp.credentials.is_none());
    let sealed = stored.sealed_credentials.unwrap().password;
    assert!(!sealed.contains(SECRET));
    assert!(!format!("{:?}", world.store).contains(SECRET));
    assert!(!format!("{:?}", world.smtp.show(&by).await.unwrap()).contains(&sealed));
}

#[tokio::test]
async fn a_test_is_stored_with_the_tested_settings() {
    let world = World::new();
    let by = authority(&world).await;
    world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();
    assert!(world.smtp.show(&by).await.unwrap().tested.is_none());

    let tested = test(&world, &by).await.unwrap();
    assert_eq!(tested.reply.unwrap().reply, "250 kept");
    let sent = world.outgoing.take();
    assert!(matches!(&sent[..], [Message { content: Content::Test, to, language, .. }]
        if to.as_str() == ANNA && *language == Language::German));
    let noted = world.smtp.show(&by).await.unwrap().tested.unwrap();
    assert!(noted.succeeded && noted == tested.test);

    world.clock.advance(Duration::SECOND);
    world.outgoing.fail_next(MailError::Permanent("550 no".into()));
    assert!(test(&world, &by).await.unwrap().reply.is_err());
    let noted = world.smtp.show(&by).await.unwrap().tested.unwrap();
    assert!(!noted.succeeded && noted.at > tested.test.at);

    // The result of a test of other settings does not apply to these.
    world.clock.advance(Duration::SECOND);
    world.smtp.save(&by, wanted(NewPassword::Keep)).await.unwrap();
    assert!(world.smtp.show(&by).await.unwrap().tested.is_none());
}

#[tokio::test]
async fn test_mails_are_limited() {
    let world = World::new();
    let by = authority(&world).await;
    world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();
    for _ in 0..5 {
        test(&world, &by).await.unwrap();
    }
    assert!(matches!(test(&world, &by).await, Err(Error::Throttled { .. })));
    assert_eq!(world.outgoing.take().len(), 5);
}

#[tokio::test]
async fn the_configuration_takes_precedence() {
    let world = World::new();
    let by = authority(&world).await;
    world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();

    let own = Arc::new(Outgoing::default());
    let setup = world.configured(Configured::Smtp(configured(), own.clone()));
    let shown = setup.show(&by).await.unwrap();
    assert!(shown.is_set_by_configuration() && shown.has_password);
    let smtp = shown.smtp.unwrap();
    assert_eq!((smtp.host, smtp.credentials), (configured().host, None));
    let refused = setup.save(&by, wanted(NewPassword::Keep)).await;
    assert!(matches!(refused, Err(Error::SetByConfiguration)));
    setup.test(&by, address(ADMIN), Language::English, &ClientInfo::default()).await.unwrap();
    assert_eq!(world.mailers.smtp_servers().pop().unwrap(), configured());
}

#[tokio::test]
async fn mails_written_to_files_are_never_sent() {
    let world = World::new();
    let by = authority(&world).await;
    let kept = Arc::new(Outgoing::default());
    let setup = world.configured(Configured::Kept(kept.clone()));
    assert!(setup.is_set_up().await.unwrap());
    setup.save(&by, wanted(given(SECRET))).await.unwrap();
    setup.test(&by, address(ADMIN), Language::English, &ClientInfo::default()).await.unwrap();
    assert!(setup.mailer().await.unwrap().is_some());
    assert_eq!(kept.take().len(), 1);
    // The settings were validated, but no connection was made.
    assert!(world.mailers.outgoing.take().is_empty());
}

#[tokio::test]
async fn a_service_with_its_own_mailer_uses_no_other() {
    let world = World::new();
    let by = authority(&world).await;
    let own = Arc::new(Outgoing::default());
    let setup = world.fixed(own.clone());
    assert!(setup.is_set_up().await.unwrap());
    setup.save(&by, wanted(given(SECRET))).await.unwrap();
    setup.test(&by, address(ADMIN), Language::English, &ClientInfo::default()).await.unwrap();
    assert_eq!(own.take().len(), 1);
    assert!(world.mailers.outgoing.take().is_empty());
}

#[tokio::test]
async fn an_idle_administrator_must_reauthenticate() {
    let world = World::new();
    let actor = world.admin().await;
    world.clock.advance(Duration::minutes(5));
    let by = AdminContext::of(actor.clone()).unwrap();
    assert!(world.smtp.needs_proof(&by));
    let outcome = world.smtp.save(&by, wanted(given(SECRET))).await;
    assert!(matches!(outcome, Err(Error::ProofRequired)));

    let (actor, _) = world.sessions.confirm(&actor, &password("the first")).await.unwrap();
    let by = AdminContext::of(actor).unwrap();
    world.smtp.save(&by, wanted(given(SECRET))).await.unwrap();
}
