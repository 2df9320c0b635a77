//! Passwords that are easy to guess: short, common, or derived from the user's data
//! (NIST SP 800-63B-4, section 3.1.1.2; ASVS 6.2.4, 6.2.11, 6.2.12).

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use zeroize::Zeroizing;

use crate::error::Error;
use crate::model::email::EmailAddress;
use crate::model::password::{Password, PasswordError};
use crate::model::policy::PasswordPolicy;
use crate::model::username::Username;
use crate::ports::Ports;

/// Minimum length of a word to check for; shorter ones are part of too many good passwords.
const SHORTEST_WORD: usize = 4;
/// Minimum number of characters beside the word, with a letter among them.
const FEWEST_BESIDE: usize = 4;

/// Refuses a new password that is easy to guess.
///
/// # Errors
/// `PasswordRefused`.
pub(crate) fn check_strength(
    ports: &Ports,
    policy: &PasswordPolicy,
    password: &Password,
    email: &EmailAddress,
    username: &Username,
) -> Result<(), Error> {
    // Edges check the length as well, to report it together with other validation errors.
    if password.text().chars().count() < policy.min_length {
        return Err(Error::PasswordRefused(PasswordError::TooShort { min: policy.min_length }));
    }
    let folded = fold(password.text());
    if ports.common_passwords.contains(&folded) {
        return Err(Error::PasswordRefused(PasswordError::Common));
    }
    // The address as typed, and its key, which may have another domain.
    let addresses = [email.as_str(), email.key().as_str()];
    let halves = addresses.into_iter().filter_map(|address| address.split_once('@'));
    let words = halves.flat_map(|(local, domain)| [local, domain]);
    let words = words.chain(addresses).chain([username.as_str(), &policy.product_name]);
    if is_made_of(&folded, words.map(fold).collect()) {
        return Err(Error::PasswordRefused(PasswordError::Personal));
    }
    Ok(())
}

/// Returns the text case-folded and in NFC.
fn fold(text: &str) -> Zeroizing<String> {
    let folded = Zeroizing::new(CaseMapper::new().fold_string(text).into_owned());
    Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned())
}

/// Returns `true` if a password consists of some of the words, with little else.
fn is_made_of(password: &str, mut words: Vec<Zeroizing<String>>) -> bool {
    words.retain(|word| word.chars().count() >= SHORTEST_WORD && password.contains(word.as_str()));
    // The longest first, so that a part of a word does not count as padding.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut beside = Zeroizing::new(password.to_owned());
    for word in &words {
        beside = Zeroizing::new(beside.replace(word.as_str(), ""));
    }
    let is_padding =
        beside.chars().count() < FEWEST_BESIDE || !beside.chars().any(char::is_alphabetic);
    !words.is_empty() && is_padding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::a_user;
    use crate::ports::mocks::Scene;

    fn verdict(password: &str) -> Result<(), PasswordError> {
        let (user, policy) = (a_user(), PasswordPolicy::default());
        let password = Password::parse(password).unwrap();
        let ports = Scene::default().ports();
        match check_strength(&ports, &policy, &password, &user.email, &user.username) {
            Ok(()) => Ok(()),
            Err(Error::PasswordRefused(why)) => Err(why),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn padded_personal_data_is_refused() {
        for guessable in [
            "anna@example.com",
            "ANNA@Example.com!",
            "annaannaanna",
            "Anna20261121!",
            "12345678anna",
            "Vestibule2026!",
            "vestibulevestibule",
            "example.com1",
            "annavestibule",
            "vestibule.anna1",
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
    fn the_minimum_length_is_checked() {
        assert_eq!(verdict("elevenchars"), Err(PasswordError::TooShort { min: 12 }));
        assert_eq!(verdict("twelve chars"), Ok(()));
        assert_eq!(verdict("größezwölfen"), Ok(()), "code points, not bytes");
    }

    #[test]
    fn a_common_password_is_refused_in_any_case() {
        // Part of the list in `Scene`.
        for common in ["a very common one", "A very COMMON one"] {
            assert_eq!(verdict(common), Err(PasswordError::Common), "{common}");
        }
    }

    #[test]
    fn short_context_words_are_ignored() {
        let made_of =
            |password, word: &str| is_made_of(password, vec![Zeroizing::new(word.to_owned())]);
        assert!(!made_of("abc123456789", "abc"));
        assert!(made_of("abcd12345678", "abcd"));
        assert!(made_of("xyzabcdabcd", "abcd"));
        assert!(!made_of("wxyzabcdabcd", "abcd"));
    }
}
