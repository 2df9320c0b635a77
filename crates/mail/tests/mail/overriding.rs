//! Tests of templates and texts that the operator overrides.

use std::error::Error;
use std::fs;

use vestibule_domain::model::language::Language;
use vestibule_domain::model::mail::Content;
use vestibule_domain::ports::Mailer;
use vestibule_locales::Locales;
use vestibule_mail::{DevMail, DevMailbox, SettingsError, check_templates};

use crate::given;

/// Renders a mail with overriding templates and texts.
async fn render(templates: &[(&str, &str)], locales: Locales) -> Result<DevMail, SettingsError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("templates");
    fs::create_dir(&path).unwrap();
    for (name, source) in templates {
        fs::write(path.join(name), source).unwrap();
    }
    let branding = given::branding().with_templates(path);
    let mailer = DevMailbox::new(branding, directory.path().join("mails"), locales)?;
    let message = given::in_language(Language::German, given::message(Content::Welcome));
    mailer.send(&message).await.unwrap();
    Ok(mailer.list().remove(0))
}

async fn render_error(templates: &[(&str, &str)]) -> String {
    let error = render(templates, Locales::embedded()).await.unwrap_err();
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[tokio::test]
async fn templates_are_overridden_separately() {
    let own = "Subject: Hi {{ email }}\nPreview: x\n\n{{ t(\"mailWelcome.button\") }} {{ link }}\n";
    let templates = [("welcome.txt", own), ("README.md", "not a template")];
    let mail = render(&templates, Locales::embedded()).await.unwrap();
    assert_eq!(mail.subject, "Hi anna@example.com");
    assert_eq!(mail.text, "Anmelden https://id.acme.example/login\n");
    assert!(mail.html.contains("Willkommen bei <bdi>Acme</bdi></h1>"));

    let layout = "<p dir={{ direction }}>{% block lead %}{% endblock %}</p>";
    let mail = render(&[("layout.html", layout)], Locales::embedded()).await.unwrap();
    assert!(mail.html.starts_with("<p dir=ltr>Ihr <bdi>Acme</bdi>-Konto"), "{}", mail.html);
}

#[tokio::test]
async fn the_error_for_an_invalid_template_contains_the_file_and_the_line() {
    let heading = "Subject: a\nPreview: b\n\n";
    for (name, source, place, problem) in [
        ("test.html", "a\n{% if %}\n", "templates/test.html, line 2: ", "syntax error"),
        ("test.txt", "{{ prodct }}", "templates/test.txt, line 1: ", "undefined"),
        ("layout.html", "a\n\n{{ t(\"mailTest.haeding\") }}", "html, line 3: ", "unknown text"),
        ("test.html", "\n{{ t(\"mailTest.origin\", at=at) }}", "test.html, line 2: ", "{$route}"),
        ("test.html", "{{ t(\"mailTest.origin\", at=at, route=x) }}", "line 1: ", "undefined"),
        ("test.txt", "Betreff: a\n\nb", "templates/test.txt, line 1: ", "its subject"),
    ] {
        let error = render_error(&[(name, source)]).await;
        assert!(error.contains(place) && error.contains(problem), "{error}");
    }
    let late = format!("{heading}{{% if ip %}}\n{{{{ nothing }}}}{{% endif %}}");
    let error = render_error(&[("reset_link.txt", &late)]).await;
    assert!(error.contains("reset_link.txt, line 5: "), "{error}");
    let error = render_error(&[("wellcome.txt", heading)]).await;
    assert!(error.ends_with("wellcome.txt is not the name of a mail template"), "{error}");
}

#[tokio::test]
async fn the_error_for_unreadable_templates_contains_the_path() {
    let directory = tempfile::tempdir().unwrap();
    let branding = given::branding().with_templates(directory.path().join("none"));
    let outcome = DevMailbox::new(branding, directory.path().to_owned(), Locales::embedded());
    let error = outcome.unwrap_err().to_string();
    assert!(error.starts_with("cannot read ") && error.ends_with("none"), "{error}");
}

#[tokio::test]
async fn a_text_that_is_not_valid_in_a_subject_is_rejected_at_startup() {
    let directory = tempfile::tempdir().unwrap();
    let write = |text: &str| {
        fs::create_dir_all(directory.path().join("de")).unwrap();
        fs::write(directory.path().join("de/own.ftl"), text).unwrap();
        Locales::with_overrides(directory.path()).unwrap()
    };
    let two_lines = write("mailWelcome =\n    .subject = one\n        two\n");
    let error = render(&[], two_lines).await.unwrap_err();
    assert!(matches!(error, SettingsError::TemplateHeading { .. }), "{error}");

    let greeting =
        write("mailWelcome =\n    .subject = Hallo!\n    .heading = <b>{ $product }</b>\n");
    let mail = render(&[], greeting).await.unwrap();
    assert_eq!(mail.subject, "Hallo!");
    assert!(mail.html.contains("&lt;b&gt;<bdi>Acme</bdi>&lt;&#x2f;b&gt;</h1>"), "{}", mail.html);
}

#[test]
fn templates_are_checked_without_an_smtp_server() {
    let directory = tempfile::tempdir().unwrap();
    let branding = given::branding().with_templates(directory.path().to_owned());
    let check = |locales: &Locales| check_templates(&branding, locales);
    assert!(check(&Locales::embedded()).is_ok());
    // Errors at runtime, in branches that few mails use.
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
        let error = check(&Locales::embedded()).unwrap_err();
        assert!(matches!(error, SettingsError::Template { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
        fs::remove_file(&file).unwrap();
    }
}
