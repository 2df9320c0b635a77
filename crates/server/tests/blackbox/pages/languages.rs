//! Pages and mails in the language of the user.

use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::{Browser, PASSWORD};
use crate::database::{Database, text};
use crate::on_both_databases;
use crate::people::mail_to;
use crate::service::{Service, Setup};

on_both_databases! {
    a_page_has_the_preferred_language;
    mails_are_written_in_the_recipient_s_language;
}

async fn lang(browser: &Browser<'_>, path: &str) -> String {
    let page = browser.get(path).await;
    let tag = page.html.split_once("<html lang=\"").unwrap().1.split('"').next().unwrap();
    assert_eq!(page.headers["content-language"], tag);
    assert_eq!(
        page.html.contains("dir=\"rtl\""),
        page.html.contains("<html lang=\"ar\" dir=\"rtl\"")
            || page.html.contains("lang=\"ar\" dir=\"rtl\"")
    );
    tag.to_owned()
}

async fn a_page_has_the_preferred_language(database: Database) {
    let service = Setup::on(database).start().await;
    for (accepted, expected) in
        [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,ar;q=0.5", "ar"), ("fr", "en"), ("", "en")]
    {
        let browser = Browser::of(&service).preferring(accepted);
        assert_eq!(lang(&browser, "/login").await, expected, "{accepted}");
    }
    let browser = Browser::of(&service).preferring("de");
    assert_eq!(lang(&browser, "/login?lang=ar").await, "ar");
    assert_eq!(lang(&browser, "/signup").await, "ar", "the choice is kept");
    assert_eq!(lang(&browser, "/signup?lang=xx").await, "ar");
    let fields = [("language", "en"), ("back", "/password-reset")];
    browser.submit("/preferences/language", &fields).await.leads_to("/password-reset");
    assert_eq!(lang(&browser, "/password-reset").await, "en");
    let page = browser.submit("/password-reset", &[("email", "")]).await;
    page.says(422, "Enter your e-mail address");
    let fields = [("theme", "dark"), ("back", "/login")];
    browser.submit("/preferences/theme", &fields).await.leads_to("/login");
    browser.get("/login").await.says(200, "data-theme=\"dark\"");
}

async fn mails_are_written_in_the_recipient_s_language(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    let email = "anna@example.com";
    let browser = Browser::of(&service).preferring("de");
    browser.get("/signup").await;
    let fields = [("email", email), ("username", "anna"), ("password", PASSWORD)];
    browser.submit("/signup", &fields).await.leads_to("/account");
    mail_to(&smtp, email, "Willkommen bei Vestibule").await;
    assert_eq!(language_of(&service).await, "de");

    // The mail uses the language of its recipient, not of the request.
    let stranger = Browser::of(&service).preferring("ar");
    stranger.get("/password-reset").await;
    stranger.submit("/password-reset", &[("email", email)]).await;
    mail_to(&smtp, email, "Vestibule: Passwort zurücksetzen").await;

    browser.get("/account").await;
    let fields = [("language", "en"), ("back", "/account")];
    browser.submit("/preferences/language", &fields).await.leads_to("/account");
    assert_eq!(language_of(&service).await, "en");
    let fields = [
        ("current_password", PASSWORD),
        ("password", "another horse"),
        ("password_confirm", "another horse"),
    ];
    browser.submit("/account/password", &fields).await.leads_to("/account");
    mail_to(&smtp, email, "Your Vestibule password was changed").await;
}

async fn language_of(service: &Service) -> String {
    text(&service.database().await, "SELECT language FROM users").await
}
