//! The embedded catalogues.

use std::sync::Arc;

use fluent_bundle::FluentResource;
use fluent_bundle::concurrent::FluentBundle;
use fluent_syntax::ast::{Entry, Pattern};
use vestibule_domain::language::Language;

/// Texts, ready to be formatted.
pub(crate) type Bundle = FluentBundle<Arc<FluentResource>>;

/// The files of one language, each with its topic.
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

/// The embedded files of a language, each with its topic.
pub(crate) fn sources(language: Language) -> &'static [(&'static str, &'static str)] {
    match language {
        Language::English => catalogues!("en"),
        Language::German => catalogues!("de"),
        Language::Arabic => catalogues!("ar"),
    }
}

/// The embedded texts of a language. What does not parse is left out; a test shows that all does.
pub(crate) fn embedded(language: Language) -> Vec<Arc<FluentResource>> {
    let parse = |source: &str| match FluentResource::try_new(source.to_owned()) {
        Ok(resource) | Err((resource, _)) => Arc::new(resource),
    };
    sources(language).iter().map(|(_, source)| parse(source)).collect()
}

/// Makes texts ready; of two with one name the later one counts.
pub(crate) fn bundle(language: Language, resources: &[Arc<FluentResource>]) -> Bundle {
    // Every tag is well-formed; a test shows that plurals are.
    let tag = language.tag().parse().unwrap_or_default();
    let mut bundle = Bundle::new_concurrent(vec![tag]);
    // The marks would also be in subjects and in plain text. In HTML, `<bdi>` does the same.
    bundle.set_use_isolating(false);
    for resource in resources {
        bundle.add_resource_overriding(Arc::clone(resource));
    }
    bundle
}

/// Every text of a file under its key: `time.clock` is the attribute `clock` of the message `time`,
/// and a term begins with `-`.
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

/// Whether a key is one that people ask for.
pub(crate) fn is_message(key: &str) -> bool {
    !key.starts_with('-')
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::uses::Uses;

    /// Every text of a language with what it uses. The same key twice is an error.
    fn all(language: Language) -> BTreeMap<String, Uses> {
        let mut all = BTreeMap::new();
        for resource in embedded(language) {
            for (key, _, pattern) in texts(&resource) {
                let uses = Uses::of(pattern);
                assert!(
                    all.insert(key.clone(), uses).is_none(),
                    "{language}: {key} is there twice"
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
    fn all_languages_say_the_same_things_about_the_same_values() {
        let english = all(Language::English);
        assert!(english.len() > 50, "{}", english.len());
        for language in Language::ALL {
            let translated = all(language);
            let keys = |texts: &BTreeMap<String, Uses>| texts.keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&translated), keys(&english), "{language}");
            for (key, uses) in &translated {
                assert_eq!(uses.variables, english[key].variables, "{language}: {key}");
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        for language in Language::ALL {
            let texts = all(language);
            for (key, uses) in &texts {
                for reference in &uses.references {
                    assert!(texts.contains_key(reference), "{language}: {key} uses {reference}");
                }
            }
        }
    }

    #[test]
    fn no_invisible_mark_and_no_stray_comment_is_in_a_text() {
        for (language, source) in
            Language::ALL.iter().flat_map(|l| sources(*l).iter().map(move |(_, s)| (l, s)))
        {
            for line in source.lines() {
                let marked = line.contains(|c| {
                    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\t')
                });
                assert!(!marked, "{language}: {line:?}");
                // Fluent takes an indented comment for a part of the text.
                let indented = line.len() > line.trim_start().len();
                assert!(!(indented && line.trim_start().starts_with('#')), "{language}: {line:?}");
            }
        }
    }

    /// The plural forms that a language has, as Fluent calls them.
    fn forms(language: Language) -> BTreeSet<&'static str> {
        match language {
            Language::English | Language::German => ["one", "other"].into(),
            Language::Arabic => ["zero", "one", "two", "few", "many", "other"].into(),
        }
    }

    #[test]
    fn a_plural_has_every_form_its_language_has() {
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

    /// The named variants of each selection at the top of a text.
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
