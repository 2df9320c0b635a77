//! Lookup of texts by language and key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fluent_bundle::{FluentArgs, FluentResource};
use vestibule_domain::model::language::Language;

use crate::argument::{self, Argument};
use crate::catalogues::{self, Bundle};
use crate::error::LocalesError;
use crate::{overrides, pseudo};

/// All texts in all languages. Clones share the texts.
#[derive(Clone)]
pub struct Locales(Arc<Inner>);

struct Inner {
    languages: BTreeMap<Language, Texts>,
    is_pseudo: bool,
    /// Keys of texts with a problem that was already logged.
    logged: Mutex<BTreeSet<String>>,
}

/// The texts of one language.
struct Texts {
    bundle: Bundle,
    keys: Vec<String>,
}

impl Locales {
    /// Returns the embedded texts.
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Locales> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self::new(|_| Vec::new())).clone()
    }

    /// Returns the embedded texts, overridden by `<directory>/<language>/*.ftl`.
    ///
    /// Attributes of a message can be overridden separately.
    ///
    /// # Errors
    /// [`LocalesError`] with the file and the line if a file cannot be read or parsed, or has an
    /// unknown key, variable or reference.
    pub fn with_overrides(directory: &Path) -> Result<Self, LocalesError> {
        let mut files = overrides::read(directory)?;
        Ok(Self::new(|language| files.remove(&language).unwrap_or_default()))
    }

    /// Returns pseudo-localized English texts such as `[Ŕéšéţ …~~~]` for all languages, for tests.
    ///
    /// Letters have accents, texts are about 40 % longer and in brackets, and arguments are
    /// unchanged. A text outside of brackets is not from a catalogue.
    pub fn pseudo() -> Self {
        let english = || {
            let resources = catalogues::embedded(Language::English);
            let mut bundle = catalogues::bundle(Language::English, &resources);
            bundle.set_transform(Some(pseudo::accented));
            Texts { bundle, keys: keys(&resources) }
        };
        let languages = Language::ALL.into_iter().map(|language| (language, english())).collect();
        Self(Arc::new(Inner { languages, is_pseudo: true, logged: Mutex::default() }))
    }

    fn new(mut overriding: impl FnMut(Language) -> Vec<Arc<FluentResource>>) -> Self {
        let languages = Language::ALL.into_iter().map(|language| {
            let embedded = catalogues::embedded(language);
            let keys = keys(&embedded);
            let overriding = overrides::complete(&overriding(language), &embedded);
            let all: Vec<_> = embedded.into_iter().chain(overriding).collect();
            (language, Texts { bundle: catalogues::bundle(language, &all), keys })
        });
        let languages = languages.collect();
        Self(Arc::new(Inner { languages, is_pseudo: false, logged: Mutex::default() }))
    }

    /// Returns the text of a key such as `passwordReset.title`.
    ///
    /// Falls back to English if the language lacks the text. If English also lacks it, returns the
    /// key and logs an error once.
    pub fn text(
        &self,
        language: Language,
        key: &str,
        arguments: &[(&str, Argument<'_>)],
    ) -> String {
        let arguments = argument::to_fluent(arguments);
        let fallbacks = [language, Language::English];
        for texts in fallbacks.iter().filter_map(|language| self.0.languages.get(language)) {
            if let Some(text) = self.format(&texts.bundle, key, &arguments) {
                return text;
            }
        }
        self.log_once(key, "unknown key");
        key.to_owned()
    }

    /// Returns all keys of a language, sorted.
    pub fn keys(&self, language: Language) -> Vec<String> {
        self.0.languages.get(&language).map(|texts| texts.keys.clone()).unwrap_or_default()
    }

    fn format(&self, bundle: &Bundle, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let pattern = match key.split_once('.') {
            Some((message, attribute)) => {
                bundle.get_message(message)?.get_attribute(attribute)?.value()
            }
            None => bundle.get_message(key)?.value()?,
        };
        let mut problems = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut problems).into_owned();
        if let Some(problem) = problems.first() {
            self.log_once(key, &problem.to_string());
        }
        Some(if self.0.is_pseudo { pseudo::bracketed(&text) } else { text })
    }

    fn log_once(&self, key: &str, problem: &str) {
        if self.is_first(key) {
            tracing::error!(key, problem, "text cannot be formatted");
        }
    }

    /// Returns `true` at the first problem of a text, because pages are rendered very often.
    fn is_first(&self, key: &str) -> bool {
        let mut logged = self.0.logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.insert(key.to_owned())
    }
}

impl fmt::Debug for Locales {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Locales").field("is_pseudo", &self.0.is_pseudo).finish_non_exhaustive()
    }
}

