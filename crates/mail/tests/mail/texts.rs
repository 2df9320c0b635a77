//! Tests of all mails in all languages, compared with the files in `tests/golden`.
//!
//! After an intended change, run `UPDATE_GOLDEN=1 cargo test -p vestibule-mail` to update them.

use std::fs;
use std::path::PathBuf;

use time::macros::datetime;
use vestibule_domain::model::claims::SignedToken;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::{Content, Message};
use vestibule_domain::ports::Mailer;
use vestibule_locales::Locales;
use vestibule_mail::{Branding, DevMail, DevMailbox};

use crate::given;

fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, found).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name} differs; see the docs of texts.rs");
}

async fn render_with(branding: Branding, locales: Locales, message: &Message) -> DevMail {
    let directory = tempfile::tempdir().unwrap();
    let mailer = DevMailbox::new(branding, directory.path().to_owned(), locales).unwrap();
    mailer.send(message).await.unwrap();
    mailer.list().remove(0)
}

async fn render(branding: Branding, message: &Message) -> DevMail {
    render_with(branding, Locales::embedded(), message).await
}

/// Renders all mails in all languages.
async fn all(branding: &Branding) -> Vec<(Language, &'static str, DevMail)> {
    let mut all = Vec::new();
    for language in Language::ALL {
        for (name, content) in contents() {
            let message = given::in_language(language, given::message(content));
            all.push((language, name, render(branding.clone(), &message).await));
        }
    }
    all
}

fn contents() -> Vec<(&'static str, Content)> {
    let unknown = ClientInfo::new(Some("2001:db8::7".parse().unwrap()), Some("something else"));
    vec![
        ("welcome", Content::Welcome),
        ("reset_link", given::reset_link()),
        (
            "reset_link_over_night",
            Content::ResetLink {
                token: SignedToken::new(given::TOKEN.to_owned()),
                requested_at: datetime!(2026-11-20 23:45 UTC),
                expires_at: datetime!(2026-11-21 00:15 UTC),
                client: unknown,
            },
        ),
        ("password_changed", given::password_changed()),
        (
            "password_changed_at_the_terminal",
            Content::PasswordChanged {
                changed_at: datetime!(2026-11-20 13:40 UTC),
                client: ClientInfo::default(),
            },
        ),
        (
            "password_disabled",
            Content::PasswordDisabled {
                at: datetime!(2026-11-20 13:40 UTC),
                client: given::client(),
            },
        ),
        (
            "sign_in_after_failures",
            Content::SignInAfterFailures {
                at: datetime!(2026-11-20 13:40 UTC),
                client: given::client(),
            },
        ),
        (
            "refresh_token_reused",
            Content::RefreshTokenReused {
                at: datetime!(2026-11-20 13:40 UTC),
                client: given::client(),
            },
        ),
        ("test", Content::Test),
    ]
}

#[tokio::test]
async fn mails_equal_the_golden_files() {
    for (language, name, mail) in all(&given::branding()).await {
        let text = format!("Subject: {}\n\n{}", mail.subject, mail.text);
        golden(&format!("{language}/{name}.txt"), &text);
        golden(&format!("{language}/{name}.html"), &mail.html);
    }
}

#[tokio::test]
async fn both_parts_have_the_same_link_and_no_other() {
    for (language, name, mail) in all(&given::branding()).await {
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
        assert_eq!(links.len(), 1, "{language} {name}");
        assert_eq!(in_html, [links[0], links[0]], "{language} {name}");
        assert!(links[0].starts_with("https://id.acme.example/"), "{language} {name}");
        let expects_token = name.starts_with("reset_link");
        assert_eq!(mail.html.contains(given::TOKEN), expects_token, "{language} {name}");
    }
}

#[tokio::test]
async fn mails_contain_no_remote_and_no_active_content() {
    for (language, name, mail) in all(&given::branding()).await {
        for forbidden in ["<script", "<form", "<img", "<link", "src=", "url(", "http://", "@import"]
        {
            assert!(!mail.html.contains(forbidden), "{language} {name} {forbidden}");
        }
        assert!(mail.html.len() < 100_000, "{language} {name}");
        assert_eq!(mail.html.matches("<h1").count(), 1, "{language} {name}");
    }
}

