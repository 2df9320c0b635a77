//! Tests of every page in every state: markup, texts and escaping.

mod catalogues;
mod markup;

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use vestibule_domain::error::chain;
use vestibule_domain::model::language::Language;
use vestibule_locales::Locales;

use self::markup::Page;
use super::samples::{self, EMAIL, FORM_TOKEN, Sample};
use super::{Frame, Theme, Visitor};
use crate::assets::PREFIX;
use crate::files::Files;
use crate::render::{Renderer, TEMPLATES};

const PRODUCT: &str = "Acme <&> Co";

fn frame(sample: &Sample, language: Language, theme: Theme) -> Frame<'static> {
    Frame {
        language,
        theme,
        product: PRODUCT,
        path: "/login",
        form_token: FORM_TOKEN,
        visitor: sample.signed_in.map(|is_admin| Visitor { email: EMAIL, is_admin }),
        mail_is_missing: sample.name == "users" || sample.name == "settings-empty",
    }
}

/// Returns the embedded files.
fn embedded() -> Files {
    Files::read(None, &Locales::embedded()).unwrap()
}

fn rendered(sample: &Sample, renderer: &Renderer, frame: &Frame<'_>) -> String {
    let page = renderer.render(frame, &sample.data);
    page.unwrap_or_else(|error| panic!("{}: {}", sample.name, chain(&error)))
}

/// A rendered page.
struct Rendered {
    name: String,
    language: Language,
    theme: Theme,
    html: String,
}

/// Every sample in every language and theme.
static PAGES: LazyLock<Vec<Rendered>> = LazyLock::new(|| {
    let files = embedded();
    let mut pages = Vec::new();
    for sample in samples::all() {
        for language in Language::ALL {
            for theme in Theme::ALL {
                let html = rendered(&sample, &files.renderer, &frame(&sample, language, theme));
                let name = format!("{} in {language}, {}", sample.name, theme.name());
                pages.push(Rendered { name, language, theme, html });
            }
        }
    }
    pages
});

#[test]
fn the_markup_is_well_formed() {
    for Rendered { name, language, theme, html } in &*PAGES {
        assert!(html.starts_with("<!doctype html>\n<html lang="), "{name}");
        let page = Page::read(html).unwrap_or_else(|problem| panic!("{name}: {problem}"));
        let root = page.one("html");
        assert_eq!(root.attribute("lang"), Some(language.tag()), "{name}");
        let direction = if language.is_right_to_left() { "rtl" } else { "ltr" };
        assert_eq!(root.attribute("dir"), Some(direction), "{name}");
        let theme = (*theme != Theme::Auto).then(|| theme.name());
        assert_eq!(root.attribute("data-theme"), theme, "{name}");
        assert_eq!(page.count("h1"), 1, "{name}");
        assert_eq!(page.count("main"), 1, "{name}");
        assert_eq!(page.count("title"), 1, "{name}");
        assert!(page.tags.iter().filter(|tag| tag.has("autofocus")).count() <= 1, "{name}");
        for tag in page.tags.iter().filter(|tag| tag.name == "button") {
            assert!(tag.has("type"), "{name}: a button without a type");
        }
    }
}

#[test]
fn fields_labels_and_descriptions_belong_together() {
    for Rendered { name, html, .. } in &*PAGES {
        let page = Page::read(html).unwrap();
        let mut ids = BTreeSet::new();
        for id in page.attributes("id") {
            assert!(ids.insert(id), "{name}: two of {id}");
        }
        let labelled: BTreeSet<_> = page.attributes("for").collect();
        for references in ["for", "aria-describedby", "aria-labelledby", "aria-controls"] {
            for id in page.attributes(references).flat_map(str::split_whitespace) {
                assert!(ids.contains(id), "{name}: {references} refers to the unknown id {id}");
            }
        }
        for input in page.tags.iter().filter(|tag| tag.name == "input") {
            let kind = input.attribute("type").unwrap();
            let is_seen = kind != "hidden" && !input.has("aria-hidden");
            let is_wrapped = matches!(kind, "radio" | "checkbox");
            if is_seen && !is_wrapped {
                assert!(labelled.contains(input.attribute("id").unwrap()), "{name}: {input:?}");
                assert!(input.has("autocomplete"), "{name}: {input:?}");
            }
            assert!(kind != "password" || !input.has("value"), "{name}: a password is filled in");
        }
        for link in page.attributes("href").filter_map(|href| href.strip_prefix('#')) {
            assert!(ids.contains(link), "{name}: a link to the unknown id #{link}");
        }
    }
}

