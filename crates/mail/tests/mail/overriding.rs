//! Templates and texts of an operator in place of ours.

use std::error::Error;
use std::fs;

use vestibule_domain::language::Language;
use vestibule_domain::mail::Content;
use vestibule_domain::ports::Mailer;
use vestibule_locales::Locales;
use vestibule_mail::{KeptMail, KeptMails, SettingsError, check_templates};

use crate::given;

/// What is written with some templates of one's own.
async fn written(templates: &[(&str, &str)], locales: Locales) -> Result<KeptMail, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("templates");
    fs::create_dir(&place).unwrap();
    for (name, source) in templates {
        fs::write(place.join(name), source).unwrap();
    }
    let letterhead = given::letterhead().with_templates(place);
    let mailer = KeptMails::new(letterhead, directory.path().join("mails"), locales)?;
    let message = given::in_language(Language::German, given::message(Content::Welcome));
    mailer.send(&message).await.unwrap();
    Ok(mailer.list().remove(0))
}

async fn refused(templates: &[(&str, &str)]) -> String {
    let error = written(templates, Locales::embedded()).await.unwrap_err();
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[tokio::test]
async fn one_template_is_replaced_and_the_others_stay() {
    let own = "Subject: Hi {{ email }}\nPreview: x\n\n{{ t(\"mailWelcome.button\") }} {{ link }}\n";
    let templates = [("welcome.txt", own), ("README.md", "not a template")];
    let mail = written(&templates, Locales::embedded()).await.unwrap();
    assert_eq!(mail.subject, "Hi anna@example.com");
    assert_eq!(mail.text, "Anmelden https://id.acme.example/login\n");
    assert!(mail.html.contains("Willkommen bei <bdi>Acme</bdi></h1>"));

    let frame = "<p dir={{ direction }}>{% block lead %}{% endblock %}</p>";
    let mail = written(&[("layout.html", frame)], Locales::embedded()).await.unwrap();
    assert!(mail.html.starts_with("<p dir=ltr>Ihr <bdi>Acme</bdi>-Konto"), "{}", mail.html);
}

#[tokio::test]
async fn a_broken_template_is_refused_with_its_file_and_line() {
    let heading = "Subject: a\nPreview: b\n\n";
    for (name, source, place, problem) in [
        ("test.html", "a\n{% if %}\n", "templates/test.html, line 2: ", "syntax error"),
        ("test.txt", "{{ prodct }}", "templates/test.txt, line 1: ", "undefined"),
        ("layout.html", "a\n\n{{ t(\"mailTest.haeding\") }}", "layout.html, line 3: ", "no text"),
        ("test.html", "\n{{ t(\"mailTest.origin\", at=at) }}", "test.html, line 2: ", "{$route}"),
        ("test.html", "{{ t(\"mailTest.origin\", at=at, route=x) }}", "line 1: ", "undefined"),
        ("test.txt", "Betreff: a\n\nb", "templates/test.txt, line 1: ", "its subject"),
    ] {
        let error = refused(&[(name, source)]).await;
        assert!(error.contains(place) && error.contains(problem), "{error}");
    }
    let late = format!("{heading}{{% if ip %}}\n{{{{ nothing }}}}{{% endif %}}");
    let error = refused(&[("reset_link.txt", &late)]).await;
    assert!(error.contains("reset_link.txt, line 5: "), "{error}");
    let error = refused(&[("wellcome.txt", heading)]).await;
    assert!(error.ends_with("wellcome.txt is named after no mail template"), "{error}");
}

#[tokio::test]
async fn templates_that_cannot_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let letterhead = given::letterhead().with_templates(directory.path().join("none"));
    let made = KeptMails::new(letterhead, directory.path().to_owned(), Locales::embedded());
    assert!(made.unwrap_err().to_string().ends_with("none cannot be read"));
}

#[tokio::test]
async fn a_text_that_fits_no_subject_is_noticed_at_start() {
    let directory = tempfile::tempdir().unwrap();
    let write = |text: &str| {
        fs::create_dir_all(directory.path().join("de")).unwrap();
        fs::write(directory.path().join("de/own.ftl"), text).unwrap();
        Locales::with_overrides(directory.path()).unwrap()
    };
    let two_lines = write("mailWelcome =\n    .subject = one\n        two\n");
    let error = written(&[], two_lines).await.unwrap_err();
    assert!(matches!(error, SettingsError::TemplateHeading { .. }), "{error}");

    let greeting =
        write("mailWelcome =\n    .subject = Hallo!\n    .heading = <b>{ $product }</b>\n");
    let mail = written(&[], greeting).await.unwrap();
    assert_eq!(mail.subject, "Hallo!");
    assert!(mail.html.contains("&lt;b&gt;<bdi>Acme</bdi>&lt;&#x2f;b&gt;</h1>"), "{}", mail.html);
}

#[test]
fn templates_are_tried_without_a_relay() {
    let directory = tempfile::tempdir().unwrap();
    let letterhead = given::letterhead().with_templates(directory.path().to_owned());
    let check = |locales: &Locales| check_templates(&letterhead, locales);
    assert!(check(&Locales::embedded()).is_ok());
    // What parses can still be wrong where few mails come by.
    for (name, source) in [
        ("test.html", "{% if %}"),
        ("reset_link.html", "{% if not ip %}{{ nothing }}{% endif %}"),
        ("password_disabled.html", "{% if not ip %}{{ nothing }}{% endif %}"),
        ("sign_in_after_failures.html", "{% if not ip %}{{ nothing }}{% endif %}"),
        ("refresh_token_reused.html", "{% if ip %}{{ nothing }}{% endif %}"),
        ("layout.html", "{% if language == \"ar\" %}{{ nothing }}{% endif %}"),
    ] {
        let file = directory.path().join(name);
        fs::write(&file, source).unwrap();
        let refused = check(&Locales::embedded()).unwrap_err();
        assert!(matches!(refused, SettingsError::Template { .. }), "{refused}");
        assert!(refused.to_string().contains(name), "{refused}");
        fs::remove_file(&file).unwrap();
    }
}
