//! Stored hashes: whoever can write to the store cannot make a sign-in expensive.

use std::cell::LazyCell;
use std::sync::Arc;

use vestibule_domain::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher};
use vestibule_passwords::{Argon2Hasher, EngineChoice, Settings};
use vestibule_testkit::random::SteadyRandom;

use crate::runtime::block_on;

/// Memory in KiB, passes, lanes: the most that a stored hash may ask for.
const MOST: [u64; 3] = [262_144, 10, 4];
/// What a fuzzer has the time for.
const CHEAP: [u64; 3] = [256, 3, 4];

thread_local! {
    static HASHER: LazyCell<Argon2Hasher> = const { LazyCell::new(|| {
        let settings = Settings {
            memory_kib: 32,
            iterations: 1,
            parallelism: 1,
            max_parallel: 1,
            engine: EngineChoice::Auto,
        };
        Argon2Hasher::new(settings, Arc::new(SteadyRandom::default())).unwrap()
    }) };
}

/// A text as a stored hash that a password is compared with.
///
/// # Panics
/// When work is done for a hash that asks for more than is allowed.
pub(crate) fn phc(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Some(asked) = asked_for(&text) else {
        let read = verify(&text);
        return assert!(matches!(read, Err(HashError::Unreadable(_))), "{text:?}: {read:?}");
    };
    let within = |bounds: [u64; 3]| asked.iter().zip(bounds).all(|(asked, most)| *asked <= most);
    if !within(MOST) {
        let read = verify(&text);
        assert!(matches!(read, Err(HashError::Unreadable(_))), "{text:?}: {read:?}");
    } else if within(CHEAP) {
        let _ = verify(&text);
    }
}

fn verify(text: &str) -> Result<vestibule_domain::ports::Verdict, HashError> {
    let password = Password::parse("correct horse battery staple").unwrap();
    let stored = PasswordHash::from_phc(text.to_owned());
    HASHER.with(|hasher| block_on(hasher.verify(&password, &stored)))
}

/// What a text asks for, read as generously as can be; `None` if it is not even Argon2id.
fn asked_for(text: &str) -> Option<[u64; 3]> {
    let fields = text.strip_prefix("$argon2id$")?;
    // What a hash does not say is as large as the library's defaults.
    let mut asked = [19_456, 2, 1];
    for parameter in fields.split(['$', ',']) {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        let Some(place) = ["m", "t", "p"].iter().position(|known| *known == name) else {
            continue;
        };
        asked[place] = value.parse().ok()?;
    }
    Some(asked)
}
