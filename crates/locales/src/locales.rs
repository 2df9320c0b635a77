//! Every text in every language, by key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fluent_bundle::{FluentArgs, FluentResource};
use vestibule_domain::language::Language;

use crate::argument::{self, Argument};
use crate::catalogues::{self, Bundle};
use crate::error::LocalesError;
use crate::{overrides, pseudo};

/// Every text in every language. A clone is another handle on the same texts.
#[derive(Clone)]
pub struct Locales(Arc<Inner>);

struct Inner {
    languages: BTreeMap<Language, Texts>,
    is_pseudo: bool,
    /// Keys whose text was found wanting, to say so once.
    complained: Mutex<BTreeSet<String>>,
}

/// The texts of one language.
struct Texts {
    bundle: Bundle,
    keys: Vec<String>,
}

impl Locales {
    /// The texts in the binary.
    pub fn embedded() -> Self {
        static EMBEDDED: OnceLock<Locales> = OnceLock::new();
        EMBEDDED.get_or_init(|| Self::new(|_| Vec::new())).clone()
    }

    /// The texts in the binary, some of them overridden by `<directory>/<language>/*.ftl`.
    ///
    /// A text that is not overridden stays as it is, also when others of its message are.
    ///
    /// # Errors
    /// [`LocalesError`], which names the file and the line, for what cannot be read or parsed, for
    /// a key that no catalogue has, and for a variable or a reference that means nothing there.
    pub fn with_overrides(directory: &Path) -> Result<Self, LocalesError> {
        let mut files = overrides::read(directory)?;
        Ok(Self::new(|language| files.remove(&language).unwrap_or_default()))
    }

    /// For tests: English that no catalogue holds, as `[Ŕéšéţ …~~~]`, in place of every language.
    ///
    /// Letters carry marks, texts are some 40 % longer and stand in brackets, and arguments stay as
    /// they are. Words on a page outside of brackets come from no catalogue.
    pub fn pseudo() -> Self {
        let english = || {
            let resources = catalogues::embedded(Language::English);
            let mut bundle = catalogues::bundle(Language::English, &resources);
            bundle.set_transform(Some(pseudo::accented));
            Texts { bundle, keys: keys(&resources) }
        };
        let languages = Language::ALL.into_iter().map(|language| (language, english())).collect();
        Self(Arc::new(Inner { languages, is_pseudo: true, complained: Mutex::default() }))
    }

    fn new(mut overriding: impl FnMut(Language) -> Vec<Arc<FluentResource>>) -> Self {
        let languages = Language::ALL.into_iter().map(|language| {
            let embedded = catalogues::embedded(language);
            let keys = keys(&embedded);
            let overriding = overrides::completed(&overriding(language), &embedded);
            let all: Vec<_> = embedded.into_iter().chain(overriding).collect();
            (language, Texts { bundle: catalogues::bundle(language, &all), keys })
        });
        let languages = languages.collect();
        Self(Arc::new(Inner { languages, is_pseudo: false, complained: Mutex::default() }))
    }

    /// The text of a key, such as `passwordReset.title`.
    ///
    /// What a language lacks is said in English. What there is nowhere is answered by the key
    /// itself, and logged once.
    pub fn text(
        &self,
        language: Language,
        key: &str,
        arguments: &[(&str, Argument<'_>)],
    ) -> String {
        let arguments = argument::prepared(arguments);
        let places = [language, Language::English];
        for texts in places.iter().filter_map(|place| self.0.languages.get(place)) {
            if let Some(text) = self.formatted(&texts.bundle, key, &arguments) {
                return text;
            }
        }
        self.complain(key, "there is no such text");
        key.to_owned()
    }

    /// Every key of a language, sorted.
    pub fn keys(&self, language: Language) -> Vec<String> {
        self.0.languages.get(&language).map(|texts| texts.keys.clone()).unwrap_or_default()
    }

    fn formatted(&self, bundle: &Bundle, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let pattern = match key.split_once('.') {
            Some((message, attribute)) => {
                bundle.get_message(message)?.get_attribute(attribute)?.value()
            }
            None => bundle.get_message(key)?.value()?,
        };
        let mut problems = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut problems).into_owned();
        if let Some(problem) = problems.first() {
            self.complain(key, &problem.to_string());
        }
        Some(if self.0.is_pseudo { pseudo::bracketed(&text) } else { text })
    }

    fn complain(&self, key: &str, problem: &str) {
        if self.is_news(key) {
            tracing::error!(key, problem, "a text cannot be shown as it should");
        }
    }

    /// Whether nothing was said about that text yet; a page may be shown a thousand times an hour.
    fn is_news(&self, key: &str) -> bool {
        let mut complained = self.0.complained.lock().unwrap_or_else(PoisonError::into_inner);
        complained.insert(key.to_owned())
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
    fn what_is_not_there_is_answered_by_its_key() {
        let locales = Locales::embedded();
        for key in
            ["mailWelcome.nothing", "nothing.subject", "nothing", "mailWelcome", "", ".", "-host"]
        {
            assert_eq!(locales.text(Language::German, key, &[]), key);
        }
    }

    #[test]
    fn what_a_language_lacks_is_said_in_english() {
        let texts = |language, source: &str| {
            let resource = Arc::new(FluentResource::try_new(source.to_owned()).unwrap());
            let resources = [resource];
            Texts { bundle: catalogues::bundle(language, &resources), keys: keys(&resources) }
        };
        let languages = BTreeMap::from([
            (Language::English, texts(Language::English, "a =\n    .b = one\n    .c = two\n")),
            (Language::German, texts(Language::German, "a =\n    .b = eins\n")),
        ]);
        let inner = Inner { languages, is_pseudo: false, complained: Mutex::default() };
        let locales = Locales(Arc::new(inner));
        assert_eq!(locales.text(Language::German, "a.b", &[]), "eins");
        assert_eq!(locales.text(Language::German, "a.c", &[]), "two");
        assert_eq!(locales.text(Language::Arabic, "a.b", &[]), "one");
        assert_eq!(locales.keys(Language::German), ["a.b"]);
    }

    #[test]
    fn a_missing_value_leaves_its_name() {
        let text = Locales::embedded().text(Language::English, "mailWelcome.subject", &[]);
        assert_eq!(text, "Welcome to {$product}");
    }

    #[test]
    fn an_argument_is_put_in_as_it_is() {
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
    fn keys_are_sorted_and_every_one_has_a_text() {
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
    fn a_problem_is_complained_about_once() {
        let locales = Locales::pseudo();
        locales.text(Language::English, "nothing.here", &[]);
        assert!(!locales.is_news("nothing.here"));
        assert!(locales.is_news("nothing.there") && !locales.is_news("nothing.there"));
        locales.text(Language::English, "time.lessThanAMinute", &[]);
        assert!(locales.is_news("time.lessThanAMinute"));
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
