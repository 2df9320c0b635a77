//! The whole user journey: sign up, sign in, request a reset, receive the mail, reset, sign in again,
//! change the password. All messages are compared with the contract.

use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::Database;
use crate::on_both_databases;
use crate::people::{CHANGED, RESET, WELCOME, mail_to, mails_to, reset_token};
use crate::service::{PUBLIC_URL, Service, Setup};

on_both_databases! {
    a_person_gets_in_forgets_and_gets_back_in;
    the_journey_over_an_encrypted_smtp_server;
    the_front_end_door_leads_to_the_same_rooms;
}

async fn a_person_gets_in_forgets_and_gets_back_in(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    travel(&service, &smtp).await;
    for session in smtp.sessions() {
        assert_eq!(session.violations, Vec::<String>::new());
    }
}

async fn the_journey_over_an_encrypted_smtp_server(database: Database) {
    let behaviour = Behaviour::accept().with_starttls().with_login("smtp-user", "smtp-password");
    let smtp = SmtpSink::start(behaviour).await;
    let data = tempfile::tempdir().unwrap();
    let ca_file = data.path().join("ca.pem");
    std::fs::write(&ca_file, SmtpSink::ca_pem()).unwrap();
    let setup = Setup::on(database)
        .mailing_to(&smtp)
        .with("VESTIBULE_MAIL__SECURITY", "starttls")
        .with("VESTIBULE_MAIL__USERNAME", "smtp-user")
        .with("VESTIBULE_MAIL__PASSWORD", "smtp-password")
        .with("VESTIBULE_MAIL__CA_FILE", ca_file.to_str().unwrap());
    let service = setup.start_in(data).await;
    travel(&service, &smtp).await;
    for session in smtp.sessions() {
        let clear = String::from_utf8_lossy(&session.clear).to_uppercase();
        assert!(!clear.contains("AUTH") && !clear.contains("MAIL FROM"), "{clear}");
    }
}

/// The whole journey.
pub(crate) async fn travel(service: &Service, smtp: &SmtpSink) {
    let email = "anna@example.com";
    let (first, second, third) =
        ("the first password", "the second password", "the third password");

    let signed_up = service.sign_up(email, first).await;
    assert_eq!(signed_up.status, 201, "{signed_up:?}");
    assert_eq!(signed_up.body["token_type"], "bearer");
    assert_eq!(signed_up.body["expires_in"], 900);
    assert!(signed_up.token().starts_with("v4.public."));
    let user = &signed_up.body["user"];
    assert_eq!((&user["email"], &user["username"]), (&email.into(), &"anna".into()));
    assert_eq!((&user["is_active"], &user["is_admin"]), (&true.into(), &false.into()));
    service.sign_up(email, first).await.is(400, "Email already registered");
    service.sign_up("anna@example.net", first).await.is(400, "Username already taken");
    mail_to(smtp, email, WELCOME).await;

    service.sign_in(email, "not the password").await.is(401, "Invalid email or password");
    let signed_in = service.sign_in(" ANNA@Example.Com ", first).await;
    assert_eq!(signed_in.status, 200, "{signed_in:?}");
    let session = signed_in.token();
    assert_eq!(service.me(&session).await.body, *user);

    let token = reset_token(service, smtp, email).await;
    let mail = mail_to(smtp, email, RESET).await;
    assert_eq!(mail.link().unwrap(), format!("{PUBLIC_URL}/reset-password?token={token}"));
    assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
    assert!(service.verify(&token).await);
    assert!(service.verify(&token).await, "looking changes nothing");

    assert_eq!(service.reset(&token, "short").await.status, 422);
    let reused = service.reset(&token, first).await;
    assert_eq!(reused.status, 422);
    assert_eq!(reused.body["errors"][0]["code"], "password_reused");
    assert_eq!(reused.body["errors"][0]["field"], "new_password");
    service.reset(&token, second).await.is(200, "Password reset successfully");
    assert!(!service.verify(&token).await);
    service.reset(&token, third).await.is(400, "Invalid or expired token");
    mails_to(smtp, email, CHANGED, 1).await;

    service.sign_in(email, first).await.is(401, "Invalid email or password");
    for old in [&session, &signed_up.token()] {
        assert_eq!(service.me(old).await.status, 401, "a reset ends every session");
    }

    let here = service.sign_in(email, second).await.token();
    let elsewhere = service.sign_in(email, second).await.token();
    service.change(&here, "not the password", third).await.is(400, "Incorrect current password");
    assert_eq!(service.change(&here, second, second).await.status, 422);
    service.change(&here, second, third).await.is(200, "Password changed successfully");
    assert_eq!(service.me(&here).await.status, 200, "a change keeps the session it came from");
    assert_eq!(service.me(&elsewhere).await.status, 401, "and ends all others");
    mails_to(smtp, email, CHANGED, 2).await;

    let last = service.sign_in(email, third).await.token();
    let signed_out = service.post_as(&last, "/api/v1/auth/signout", serde_json::json!({})).await;
    assert_eq!(signed_out.status, 204);
    assert_eq!(service.me(&last).await.status, 401);
    assert_eq!(service.me(&here).await.status, 200, "signing out ends one session");
}

async fn the_front_end_door_leads_to_the_same_rooms(database: Database) {
    use serde_json::json;
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    service.sign_up("ben@example.com", "the first password").await;

    let asked =
        service.post("/password-reset/request", json!({ "email": "ben@example.com" })).await;
    asked.is(200, crate::people::REQUESTED);
    let token = mail_to(&smtp, "ben@example.com", RESET).await.token().unwrap().to_owned();
    assert!(service.verify(&token).await);
    assert_eq!(service.get("/password-reset/verify").await.body["valid"], false);
    assert_eq!(service.get("/password-reset/verify?token=nonsense").await.body["valid"], false);

    let weak = json!({ "token": token, "password": "short" });
    let refused = service.post("/password-reset/reset", weak).await;
    assert_eq!((refused.status, &refused.body["errors"][0]["field"]), (422, &json!("password")));
    let reset = json!({ "token": token, "password": "the second password" });
    service
        .post("/password-reset/reset", reset.clone())
        .await
        .is(200, "Password reset successfully");
    service.post("/password-reset/reset", reset).await.is(400, "Invalid or expired token");
    assert_eq!(service.sign_in("ben@example.com", "the second password").await.status, 200);
}
