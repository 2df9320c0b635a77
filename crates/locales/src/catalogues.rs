//! The embedded catalogues.

use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use fluent_syntax::ast::{Entry, Pattern};
use vestibule_domain::model::language::Language;

/// A set of texts that can be formatted.
pub(crate) type Bundle = FluentBundle<Arc<FluentResource>>;

/// Embeds the files of one language, each with its topic.
macro_rules! catalogue {
    ($tag:literal: $($topic:literal)+) => {
        &[$(($topic, include_str!(concat!("../catalogues/", $tag, "/", $topic, ".ftl")))),+]
    };
}

macro_rules! catalogues {
    ($tag:literal) => {
        catalogue!($tag: "account" "admin" "auth" "common" "devices" "errors" "mails"
            "passwordReset" "smtp" "time" "validation")
    };
}

/// Returns the embedded files of a language, each with its topic.
pub(crate) fn sources(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::English => catalogues!("en"),
        Language::German => catalogues!("de"),
        Language::Arabic => catalogues!("ar"),
    }
}

/// Parses the embedded texts of a language. Invalid entries are skipped; a test checks that there
/// are none.
pub(crate) fn embedded(language: Language) -> Vec<Arc<FluentResource>> {
    let parse = |source: &str| match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => Arc::new(resource),
    };
    sources(language).iter().map(|(_, source)| parse(source)).collect()
}

/// Creates a bundle; later texts override earlier ones with the same name.
pub(crate) fn bundle(language: Language, resources: &[Arc<FluentResource>]) -> Bundle {
    // All tags are valid; a test checks the plural forms.
    let tag = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // Isolating marks would also appear in subjects and in plain text. HTML uses `<bdi>` instead.
    bundle.set_use_isolating(false);
    for resource in resources {
        bundle.add_resource_overriding(Arc::clone(resource));
    }
    bundle
}

/// Returns all texts of a file with their keys: `time.clock` is the attribute `clock` of the
/// message `time`, and the key of a term begins with `-`.
pub(crate) fn texts(resource: &FluentResource) -> Vec<(String, &str, &Pattern<&str>)> {
    let mut texts = Vec::new();
    for entry in resource.entries() {
        let (sign, id, value, attributes) = match entry {
            Entry::Message(message) => {
                ("", message.id.name, message.value.as_ref(), &message.attributes)
            }
            Entry::Term(term) => ("-", term.id.name, Some(&term.value), &term.attributes),
            Entry::Comment(_)
            | Entry::GroupComment(_)
            | Entry::ResourceComment(_)
            | Entry::Junk { .. } => continue,
        };
        texts.extend(value.map(|value| (format!("{sign}{id}"), id, value)));
        texts.extend(attributes.iter().map(|attribute| {
            (format!("{sign}{id}.{}", attribute.id.name), attribute.id.name, &attribute.value)
        }));
    }
    texts
}

/// Returns `true` if a key is that of a message and not of a term.
pub(crate) fn is_message(key: &str) -> bool {
    !key.starts_with('-')
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::references::References;

    /// Returns all texts of a language with their references. Panics on duplicate keys.
    fn all(language: Language) -> BTreeMap<String, References> {
        let mut all = BTreeMap::new();
        for resource in embedded(language) {
            for (key, _, pattern) in texts(&resource) {
                let references = References::of(pattern);
                assert!(
                    all.insert(key.clone(), references).is_none(),
                    "{language}: duplicate key {key}"
                );
            }
        }
        all
    }

    #[test]
    fn every_catalogue_parses() {
        for language in Language::ALL {
            for (topic, source) in sources(language) {
                let parsed = FluentResource::try_new((*source).to_owned());
                let errors = parsed.err().map(|(_, errors)| errors);
                assert_eq!(errors, None, "{language}/{topic}.ftl");
            }
        }
    }

    #[test]
    fn every_file_is_embedded() {
        for language in Language::ALL {
            let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("catalogues");
            let files = fs::read_dir(directory.join(language.tag())).unwrap();
            let files: BTreeSet<_> = files.map(|file| file.unwrap().file_name()).collect();
            let names = sources(language).iter().map(|(topic, _)| format!("{topic}.ftl").into());
            assert_eq!(files, names.collect(), "{language}");
        }
    }

    #[test]
    fn all_languages_have_the_same_keys_and_variables() {
        let english = all(Language::English);
        assert!(english.len() > 50, "{}", english.len());
        for language in Language::ALL {
            let translated = all(language);
            assert!(translated.keys().eq(english.keys()), "{language}");
            for (key, references) in &translated {
                assert_eq!(references.variables, english[key].variables, "{language}: {key}");
            }
        }
    }

    #[test]
    fn every_reference_exists() {
        for language in Language::ALL {
            let texts = all(language);
            for (key, references) in &texts {
                for name in &references.names {
                    assert!(texts.contains_key(name), "{language}: {key} refers to {name}");
                }
            }
        }
    }

    #[test]
    fn texts_contain_no_invisible_characters_and_no_indented_comments() {
        for (language, source) in
            Language::ALL.iter().flat_map(|l| sources(*l).iter().map(move |(_, s)| (l, s)))
        {
            for line in source.lines() {
                let marked = line.contains(|c| {
                    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\t')
                });
                assert!(!marked, "{language}: {line:?}");
                // Fluent treats an indented comment as a part of the text.
                let indented = line.len() > line.trim_start().len();
                assert!(!(indented && line.trim_start().starts_with('#')), "{language}: {line:?}");
            }
        }
    }

    /// Returns the plural forms of a language, by their names in Fluent.
    fn forms(language: Language) -> BTreeSet<&'static str> {
        match language {
            Language::English | Language::German => ["one", "other"].into(),
            Language::Arabic => ["zero", "one", "two", "few", "many", "other"].into(),
        }
    }

    #[test]
    fn a_plural_has_every_form_of_its_language() {
        let mut plurals = BTreeMap::new();
        for language in Language::ALL {
            for resource in embedded(language) {
                for (key, _, pattern) in texts(&resource) {
                    for given in selections(pattern) {
                        if given.contains("one") || given.contains("few") {
                            assert_eq!(given, forms(language), "{language}: {key}");
                            *plurals.entry(language).or_insert(0) += 1;
                        }
                    }
                }
            }
        }
        assert_eq!(plurals.len(), 3, "{plurals:?}");
    }

    /// Returns the named variants of each top-level selection of a text.
    fn selections<'a>(pattern: &Pattern<&'a str>) -> Vec<BTreeSet<&'a str>> {
        use fluent_syntax::ast::{Expression, PatternElement, VariantKey};

        let selections = pattern.elements.iter().filter_map(|element| match element {
            PatternElement::Placeable { expression: Expression::Select { variants, .. } } => {
                Some(variants.iter().filter_map(|variant| match &variant.key {
                    VariantKey::Identifier { name } => Some(*name),
                    VariantKey::NumberLiteral { .. } => None,
                }))
            }
            _ => None,
        });
        selections.map(Iterator::collect).collect()
    }
}
