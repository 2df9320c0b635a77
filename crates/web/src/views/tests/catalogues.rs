//! Tests that all texts of the pages come from catalogues, and that all texts are used.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use vestibule_domain::model::language::Language;
use vestibule_locales::Locales;

use super::super::Theme;
use super::super::samples::{self, EMAIL, REPLY};
use super::markup::Page;
use super::{PRODUCT, frame, rendered};
use crate::files::Files;

#[test]
fn every_text_comes_from_a_catalogue() {
    let files = Files::read(None, &Locales::pseudo()).unwrap();
    for sample in samples::all() {
        let frame = frame(&sample, Language::English, Theme::Auto);
        let html = rendered(&sample, &files.renderer, &frame);
        let page = Page::read(&html).unwrap();
        let mut texts = vec![page.text.clone()];
        for attribute in ["aria-label", "placeholder", "alt", "title"] {
            texts.extend(page.attributes(attribute).map(str::to_owned));
        }
        for attribute in page.tags.iter().flat_map(|tag| &tag.attributes) {
            let (name, value) = attribute;
            let is_sentence = value.contains(' ') && name.starts_with("data-");
            if is_sentence {
                texts.push(value.clone());
            }
        }
        for text in texts {
            let left = outside_brackets(&text);
            assert!(!left.chars().any(char::is_alphabetic), "{}: {left}", sample.name);
        }
    }
}

/// Returns a text without the texts of catalogues and sample data.
fn outside_brackets(text: &str) -> String {
    let mut depth = 0_usize;
    let outside: String = text
        .chars()
        .filter(|c| {
            match c {
                '[' => depth += 1,
                ']' => depth = depth.saturating_sub(1),
                _ => return depth == 0,
            }
            false
        })
        .collect();
    let mut outside = outside;
    let users = ["you-", "bea-", "cem-", "dov-"].map(|id| format!("{id}{EMAIL}"));
    for data in users.iter().map(String::as_str).chain([
        EMAIL,
        REPLY,
        PRODUCT,
        "550 5.1.1 <x@y>",
        "vestibule admin create",
        "0192f3c4",
        "English",
        "Deutsch",
        "العربية",
    ]) {
        outside = outside.replace(data, "");
    }
    let names = ["anna", "you", "bea", "cem", "dov"];
    outside.split_whitespace().filter(|word| !names.contains(word)).collect::<Vec<_>>().join(" ")
}

#[test]
fn templates_and_catalogues_have_the_same_keys() {
    const TOPICS: [&str; 7] =
        ["account", "admin", "auth", "common", "errors", "passwordReset", "validation"];
    let known: BTreeSet<_> = Locales::embedded()
        .keys(Language::English)
        .into_iter()
        .filter(|key| TOPICS.contains(&key.split('.').next().unwrap_or_default()))
        .collect();
    let mut used = BTreeSet::new();
    for what in ["Password", "Confirm", "Current", "SmtpPassword"] {
        used.extend([format!("auth.show{what}"), format!("auth.hide{what}")]);
    }
    // Error pages use the key of their title; the text has the same key without `Title`.
    let titles = known.iter().filter(|key| key.starts_with("errors.") && key.ends_with("Title"));
    used.extend(titles.map(|title| title.trim_end_matches("Title").to_owned()));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["templates", "templates/pages", "src/views"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let Ok(source) = fs::read_to_string(&path) else { continue };
            used.extend(source.split('"').filter(|part| is_key(part, &TOPICS)).map(str::to_owned));
        }
    }
    assert_eq!(used.difference(&known).collect::<Vec<_>>(), Vec::<&String>::new(), "unknown");
    assert_eq!(known.difference(&used).collect::<Vec<_>>(), Vec::<&String>::new(), "unused");
}

fn is_key(text: &str, topics: &[&str]) -> bool {
    text.split_once('.').is_some_and(|(topic, name)| {
        topics.contains(&topic)
            && !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_alphanumeric())
            // File names are not keys.
            && !matches!(name, "html" | "rs" | "ftl")
    })
}
