//! Administration of accounts.

use time::Duration;
use vestibule_domain::error::Error;
use vestibule_domain::model::mail::{Content, MailKind, MailState};
use vestibule_domain::model::user::UserFilter;
use vestibule_domain::model::username::Username;
use vestibule_domain::ports::MailError;
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_domain::use_cases::administration::NewUser;

use crate::world::{ADMIN, ANNA, World, address, operator, password, token_of};

#[tokio::test]
async fn a_deactivated_account_cannot_sign_in_until_it_is_activated() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    world.administration.deactivate(&operator(), &signed_in.user).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::AccountInactive)));
    assert!(matches!(world.sign_in(ANNA, "the first").await, Err(Error::AccountInactive)));
    assert!(matches!(world.sign_in(ANNA, "wrong").await, Err(Error::InvalidCredentials)));

    world.administration.activate(&operator(), &signed_in.user).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::Unauthenticated)));
    world.sign_in(ANNA, "the first").await.unwrap();
}

#[tokio::test]
async fn a_deleted_account_is_gone_and_its_address_is_free() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    world.administration.delete(&operator(), signed_in.user.id).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::UserNotFound)));
    let again = world.sign_up(ANNA, "the second").await;
    assert_ne!(again.user.id, signed_in.user.id);
}

#[tokio::test]
async fn a_password_set_by_an_administrator_ends_sessions_and_is_mailed() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let token = world.link(ANNA).await;
    let new = password("the second");
    world.administration.set_password(&operator(), &signed_in.user, &new).await.unwrap();
    assert!(matches!(world.actor(&signed_in).await, Err(Error::Unauthenticated)));
    assert!(!world.recovery.verify(&token).await.unwrap());
    world.sign_in(ANNA, "the second").await.unwrap();
    let mails = world.work().await;
    assert!(mails.iter().any(|mail| matches!(mail.content, Content::PasswordChanged { .. })));
}