#[test]
fn nothing_is_inline_and_every_asset_exists() {
    let assets = embedded().assets;
    for Rendered { name, html, .. } in &*PAGES {
        let page = Page::read(html).unwrap();
        for tag in &page.tags {
            for (attribute, value) in &tag.attributes {
                assert!(attribute != "style" && !attribute.starts_with("on"), "{name}: {tag:?}");
                let is_address = matches!(attribute.as_str(), "href" | "src" | "action");
                let is_local =
                    value.starts_with('#') || (value.starts_with('/') && !value.starts_with("//"));
                assert!(!is_address || is_local, "{name}: {tag:?} leads away");
                if let Some(served) = value.strip_prefix(PREFIX) {
                    assert!(assets.find(served).is_some(), "{name}: there is no {value}");
                }
            }
            assert_ne!(tag.name, "style", "{name}");
        }
        let script = page.one("script");
        assert!(script.attribute("src").unwrap().starts_with("/assets/app."), "{name}");
        assert!(html.contains("\"></script>"), "{name}: the script is inline");
    }
}

#[test]
fn every_post_form_has_a_form_token() {
    for Rendered { name, html, .. } in &*PAGES {
        for form in html.split("<form").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let proof = format!("name=\"form_token\" value=\"{FORM_TOKEN}\"");
            let is_search = form.contains("method=\"get\"");
            assert_ne!(form.contains(&proof), is_search, "{name}: {form}");
            assert!(is_search || form.contains("method=\"post\""), "{name}: {form}");
        }
    }
}

#[test]
fn user_input_is_never_markup() {
    for Rendered { name, html, .. } in &*PAGES {
        for raw in ["<b>", "<&>", "<x@y>", "<queued>", "<no>"] {
            assert!(!html.contains(raw), "{name}: {raw}");
        }
    }
}

#[test]
fn errors_are_shown_in_the_title_at_the_field_and_in_the_summary() {
    let files = embedded();
    let samples = samples::all();
    let find = |wanted: &str| samples.iter().find(|sample| sample.name == wanted).unwrap();
    let render = |name: &str| {
        let frame = frame(find(name), Language::English, Theme::Auto);
        rendered(find(name), &files.renderer, &frame)
    };
    let page = render("reset-wrong");
    assert!(page.contains("<title>Error: Reset Password – "), "{page}");
    let sentence = "Your password must be 12 characters or more";
    assert!(page.contains(&format!("<a href=\"#new-password\">{sentence}</a>")), "{page}");
    assert!(page.contains("<p class=\"err\" id=\"new-password-error\">"), "{page}");
    // For the script, in the summary, and at the field.
    assert_eq!(page.matches(sentence).count(), 3, "{page}");
    assert!(
        page.contains("aria-invalid=\"true\" aria-describedby=\"new-password-error "),
        "{page}"
    );
    assert!(!page.contains("data-verify"), "the check would take the focus from the summary");
    // The sentence of a mismatch stands at the field only, and the summary links to it.
    let sentence = "Passwords do not match";
    assert_eq!(page.matches(&format!(">{sentence}<")).count(), 1, "{page}");
    assert!(page.contains("<a href=\"#confirm-password\">Confirm new password</a>"), "{page}");

    let refused = render("reset-guessable");
    let sentence = "Choose a password that is not based on your e-mail address, your username or \
                    “<bdi>Acme &lt;&amp;&gt; Co</bdi>”";
    assert_eq!(refused.matches(sentence).count(), 2, "{refused}");

    let fresh = render("reset-fresh");
    assert!(fresh.contains("<title>Reset Password – "), "{fresh}");
    assert!(fresh.contains("data-verify=\"/password-reset/verify\""), "{fresh}");
    assert!(render("request-throttled").contains("Wait 2 minutes and try again."));
    for name in ["request-failed", "login-failed", "users-failed", "mail-failed"] {
        assert!(render(name).contains("Something went wrong on our side."), "{name}");
    }
    let private = "<meta name=\"robots\" content=\"noindex\">";
    for (name, is_private) in
        [("reset-fresh", true), ("account-fresh", true), ("login-fresh", false)]
    {
        assert_eq!(render(name).contains(private), is_private, "{name}");
    }
}

