//! Overridden templates, and what comes between a value and a page.

use std::fs;

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
fn a_template_is_overridden_and_the_others_stay() {
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
fn a_broken_override_is_named_with_its_line() {
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
fn an_override_that_asks_for_what_is_not_there_is_named_with_its_line() {
    let page = "pages/admin_mail.html";
    for (name, source, problem) in [
        (page, "{{ page.nothing }}", "undefined value"),
        (page, "{{ frame.nothing }}", "undefined value"),
        (page, "{{ icon(\"house\") }}", "there is no icon \"house\""),
        (page, "{{ asset(\"x.css\") }}", "there is no asset \"x.css\""),
        (page, "{{ t(\"no.such.key\") }}", "there is no text `no.such.key`"),
        (page, "{{ th(\"admin\") }}", "there is no text `admin`"),
        (
            page,
            "{{ t(\"admin.recipient\") }}",
            "the text `admin.recipient` lacks a value: To {$email}",
        ),
        // In one state only, for one theme only, and for administrators only.
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
fn an_override_that_others_do_not_get_on_with_is_found() {
    // It asks for nothing wrong itself; what our pages take from it is not there.
    let error = with_override("macros.html", "").unwrap_err().to_string();
    assert!(error.starts_with("the embedded template "), "{error}");
    // What is wrong in what a page includes is there, and not where it is included.
    let source = "<p>\n{% include \"pages/failure.html\" %}";
    let error = with_override("pages/signup_closed.html", source).unwrap_err().to_string();
    assert!(error.starts_with("the embedded template pages/failure.html, line "), "{error}");
    assert!(error.ends_with("undefined value (on the page signup-closed)"), "{error}");
    // What is wrong in a macro is at the macro.
    let macros = TEMPLATES.iter().find(|(name, _)| *name == "macros.html").unwrap().1;
    let broken = macros.replacen("{{ caller() }}", "{{ caller() }}\n{{ nothing }}", 1);
    let line = 2 + broken.lines().position(|line| line == "{{ caller() }}").unwrap();
    let error = with_override("macros.html", &broken).unwrap_err().to_string();
    assert!(error.contains(&format!("/macros.html, line {line}: undefined value")), "{error}");
}

#[test]
fn what_people_typed_is_set_apart_and_escaped() {
    for (source, html) in [
        (
            "{{ th(\"passwordReset.newDescription\", email=\"<b>@x\") }}",
            "For the account <bdi>&lt;b&gt;@x</bdi>",
        ),
        (
            "{{ t(\"passwordReset.newDescription\", email=\"<b>@x\") }}",
            "For the account &lt;b&gt;@x",
        ),
        // A value that looks like one of our marks stays what it is.
        (
            "{{ th(\"passwordReset.newDescription\", email=\"\u{e000}0\u{e001}\") }}",
            "For the account <bdi>\u{e000}0\u{e001}</bdi>",
        ),
        (
            "{{ th(\"account.lastActive\", at=moment(0)) }}",
            "Last active <bdi><time datetime=\"1970-01-01T00:00:00Z\">1 January 1970, 00:00 \
             UTC</time></bdi>",
        ),
        // Nor is it taken for a value that is missing.
        ("{{ t(\"passwordReset.newDescription\", email=\"{$x}\") }}", "For the account {$x}"),
        ("{{ t(\"admin.attempts\", count=1) }}", "1 attempt"),
        ("{{ span(5400) }}", "1 hour 30 minutes"),
    ] {
        let renderer = with_override("pages/signup_closed.html", source).unwrap();
        let page = renderer.page(&frame(Language::English), &SignUpClosed {}).unwrap();
        assert_eq!(page, html);
    }
}
