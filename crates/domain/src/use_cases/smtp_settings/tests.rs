//! Rules for the SMTP password and for changes of the settings.

use std::num::NonZeroU16;

use time::Duration;

use super::*;
use crate::fixtures::a_user;
use crate::model::client::ClientInfo;
use crate::model::email::EmailAddress;
use crate::model::language::Language;
use crate::model::policy::SessionPolicy;
use crate::model::smtp_settings::{SmtpHost, SmtpSecurity};
use crate::model::user::User;
use crate::ports::mocks::{Scene, a_unit};
use crate::ports::{MockMailer, MockMailers};
use crate::use_cases::authenticated_session::AuthenticatedSession;
use zeroize::Zeroizing;

fn admin(authenticated_ago: Duration) -> AdminContext {
    let mut actor = AuthenticatedSession::of(User { is_admin: true, ..a_user() });
    actor.session.authenticated_at = OffsetDateTime::UNIX_EPOCH - authenticated_ago;
    AdminContext::of(actor).unwrap()
}

fn wanted(host: &str, password: NewPassword) -> UpdateSmtpSettings {
    UpdateSmtpSettings {
        host: SmtpHost::parse(host).unwrap(),
        port: NonZeroU16::new(587).unwrap(),
        security: SmtpSecurity::StartTls,
        username: Some("mailer".to_owned()),
        password,
        from_address: EmailAddress::parse("no-reply@example.com").unwrap(),
        from_name: None,
    }
}

fn kept() -> StoredSmtpSettings {
    let UpdateSmtpSettings { host, port, security, from_address, .. } =
        wanted("smtp.example.com", NewPassword::Keep);
    StoredSmtpSettings {
        smtp: SmtpSettings {
            host,
            port,
            security,
            credentials: None,
            from_address,
            from_name: None,
        },
        sealed_credentials: Some(SealedSmtpCredentials {
            username: "mailer".to_owned(),
            password: "sealed".to_owned(),
        }),
        saved_at: OffsetDateTime::UNIX_EPOCH,
        tested: None,
    }
}

fn scene() -> Scene {
    let mut scene = Scene::default();
    scene.store.expect_find_smtp_settings().returning(|| Ok(Some(kept())));
    scene.sealer.expect_seal().returning(|_, text| Ok(format!("sealed {text}")));
    scene.sealer.expect_open().returning(|_, _| Some(Zeroizing::new("open sesame".to_owned())));
    scene
}

fn setup(scene: Scene, configured: Configured) -> SmtpAdministration {
    let mut mailers = MockMailers::new();
    mailers.expect_mailer().returning(|_| Ok(Arc::new(MockMailer::new()) as Arc<dyn Mailer>));
    SmtpAdministration::new(scene.ports(), Policy::default(), Arc::new(mailers), configured)
}

fn saves(scene: &mut Scene, expected: &'static str) {
    let mut unit = a_unit();
    unit.expect_lock_users().once().returning(|_| Ok(vec![User { is_admin: true, ..a_user() }]));
    unit.expect_save_smtp_settings()
        .once()
        .withf(move |smtp| smtp.sealed_credentials.as_ref().is_some_and(|c| c.password == expected))
        .returning(|_| Ok(()));
    unit.expect_commit().once().returning(|| Ok(()));
    scene.opens(unit);
}