#[test]
fn administration_pages_warn_if_mail_is_not_configured() {
    let files = embedded();
    for sample in samples::all() {
        let mut frame = frame(&sample, Language::English, Theme::Auto);
        frame.mail_is_missing = true;
        let page = rendered(&sample, &files.renderer, &frame);
        let is_shown = page.contains("No SMTP server is configured");
        let expected = sample.name.starts_with("users") || sample.name.starts_with("mail");
        assert_eq!(is_shown, expected, "{}", sample.name);
    }
}

#[test]
fn mails_are_listed_with_their_kind() {
    let files = embedded();
    let samples = samples::all();
    let mails = samples.iter().find(|sample| sample.name == "mail").unwrap();
    let page = rendered(mails, &files.renderer, &frame(mails, Language::English, Theme::Auto));
    let headings = page.split("<h2>").skip(1).map(|rest| rest.split('<').next().unwrap());
    assert_eq!(
        headings.collect::<Vec<_>>(),
        [
            "Reset link",
            "Welcome",
            "Password changed",
            "Reset link",
            "Password disabled",
            "Sign-in after wrong passwords",
            "Session ended: refresh token reused",
        ]
    );
}

/// Writes every sample to the directory of `VESTIBULE_WRITE_PAGES`, if set, for looking at them.
#[test]
fn every_sample_has_a_unique_name() {
    let directory = std::env::var_os("VESTIBULE_WRITE_PAGES").map(PathBuf::from);
    let files = embedded();
    if let Some(directory) = &directory {
        fs::create_dir_all(directory.join("assets")).unwrap();
        for url in files.assets.urls().values() {
            let served = url.strip_prefix(PREFIX).unwrap();
            let (asset, _) = files.assets.find(served).unwrap();
            fs::write(directory.join("assets").join(served), &*asset.bytes).unwrap();
        }
    }
    let mut names = BTreeSet::new();
    for sample in samples::all() {
        for language in Language::ALL {
            for theme in Theme::ALL {
                let mut frame = frame(&sample, language, theme);
                frame.product = "Vestibule";
                let html = rendered(&sample, &files.renderer, &frame);
                assert!(html.ends_with("</html>"), "{}", sample.name);
                let name = format!("{}.{language}.{}.html", sample.name, theme.name());
                if let Some(directory) = &directory {
                    let html = html.replace("\"/assets/", "\"assets/");
                    fs::write(directory.join(&name), html).unwrap();
                }
                assert!(names.insert(name), "two samples are named {}", sample.name);
            }
        }
    }
}

#[test]
fn every_template_has_a_sample() {
    let used: BTreeSet<_> = samples::all().iter().map(|sample| sample.data.template).collect();
    let pages = TEMPLATES.map(|(name, _)| name).into_iter().filter(|name| name.contains('/'));
    assert_eq!(used, pages.collect());
}
