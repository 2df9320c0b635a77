//! The words of every mail, compared with the ones in `tests/golden`.
//!
//! After an intended change, `UPDATE_GOLDEN=1 cargo test -p vestibule-mail` writes them anew.

use std::fs;
use std::path::PathBuf;

use time::macros::datetime;
use vestibule_domain::caller::Caller;
use vestibule_domain::mail::{Content, Message};
use vestibule_domain::ports::Mailer;
use vestibule_domain::token::SignedToken;
use vestibule_mail::{KeptMail, KeptMails, Letterhead};

use crate::given;

fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name} differs; see the head of texts.rs");
}

async fn written(letterhead: Letterhead, message: &Message) -> KeptMail {
    let directory = tempfile::tempdir().unwrap();
    let mailer = KeptMails::new(letterhead, directory.path().to_owned()).unwrap();
    mailer.send(message).await.unwrap();
    mailer.list().remove(0)
}

fn contents() -> Vec<(&'static str, Content)> {
    let stranger = Caller::new(Some("2001:db8::7".parse().unwrap()), Some("something else"));
    vec![
        ("welcome", Content::Welcome),
        ("reset_link", given::reset_link()),
        (
            "reset_link_over_night",
            Content::ResetLink {
                token: SignedToken::new(given::TOKEN.to_owned()),
                requested_at: datetime!(2026-11-20 23:45 UTC),
                expires_at: datetime!(2026-11-21 00:15 UTC),
                caller: stranger,
            },
        ),
        ("password_changed", given::password_changed()),
        (
            "password_changed_at_the_terminal",
            Content::PasswordChanged {
                changed_at: datetime!(2026-11-20 13:40 UTC),
                caller: Caller::default(),
            },
        ),
        ("test", Content::Test),
    ]
}

#[tokio::test]
async fn the_words_are_the_agreed_ones() {
    for (name, content) in contents() {
        let mail = written(given::letterhead(), &given::message(content)).await;
        golden(&format!("{name}.txt"), &format!("Subject: {}\n\n{}", mail.subject, mail.text));
        golden(&format!("{name}.html"), &mail.html);
    }
}

#[tokio::test]
async fn both_parts_carry_the_same_link_and_no_other() {
    for (name, content) in contents() {
        let mail = written(given::letterhead(), &given::message(content)).await;
        let links: Vec<&str> = mail.text.lines().filter(|line| line.contains("://")).collect();
        let in_html: Vec<&str> = mail
            .html
            .match_indices("href=\"")
            .map(|(at, mark)| mail.html[at + mark.len()..].split('"').next().unwrap())
            .collect();
        if name == "test" {
            assert!(links.is_empty() && in_html.is_empty());
            continue;
        }
        assert_eq!(links.len(), 1, "{name}");
        assert_eq!(in_html, [links[0], links[0]], "{name}");
        assert!(links[0].starts_with("https://id.acme.example/"), "{name}");
        let expects_token = name.starts_with("reset_link");
        assert_eq!(mail.html.contains(given::TOKEN), expects_token, "{name}");
    }
}

#[tokio::test]
async fn nothing_remote_and_nothing_active_is_in_a_mail() {
    for (name, content) in contents() {
        let mail = written(given::letterhead(), &given::message(content)).await;
        for forbidden in ["<script", "<form", "<img", "<link", "src=", "url(", "http://", "@import"]
        {
            assert!(!mail.html.contains(forbidden), "{name} {forbidden}");
        }
        assert!(mail.html.starts_with("<!doctype html>\n<html lang=\"en\" dir=\"ltr\""), "{name}");
        assert!(mail.html.len() < 100_000, "{name}");
        assert_eq!(mail.html.matches("<h1").count(), 1, "{name}");
    }
}

#[tokio::test]
async fn a_subject_is_short_and_says_nothing_private() {
    for (name, content) in contents() {
        let letterhead = Letterhead::new("Vestibule", "https://id.acme.example").unwrap();
        let mail = written(letterhead, &given::message(content)).await;
        assert!(mail.subject.chars().count() <= 50, "{name}");
        assert!(mail.subject.contains("Vestibule"), "{name}");
        assert!(!mail.subject.contains("anna") && !mail.subject.contains(given::TOKEN), "{name}");
    }
}

#[tokio::test]
async fn html_is_escaped_and_text_is_not() {
    let letterhead = Letterhead::new("R&D <Lab>", "https://id.acme.example").unwrap();
    let to = "o'neil&sons@example.com";
    let mail = written(letterhead, &given::message_to(to, given::reset_link())).await;
    assert_eq!(mail.subject, "Reset your R&D <Lab> password");
    assert!(mail.text.contains("the R&D <Lab> account\nfor o'neil&sons@example.com."));
    assert!(mail.html.contains(
        "the R&amp;D &lt;Lab&gt; account for <strong>o&#x27;neil&amp;sons@example.com</strong>"
    ));
}

#[tokio::test]
async fn a_token_that_is_none_makes_no_mail() {
    let directory = tempfile::tempdir().unwrap();
    let mailer = KeptMails::new(given::letterhead(), directory.path().to_owned()).unwrap();
    let Content::ResetLink { requested_at, expires_at, caller, .. } = given::reset_link() else {
        unreachable!()
    };
    let token = SignedToken::new("a\"><script>".to_owned());
    let content = Content::ResetLink { token, requested_at, expires_at, caller };
    assert!(mailer.send(&given::message(content)).await.is_err());
    assert_eq!(mailer.list(), []);
}
