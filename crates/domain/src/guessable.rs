//! Passwords that are guessed first: those everybody uses, and those made of what is known about
//! their owner (NIST SP 800-63B-4, section 3.1.1.2; ASVS 6.2.4, 6.2.11, 6.2.12).

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use crate::email::EmailAddress;
use crate::error::Error;
use crate::password::{Password, PasswordError};
use crate::policy::PasswordPolicy;
use crate::ports::Ports;
use crate::username::Username;

/// A word this short is part of too many good passwords.
const SHORTEST_WORD: usize = 4;
/// With fewer characters beside the word, or no letter among them, the word is all there is.
const FEWEST_BESIDE: usize = 4;

/// Refuses a password that is to be set and would be guessed first.
///
/// # Errors
/// `PasswordRefused`.
pub(crate) fn refuse_guessable(
    ports: &Ports,
    policy: &PasswordPolicy,
    password: &Password,
    email: &EmailAddress,
    username: &Username,
) -> Result<(), Error> {
    let folded = fold(password.text());
    if ports.common_passwords.contains(&folded) {
        return Err(Error::PasswordRefused(PasswordError::Common));
    }
    let (local, domain) = email.key().as_str().split_once('@').unwrap_or_default();
    let words = [email.key().as_str(), local, domain, username.as_str(), &policy.product_name];
    if words.into_iter().any(|word| is_little_more_than(&folded, &fold(word))) {
        return Err(Error::PasswordRefused(PasswordError::Personal));
    }
    Ok(())
}

/// Lower case without regard to language, in NFC: what tells apart no two ways of typing a word.
fn fold(text: &str) -> Zeroizing<String> {
    let folded = Zeroizing::new(CaseMapper::new().fold_string(text).into_owned());
    Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned())
}

/// Whether a password is a word, once or more, with padding.
fn is_little_more_than(password: &str, word: &str) -> bool {
    if word.chars().count() < SHORTEST_WORD || !password.contains(word) {
        return false;
    }
    let beside = Zeroizing::new(password.replace(word, ""));
    beside.chars().count() < FEWEST_BESIDE || !beside.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::mocks::{Scene, a_user};

    fn verdict(password: &str) -> Result<(), PasswordError> {
        let (user, policy) = (a_user(), PasswordPolicy::default());
        let password = Password::parse(password).unwrap();
        let ports = Scene::default().ports();
        match refuse_guessable(&ports, &policy, &password, &user.email, &user.username) {
            Ok(()) => Ok(()),
            Err(Error::PasswordRefused(why)) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_known_about_the_owner_with_padding_is_refused() {
        for guessable in [
            "anna@example.com",
            "ANNA@Example.com!",
            "annaannaanna",
            "Anna20261121!",
            "12345678anna",
            "Vestibule2026!",
            "vestibulevestibule",
            "example.com1",
        ] {
            assert_eq!(verdict(guessable), Err(PasswordError::Personal), "{guessable}");
        }
        for fine in
            ["hannah likes trees", "annas three horses", "vestibule of wood", "correct horse"]
        {
            assert_eq!(verdict(fine), Ok(()), "{fine}");
        }
    }

    #[test]
    fn what_everybody_uses_is_refused_in_any_case() {
        // The list of the scene.
        for common in ["everybody uses this", "Everybody USES this"] {
            assert_eq!(verdict(common), Err(PasswordError::Common), "{common}");
        }
    }

    #[test]
    fn short_words_forbid_nothing() {
        assert!(!is_little_more_than("abc123456789", "abc"));
        assert!(is_little_more_than("abcd12345678", "abcd"));
        assert!(is_little_more_than("xyzabcdabcd", "abcd"));
        assert!(!is_little_more_than("wxyzabcdabcd", "abcd"));
    }
}