fn codes(outcome: Result<MailSettings, Error>) -> Vec<(&'static str, &'static str)> {
    match outcome {
        Err(Error::InvalidInput(violations)) => {
            violations.iter().map(|v| (v.field, v.rule.code())).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_kept_password_stays_where_it_was_given_for() {
    let mut scene = scene();
    // Sealed again, so that an older key can be retired.
    saves(&mut scene, "sealed open sesame");
    let setup = setup(scene, Configured::Nothing);
    let unchanged = wanted("smtp.example.com", NewPassword::Keep);
    let shown = setup.save(&admin(Duration::ZERO), unchanged).await.unwrap();
    assert!(shown.has_password);
    assert!(!format!("{shown:?}").contains("sesame"));
}

#[tokio::test]
async fn a_password_is_given_again_when_it_would_go_elsewhere() {
    let base = || wanted("smtp.example.com", NewPassword::Keep);
    let elsewhere = [
        wanted("smtp.attacker.example", NewPassword::Keep),
        UpdateSmtpSettings { port: NonZeroU16::new(2525).unwrap(), ..base() },
        UpdateSmtpSettings { security: SmtpSecurity::Tls, ..base() },
        UpdateSmtpSettings { username: Some("other".to_owned()), ..base() },
    ];
    for wanted in elsewhere {
        let mut scene = scene();
        scene.store.expect_begin().never();
        let setup = setup(scene, Configured::Nothing);
        let outcome = setup.save(&admin(Duration::ZERO), wanted).await;
        assert_eq!(codes(outcome), [("password", "relay_password_required")]);
    }
    let mut scene = scene();
    saves(&mut scene, "sealed new word");
    let given = NewPassword::Set(SmtpPassword::new("new word".to_owned()));
    let setup = setup(scene, Configured::Nothing);
    setup.save(&admin(Duration::ZERO), wanted("smtp.other.example", given)).await.unwrap();
}

#[tokio::test]
async fn an_old_proof_of_identity_changes_nothing() {
    let ttl = SessionPolicy::default().proof_ttl;
    let mut scene = scene();
    scene.store.expect_begin().never();
    let setup = setup(scene, Configured::Nothing);
    assert!(!setup.needs_proof(&admin(ttl - Duration::SECOND)));
    let outcome = setup.save(&admin(ttl), wanted("smtp.example.com", NewPassword::Keep)).await;
    assert!(matches!(outcome, Err(Error::ProofRequired)), "{outcome:?}");
}

#[tokio::test]
async fn what_the_configuration_says_stays() {
    let mut scene = scene();
    scene.store.expect_begin().never();
    let smtp = kept().smtp;
    let setup = setup(scene, Configured::Smtp(smtp.clone(), Arc::new(MockMailer::new())));
    let by = admin(Duration::ZERO);
    let shown = setup.show(&by).await.unwrap();
    assert!(shown.is_set_by_configuration() && shown.smtp == Some(smtp));
    let outcome = setup.save(&by, wanted("smtp.example.com", NewPassword::Keep)).await;
    assert!(matches!(outcome, Err(Error::SetByConfiguration)), "{outcome:?}");
}

#[tokio::test]
async fn credentials_do_not_travel_in_the_clear() {
    let mut scene = scene();
    scene.store.expect_begin().never();
    let setup = setup(scene, Configured::Nothing);
    let given = NewPassword::Set(SmtpPassword::new("word".to_owned()));
    let clear =
        UpdateSmtpSettings { security: SmtpSecurity::None, ..wanted("smtp.example.com", given) };
    let outcome = setup.save(&admin(Duration::ZERO), clear).await;
    assert_eq!(codes(outcome), [("security", "relay_unencrypted")]);
}

#[tokio::test]
async fn a_mailer_is_made_once_for_each_description() {
    let scene = scene();
    let mut mailers = MockMailers::new();
    mailers
        .expect_mailer()
        .once()
        .withf(|smtp| {
            smtp.credentials.as_ref().is_some_and(|c| c.password().expose() == "open sesame")
        })
        .returning(|_| Ok(Arc::new(MockMailer::new()) as Arc<dyn Mailer>));
    let setup = SmtpAdministration::new(
        scene.ports(),
        Policy::default(),
        Arc::new(mailers),
        Configured::Nothing,
    );
    assert!(setup.mailer().await.unwrap().is_some());
    assert!(setup.mailer().await.unwrap().is_some());
}

#[tokio::test]
async fn without_an_smtp_server_there_is_nothing_to_test() {
    let mut scene = Scene::default();
    scene.store.expect_find_smtp_settings().returning(|| Ok(None));
    let setup = setup(scene, Configured::Nothing);
    assert!(!setup.is_set_up().await.unwrap());
    let to = EmailAddress::parse("admin@example.com").unwrap();
    let by = admin(Duration::ZERO);
    let outcome = setup.test(&by, to, Language::English, &ClientInfo::default()).await;
    assert!(matches!(outcome, Err(Error::MailNotSetUp)), "{outcome:?}");
}

#[tokio::test]
async fn a_password_whose_key_is_gone_is_asked_for_and_nothing_else_breaks() {
    let mut scene = Scene::default();
    scene.store.expect_find_smtp_settings().returning(|| Ok(Some(kept())));
    scene.sealer.expect_open().returning(|_, _| None);
    scene.store.expect_begin().never();
    let setup = setup(scene, Configured::Nothing);
    let by = admin(Duration::ZERO);
    assert!(setup.show(&by).await.unwrap().is_password_lost);
    let outcome = setup.save(&by, wanted("smtp.example.com", NewPassword::Keep)).await;
    assert_eq!(codes(outcome), [("password", "relay_password_lost")]);
}

#[tokio::test]
async fn what_nothing_can_be_sent_through_is_not_kept() {
    let mut scene = scene();
    scene.store.expect_begin().never();
    let mut mailers = MockMailers::new();
    mailers.expect_mailer().returning(|_| Err("no trust anchors".into()));
    let setup = SmtpAdministration::new(
        scene.ports(),
        Policy::default(),
        Arc::new(mailers),
        Configured::Nothing,
    );
    let given = NewPassword::Set(SmtpPassword::new("word".to_owned()));
    let outcome = setup.save(&admin(Duration::ZERO), wanted("smtp.example.com", given)).await;
    assert!(matches!(outcome, Err(Error::Internal(_))), "{outcome:?}");
}
