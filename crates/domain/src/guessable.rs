//! Passwords that are guessed first: short ones, those everybody uses, and those made of what is
//! known about their owner (NIST SP 800-63B-4, section 3.1.1.2; ASVS 6.2.4, 6.2.11, 6.2.12).

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
    // Edges ask for it as well, to name it beside the other rules; here nobody can forget to.
    if password.text().chars().count() < policy.min_length {
        return Err(Error::PasswordRefused(PasswordError::TooShort { min: policy.min_length }));
    }
    let folded = fold(password.text());
    if ports.common_passwords.contains(&folded) {
        return Err(Error::PasswordRefused(PasswordError::Common));
    }
    // The address as it was written, and as it is looked up: the domain may differ.
    let addresses = [email.as_str(), email.key().as_str()];
    let halves = addresses.into_iter().filter_map(|address| address.split_once('@'));
    let words = halves.flat_map(|(local, domain)| [local, domain]);
    let words = words.chain(addresses).chain([username.as_str(), &policy.product_name]);
    if is_made_of(&folded, words.map(fold).collect()) {
        return Err(Error::PasswordRefused(PasswordError::Personal));
    }
    Ok(())
}

/// Lower case without regard to language, in NFC: what tells apart no two ways of typing a word.
fn fold(text: &str) -> Zeroizing<String> {
    let folded = Zeroizing::new(CaseMapper::new().fold_string(text).into_owned());
    Zeroizing::new(ComposingNormalizerBorrowed::new_nfc().normalize(&folded).into_owned())
}

/// Whether a password is little more than some of the words, once or more.
fn is_made_of(password: &str, mut words: Vec<Zeroizing<String>>) -> bool {
    words.retain(|word| word.chars().count() >= SHORTEST_WORD && password.contains(word.as_str()));
    // The longest first: a part of a word is no word beside it.
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
    fn what_no_edge_has_measured_is_measured_here() {
        assert_eq!(verdict("elevenchars"), Err(PasswordError::TooShort { min: 12 }));
        assert_eq!(verdict("twelve chars"), Ok(()));
        assert_eq!(verdict("größezwölfen"), Ok(()), "code points, not bytes");
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
        let made_of =
            |password, word: &str| is_made_of(password, vec![Zeroizing::new(word.to_owned())]);
        assert!(!made_of("abc123456789", "abc"));
        assert!(made_of("abcd12345678", "abcd"));
        assert!(made_of("xyzabcdabcd", "abcd"));
        assert!(!made_of("wxyzabcdabcd", "abcd"));
    }
}