#[tokio::test]
async fn a_link_created_by_an_operator_works_once_and_supersedes() {
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
async fn an_account_without_a_password_gets_one_with_a_reset_link() {
    let world = World::new();
    let username = Username::parse("anna").unwrap();
    let new = NewUser { email: address(ANNA), username, password: None, is_admin: true };
    let user = world.administration.create(&operator(), new).await.unwrap();
    assert!(user.is_admin);
    assert!(matches!(world.sign_in(ANNA, "anything").await, Err(Error::InvalidCredentials)));
    let token = world.link(ANNA).await;
    world.reset(&token, "the first").await.unwrap();
    world.sign_in(ANNA, "the first").await.unwrap();
    let admins =
        world.administration.list(&operator(), &UserFilter::admins(), None, 10).await.unwrap();
    assert_eq!(admins.len(), 1);
}

/// The context of an administrator with a browser session.
async fn authority(world: &World) -> AdminContext {
    AdminContext::of(world.admin().await).unwrap()
}

#[tokio::test]
async fn a_user_is_not_an_administrator() {
    let world = World::new();
    let signed_in = world.sign_up(ANNA, "the first").await;
    let actor = world.actor(&signed_in).await.unwrap();
    assert!(matches!(AdminContext::of(actor), Err(Error::Forbidden)));
}

#[tokio::test]
async fn an_administrator_finds_users_by_a_part_of_their_address_or_username() {
    let world = World::new();
    let by = authority(&world).await;
    for email in [ANNA, "ben@example.com", "Joanna@Example.org"] {
        world.clock.advance(Duration::SECOND);
        world.sign_up(email, "the first").await;
    }
    for (text, found) in [
        ("ANNA", vec![ANNA, "Joanna@example.org"]),
        ("ben-USER", vec!["ben@example.com"]),
        ("example.org", vec!["Joanna@example.org"]),
        ("%", vec![]),
        ("a_na", vec![]),
        (" ", vec![ADMIN, ANNA, "ben@example.com", "Joanna@example.org"]),
    ] {
        let filter = UserFilter::containing(text);
        let users = world.administration.list(&by, &filter, None, 10).await.unwrap();
        let addresses: Vec<&str> = users.iter().map(|user| user.email.as_str()).collect();
        assert_eq!(addresses, found, "{text:?}");
    }
}

#[tokio::test]
async fn an_administrator_deactivates_an_account_and_ends_sessions() {
    let world = World::new();
    let by = authority(&world).await;
    let program = world.sign_up(ANNA, "the first").await;
    let browser = world.browse(ANNA, "the first").await;
    world.administration.end_sessions(&by, &program.user).await.unwrap();
    assert!(matches!(world.actor(&program).await, Err(Error::Unauthenticated)));
    assert!(matches!(world.browser_session(&browser).await, Err(Error::Unauthenticated)));
    let again = world.browse(ANNA, "the first").await;

    world.administration.deactivate(&by, &world.user(ANNA).await).await.unwrap();
    assert!(matches!(world.browser_session(&again).await, Err(Error::Unauthenticated)));
    assert!(matches!(world.sign_in(ANNA, "the first").await, Err(Error::AccountInactive)));
}

#[tokio::test]
async fn an_administrator_sends_a_link_that_only_the_user_receives() {
    let world = World::new();
    let by = authority(&world).await;
    let user = world.sign_up(ANNA, "the first").await.user;
    world.work().await;
    world.administration.send_reset(&by, &user).await.unwrap();
    let sent = world.work().await;
    assert_eq!((sent.len(), sent[0].to.as_str()), (1, ANNA));
    world.reset(&token_of(&sent[0]).unwrap(), "the second").await.unwrap();

    world.administration.deactivate(&by, &world.user(ANNA).await).await.unwrap();
    let refused = world.administration.send_reset(&by, &world.user(ANNA).await).await;
    assert!(matches!(refused, Err(Error::AccountInactive)));
}

#[tokio::test]
async fn a_mail_that_failed_is_sent_again() {
    let world = World::new();
    let by = authority(&world).await;
    world.sign_up(ANNA, "the first").await;
    world.outgoing.fail_next(MailError::Permanent("550 mailbox full".into()));
    assert!(world.work().await.is_empty());
    let mails = world.administration.mails(&by, None, 10).await.unwrap();
    assert_eq!((mails[0].kind, mails[0].to.as_str()), (MailKind::Welcome, ANNA));
    assert!(matches!(mails[0].state, MailState::Failed { .. }));
    assert_eq!(mails[0].last_error.as_deref(), Some("550 mailbox full"));

    world.administration.resend(&by, mails[0].id).await.unwrap();
    let sent = world.work().await;
    assert_eq!((sent.len(), sent[0].id), (1, mails[0].id));
    let mails = world.administration.mails(&by, None, 10).await.unwrap();
    assert!(matches!(mails[0].state, MailState::Sent { .. }));
    assert_eq!((mails[0].attempts, &mails[0].last_error), (1, &None));
}

#[tokio::test]
async fn a_claimed_mail_and_an_invalid_link_are_not_sent_again() {
    let world = World::new();
    let by = authority(&world).await;
    world.sign_up(ANNA, "the first").await;
    let claims = world.dispatcher.claim(1).await.unwrap();
    let outcome = world.administration.resend(&by, claims[0].mail_id()).await;
    assert!(matches!(outcome, Err(Error::NotFound)));

    let token = world.link(ANNA).await;
    world.reset(&token, "the second").await.unwrap();
    world.work().await;
    let mails = world.administration.mails(&by, None, 10).await.unwrap();
    let link = mails.iter().find(|mail| mail.kind == MailKind::ResetLink).unwrap();
    world.administration.resend(&by, link.id).await.unwrap();
    assert!(world.work().await.iter().all(|message| token_of(message).is_none()));
    let mails = world.administration.mails(&by, None, 10).await.unwrap();
    let link = mails.iter().find(|mail| mail.kind == MailKind::ResetLink).unwrap();
    assert!(matches!(link.state, MailState::Withdrawn { .. }));
}

#[tokio::test]
async fn an_administrator_cannot_deactivate_themselves_but_an_operator_can() {
    let world = World::new();
    let by = authority(&world).await;
    let own = world.user(ADMIN).await;
    let administration = &world.administration;
    for outcome in [
        administration.deactivate(&by, &own).await,
        administration.end_sessions(&by, &own).await,
        administration.set_admin(&by, &own, false).await,
        administration.delete(&by, own.id).await,
    ] {
        assert!(matches!(outcome, Err(Error::OwnAccount)));
    }
    assert_eq!(world.user(ADMIN).await, own);
    administration.set_admin(&operator(), &own, false).await.unwrap();
    assert!(!world.user(ADMIN).await.is_admin);
}

#[tokio::test]
async fn a_former_administrator_cannot_send_mails() {
    let world = World::new();
    let by = AdminContext::of(world.admin().await).unwrap();
    let anna = world.sign_up(ANNA, "the first").await.user;
    let mail = world.administration.mails(&by, None, 1).await.unwrap().remove(0);
    let admin = world.user(ADMIN).await;
    world.administration.set_admin(&operator(), &admin, false).await.unwrap();
    let resent = world.administration.resend(&by, mail.id).await;
    assert!(matches!(resent, Err(Error::Forbidden)), "{resent:?}");
    let sent = world.administration.send_reset(&by, &anna).await;
    assert!(matches!(sent, Err(Error::Forbidden)), "{sent:?}");
}
