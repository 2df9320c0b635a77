//! Tests of overridden templates and of escaping.

use std::fs;
use std::path::Path;

use super::*;
use crate::views::{Login, LoginNotice, SignUpClosed};

fn frame(language: Language) -> Frame<'static> {
    Frame {
        language,
        theme: Theme::Auto,
        product: "Acme",
        path: "/login",
        form_token: "t0ken",
        visitor: None,
        mail_is_missing: false,
    }
}

fn with_override(name: &str, source: &str) -> Result<Renderer, RenderError> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, source).unwrap();
    Renderer::new(&Locales::embedded(), &Assets::new(None).unwrap(), Some(directory.path()))
}

#[test]
fn an_override_replaces_one_template_only() {
    let source = "<p>{{ t(\"auth.signUpClosedTitle\") }}</p>";
    let renderer = with_override("pages/signup_closed.html", source).unwrap();
    let page = renderer.page(&frame(Language::German), &SignUpClosed {}).unwrap();
    assert_eq!(page, "<p>Die Registrierung ist geschlossen</p>");
    let login = Login {
        email: String::new(),
        next: None,
        signup_is_open: true,
        notice: Some(LoginNotice::SignedOut),
        state: crate::views::FormState::Fresh,
    };
    let page = renderer.page(&frame(Language::English), &login).unwrap();
    assert!(page.contains("<title>Sign in – Acme</title>"), "{page}");
}

#[test]
fn a_syntax_error_is_reported_with_file_and_line() {
    let error = with_override("base.html", "<p>\n{% if %}\n").unwrap_err().to_string();
    assert!(error.contains("base.html, line 2: "), "{error}");
    let error = with_override("pages/sign-in.html", "").unwrap_err().to_string();
    assert!(error.ends_with("sign-in.html overrides no template"), "{error}");
    let missing = Path::new("/nonexistent/templates");
    let assets = Assets::new(None).unwrap();
    let error = Renderer::new(&Locales::embedded(), &assets, Some(missing)).unwrap_err();
    assert_eq!(error.to_string(), "/nonexistent/templates cannot be read");
}

#[test]
fn an_unknown_name_is_reported_with_file_and_line() {
    let page = "pages/admin_mail.html";
    for (name, source, problem) in [
        (page, "{{ page.nothing }}", "undefined value"),
        (page, "{{ frame.nothing }}", "undefined value"),
        (page, "{{ icon(\"unknown\") }}", "there is no icon \"unknown\""),
        (page, "{{ asset(\"x.css\") }}", "there is no asset \"x.css\""),
        (page, "{{ t(\"no.such.key\") }}", "there is no text `no.such.key`"),
        (page, "{{ th(\"admin\") }}", "there is no text `admin`"),
        (
            page,
            "{{ t(\"admin.recipient\") }}",
            "the text `admin.recipient` lacks a value: To {$email}",
        ),
        // In one state, for one theme, and for administrators only.
        (
            page,
            "{% if page.notice == \"failed\" %}{{ page.nothing }}{% endif %}",
            "undefined value",
        ),
        (page, "{% if not page.rows %}{{ page.nothing }}{% endif %}", "undefined value"),
        ("base.html", "{% if frame.theme == \"dark\" %}{{ x }}{% endif %}", "undefined value"),
        (
            "base.html",
            "{% if frame.visitor and frame.visitor.is_admin %}{{ x }}{% endif %}",
            "undefined value",
        ),
        ("admin.html", "{% if frame.mail_is_missing %}{{ x }}{% endif %}", "undefined value"),
    ] {
        let error = with_override(name, &format!("<p>\n{source}\n</p>")).unwrap_err().to_string();
        let named = format!("/{name}, line 2: {problem} (on the page ");
        assert!(error.contains(&named), "{source}: {error}");
    }
}

#[test]
fn an_override_that_breaks_other_templates_is_reported() {
    // The override is valid, but embedded templates import names that it lacks.
    let error = with_override("macros.html", "").unwrap_err().to_string();
    assert!(error.starts_with("the embedded template "), "{error}");
    // An error in an included template is reported there.
    let source = "<p>\n{% include \"pages/failure.html\" %}";
    let error = with_override("pages/signup_closed.html", source).unwrap_err().to_string();
    assert!(error.starts_with("the embedded template pages/failure.html, line "), "{error}");
    assert!(error.ends_with("undefined value (on the page signup-closed)"), "{error}");
    // An error in a macro is reported at the macro.
    let macros = TEMPLATES.iter().find(|(name, _)| *name == "macros.html").unwrap().1;
    let broken = macros.replacen("{{ caller() }}", "{{ caller() }}\n{{ nothing }}", 1);
    let line = 2 + broken.lines().position(|line| line == "{{ caller() }}").unwrap();
    let error = with_override("macros.html", &broken).unwrap_err().to_string();
    assert!(error.contains(&format!("/macros.html, line {line}: undefined value")), "{error}");
}

#[test]
fn user_input_is_isolated_and_escaped() {
    for (source, html) in [
        (
            "{{ th(\"passwordReset.newDescription\", email=\"<b>@x\") }}",
            "Choose a new password for the account <bdi>&lt;b&gt;@x</bdi>.",
        ),
        (
            "{{ t(\"passwordReset.newDescription\", email=\"<b>@x\") }}",
            "Choose a new password for the account &lt;b&gt;@x.",
        ),
        // A value that looks like a mark is kept.
        (
            "{{ th(\"passwordReset.newDescription\", email=\"\u{e000}0\u{e001}\") }}",
            "Choose a new password for the account <bdi>\u{e000}0\u{e001}</bdi>.",
        ),
        (
            "{{ th(\"account.lastActive\", at=moment(0)) }}",
            "Last active <bdi><time datetime=\"1970-01-01T00:00:00Z\">1 January 1970, 00:00 \
             UTC</time></bdi>",
        ),
        // A value that looks like a missing argument is kept.
        (
            "{{ t(\"passwordReset.newDescription\", email=\"{$x}\") }}",
            "Choose a new password for the account {$x}.",
        ),
        ("{{ t(\"admin.attempts\", count=1) }}", "1 attempt"),
        ("{{ span(5400) }}", "1 hour 30 minutes"),
    ] {
        let renderer = with_override("pages/signup_closed.html", source).unwrap();
        let page = renderer.page(&frame(Language::English), &SignUpClosed {}).unwrap();
        assert_eq!(page, html);
    }
}