fn keys(resources: &[Arc<FluentResource>]) -> Vec<String> {
    let keys = resources.iter().flat_map(|resource| catalogues::texts(resource));
    let keys = keys.map(|(key, ..)| key).filter(|key| catalogues::is_message(key));
    keys.collect::<BTreeSet<_>>().into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_found_by_its_key() {
        let locales = Locales::embedded();
        let product = [("product", "Acme".into())];
        for (language, subject) in [
            (Language::English, "Welcome to Acme"),
            (Language::German, "Willkommen bei Acme"),
            (Language::Arabic, "مرحبًا بك في Acme"),
        ] {
            assert_eq!(locales.text(language, "mailWelcome.subject", &product), subject);
        }
    }

    #[test]
    fn an_unknown_text_is_replaced_by_its_key() {
        let locales = Locales::embedded();
        for key in
            ["mailWelcome.nothing", "nothing.subject", "nothing", "mailWelcome", "", ".", "-host"]
        {
            assert_eq!(locales.text(Language::German, key, &[]), key);
        }
    }

    #[test]
    fn a_missing_text_falls_back_to_english() {
        let texts = |language, source: &str| {
            let resource = Arc::new(FluentResource::try_new(source.to_owned()).unwrap());
            let resources = [resource];
            Texts { bundle: catalogues::bundle(language, &resources), keys: keys(&resources) }
        };
        let languages = BTreeMap::from([
            (Language::English, texts(Language::English, "a =\n    .b = one\n    .c = two\n")),
            (Language::German, texts(Language::German, "a =\n    .b = eins\n")),
        ]);
        let inner = Inner { languages, is_pseudo: false, logged: Mutex::default() };
        let locales = Locales(Arc::new(inner));
        assert_eq!(locales.text(Language::German, "a.b", &[]), "eins");
        assert_eq!(locales.text(Language::German, "a.c", &[]), "two");
        assert_eq!(locales.text(Language::Arabic, "a.b", &[]), "one");
        assert_eq!(locales.keys(Language::German), ["a.b"]);
    }

    #[test]
    fn a_missing_argument_is_replaced_by_its_name() {
        let text = Locales::embedded().text(Language::English, "mailWelcome.subject", &[]);
        assert_eq!(text, "Welcome to {$product}");
    }

    #[test]
    fn an_argument_is_inserted_unchanged() {
        for hostile in ["{ $product }", "<b>", "a\u{2067}b", "-host", ""] {
            let text = |l| {
                Locales::embedded().text(l, "mailWelcome.subject", &[("product", hostile.into())])
            };
            for language in Language::ALL {
                assert!(text(language).contains(hostile), "{hostile:?}");
            }
        }
    }

    #[test]
    fn keys_are_sorted_and_each_has_a_text() {
        let locales = Locales::embedded();
        for language in Language::ALL {
            let keys = locales.keys(language);
            assert!(keys.is_sorted() && keys.contains(&"time.moment".to_owned()));
            for key in &keys {
                let text = locales.text(language, key, &[]);
                assert!(!text.is_empty() && text != *key, "{language}: {key}");
                assert!(!text.contains(['\u{2068}', '\u{2069}']), "{language}: {key}");
            }
        }
    }

    #[test]
    fn numbers_are_written_in_western_digits() {
        for language in Language::ALL {
            for count in [0_u32, 1, 2, 3, 11, 100, 1000] {
                let text =
                    Locales::embedded().text(language, "time.minutes", &[("count", count.into())]);
                assert!(text.chars().all(|c| !c.is_numeric() || c.is_ascii_digit()), "{text}");
                let arabic_word = language == Language::Arabic && matches!(count, 1 | 2);
                assert!(arabic_word || text.starts_with(&format!("{count} ")), "{text}");
            }
        }
    }

    #[test]
    fn a_problem_is_logged_once() {
        let locales = Locales::pseudo();
        locales.text(Language::English, "nothing.here", &[]);
        assert!(!locales.is_first("nothing.here"));
        assert!(locales.is_first("nothing.there") && !locales.is_first("nothing.there"));
        locales.text(Language::English, "time.lessThanAMinute", &[]);
        assert!(locales.is_first("time.lessThanAMinute"));
    }

    #[test]
    fn pseudo_texts_are_marked_and_keep_their_arguments() {
        let locales = Locales::pseudo();
        for language in Language::ALL {
            let text = locales.text(language, "mailWelcome.subject", &[("product", "Acme".into())]);
            assert_eq!(text, "[Ŵéļçöɱé ţö Acme~~~~~~]");
            let minutes = locales.text(language, "time.minutes", &[("count", 5_usize.into())]);
            assert_eq!(minutes, "[5 ɱîñûţéš~~~~]");
            assert_eq!(locales.keys(language), Locales::embedded().keys(Language::English));
        }
    }
}
