//! The languages of pages and mails.

use std::fmt;

/// A language of pages and mails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English, the default.
    #[default]
    English,
    /// German.
    German,
    /// Arabic, written from right to left.
    Arabic,
}

impl Language {
    /// All languages, the default first.
    pub const ALL: [Self; 3] = [Self::English, Self::German, Self::Arabic];

    /// Returns the language tag (RFC 5646), for `lang` and `Content-Language`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::Arabic => "ar",
        }
    }

    /// Returns `true` if the language is written from right to left.
    pub fn is_right_to_left(self) -> bool {
        self == Self::Arabic
    }

    /// Returns the language with exactly this tag.
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.tag() == tag)
    }

    /// Returns the best language for an `Accept-Language` header (RFC 9110, section 12.5.4): the
    /// supported one with the greatest weight, and of those the first. `de-AT` matches `de`.
    pub fn negotiate(accepted: &str) -> Option<Self> {
        let mut best: Option<(f32, Self)> = None;
        for range in accepted.split(',') {
            let mut parts = range.split(';').map(str::trim);
            let primary = parts.next().and_then(|range| range.split('-').next()).unwrap_or("");
            let weight = match parts.find_map(|part| part.strip_prefix("q=")) {
                Some(weight) => weight.parse().unwrap_or(0.0),
                None => 1.0,
            };
            let language = Self::from_tag(&primary.to_ascii_lowercase());
            if let Some(language) = language
                && weight > best.map_or(0.0, |(weight, _)| weight)
            {
                best = Some((weight, language));
            }
        }
        best.map(|(_, language)| language)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_tag_is_parsed() {
        for language in Language::ALL {
            assert_eq!(Language::from_tag(language.tag()), Some(language));
        }
        assert_eq!(Language::from_tag("fr"), None);
        assert_eq!(Language::from_tag("EN"), None);
    }

    #[test]
    fn the_supported_language_with_the_highest_weight_is_chosen() {
        for (accepted, language) in [
            ("de", Some(Language::German)),
            ("de-AT,de;q=0.9,en;q=0.8", Some(Language::German)),
            ("fr, ar;q=0.5, en;q=0.4", Some(Language::Arabic)),
            ("en;q=0.4, AR-eg ; q=0.9", Some(Language::Arabic)),
            ("en, de", Some(Language::English)),
            ("de;q=0, en;q=0.1", Some(Language::English)),
            ("de;q=x, *", None),
            ("fr", None),
            ("", None),
        ] {
            assert_eq!(Language::negotiate(accepted), language, "{accepted:?}");
        }
    }
}