#[tokio::test]
async fn a_mail_states_its_language_and_direction() {
    for (language, name, mail) in all(&given::branding()).await {
        let attributes = match language {
            Language::English => "lang=\"en\" dir=\"ltr\"",
            Language::German => "lang=\"de\" dir=\"ltr\"",
            Language::Arabic => "lang=\"ar\" dir=\"rtl\"",
        };
        assert!(mail.html.starts_with(&format!("<!doctype html>\n<html {attributes}")), "{name}");
        assert!(mail.html.contains(&format!("<main {attributes}>")), "{name}");
        let header = ("Content-Language".to_owned(), language.tag().to_owned());
        assert!(mail.headers.contains(&header), "{language} {name}");
        // Physical sides are wrong in one of the directions.
        for side in ["left:", "right:", "-left", "-right", ":left", ":right", "=\"left", "=\"right"]
        {
            assert!(!mail.html.contains(side), "{language} {name} {side}");
        }
        for mark in '\u{2066}'..='\u{2069}' {
            assert!(!format!("{}{}{}", mail.subject, mail.text, mail.html).contains(mark));
        }
    }
}

/// Mail programs derive the direction of a plain text paragraph from its first letter.
#[tokio::test]
async fn arabic_paragraphs_start_with_an_arabic_letter() {
    for (language, name, mail) in all(&given::branding()).await {
        let lines = mail.text.lines().chain([mail.subject.as_str()]);
        for line in lines.filter(|line| !line.is_empty() && !line.contains("://")) {
            let is_arabic = line.starts_with(|c| ('\u{621}'..='\u{64a}').contains(&c));
            assert_eq!(is_arabic, language == Language::Arabic, "{name}: {line}");
        }
    }
}

#[tokio::test]
async fn a_subject_is_short_and_contains_no_personal_data() {
    let branding = Branding::new("Vestibule", "https://id.acme.example").unwrap();
    for (language, name, mail) in all(&branding).await {
        let characters = mail.subject.chars().count();
        assert!(characters <= 50, "{language} {name}: {characters}");
        assert!(mail.subject.contains("Vestibule"), "{language} {name}");
        let is_private = mail.subject.contains("anna") || mail.subject.contains(given::TOKEN);
        assert!(!is_private, "{language} {name}");
    }
}

/// Letters outside of brackets would be from a template.
#[tokio::test]
async fn all_texts_are_from_a_catalogue() {
    let branding = Branding::new("4711", "https://id.acme.example").unwrap();
    for (name, content) in contents() {
        let message = given::message_to("1@2.example", content);
        let mail = render_with(branding.clone(), Locales::pseudo(), &message).await;
        let (_, body) = mail.html.split_once("</style>").unwrap();
        let html: String = body
            .split('<')
            .map(|piece| piece.split_once('>').map_or("", |(_, text)| text))
            .collect();
        for text in [&mail.subject, &mail.text, &html] {
            let mut depth = 0;
            for line in text.lines().filter(|line| !line.contains("://")) {
                for c in line.replace("&#8199;&#847;", "").chars() {
                    depth += i32::from(c == '[') - i32::from(c == ']');
                    assert!(depth > 0 || !c.is_alphabetic(), "{name}: {line}");
                }
            }
            assert_eq!(depth, 0, "{name}");
        }
    }
}

#[tokio::test]
async fn html_is_escaped_and_text_is_not() {
    let branding = Branding::new("R&D <Lab>", "https://id.acme.example").unwrap();
    let to = "o'neil&sons@example.com";
    let mail = render(branding, &given::message_to(to, given::reset_link())).await;
    assert_eq!(mail.subject, "Reset your R&D <Lab> password");
    assert!(mail.text.contains("the R&D <Lab> account for o'neil&sons@example.com."));
    assert!(mail.html.contains(
        "the <bdi>R&amp;D &lt;Lab&gt;</bdi> account for <strong><bdi>o&#x27;neil&amp;sons@example.com\
         </bdi></strong>"
    ));
    assert!(mail.html.contains("<title>Reset your R&amp;D &lt;Lab&gt; password</title>"));
}

#[tokio::test]
async fn phrases_have_the_direction_of_the_mail_and_names_their_own() {
    let message = given::in_language(Language::Arabic, given::message(given::reset_link()));
    let html = render(given::branding(), &message).await.html;
    assert!(html.contains("<bdi dir=\"rtl\">Firefox على Linux</bdi>"), "{html}");
    assert!(
        html.contains("<bdi>203.0.113.7</bdi>") && html.contains("<bdi>anna@example.com</bdi>")
    );
    assert!(html.contains("<a class=\"ln\" dir=\"ltr\" href="));
}

#[tokio::test]
async fn a_mail_with_an_invalid_token_is_rejected() {
    let directory = tempfile::tempdir().unwrap();
    let mailer =
        DevMailbox::new(given::branding(), directory.path().to_owned(), Locales::embedded())
            .unwrap();
    let Content::ResetLink { requested_at, expires_at, client, .. } = given::reset_link() else {
        unreachable!()
    };
    let token = SignedToken::new("a\"><script>".to_owned());
    let content = Content::ResetLink { token, requested_at, expires_at, client };
    assert!(mailer.send(&given::message(content)).await.is_err());
    assert_eq!(mailer.list(), []);
}
