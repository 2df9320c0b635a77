//! Tests of the hasher: stored hashes, accepted hashes and concurrency.

#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

use std::sync::Arc;

use argon2::{Argon2, PasswordVerifier as _};
use tokio::task::JoinSet;
use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, OsRandom, PasswordHasher as _, Verdict};
use vestibule_passwords::{Argon2Hasher, EngineChoice, EngineKind, Settings, SettingsError};

const CHEAP: Settings = Settings {
    memory_kib: 64,
    iterations: 1,
    parallelism: 1,
    max_parallel: 2,
    engine: EngineChoice::Auto,
};

fn hasher(settings: Settings) -> Argon2Hasher {
    Argon2Hasher::new(settings, Arc::new(OsRandom)).unwrap()
}

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

fn phc(text: &str) -> PasswordHash {
    PasswordHash::from_phc(text.to_owned())
}

#[tokio::test]
async fn a_password_matches_its_hash_and_no_other() {
    let hasher = hasher(CHEAP);
    let hash = hasher.hash(&password("correct horse")).await.unwrap();
    let verify = async |text| hasher.verify(&password(text), &hash).await.unwrap();
    assert_eq!(verify("correct horse").await, Verdict::Match);
    for wrong in ["correct horse ", "Correct horse", "correct hors", "correct horsf", "x"] {
        assert_eq!(verify(wrong).await, Verdict::Mismatch, "{wrong}");
    }
}

#[tokio::test]
async fn a_hash_is_argon2id_with_its_own_salt() {
    let hasher = hasher(CHEAP);
    let first = hasher.hash(&password("correct horse")).await.unwrap();
    let second = hasher.hash(&password("correct horse")).await.unwrap();
    assert_ne!(first, second);
    let fields: Vec<&str> = first.as_phc().split('$').collect();
    assert_eq!(fields[..4], ["", "argon2id", "v=19", "m=64,t=1,p=1"]);
    // 16 and 32 bytes in unpadded base64.
    assert_eq!((fields[4].len(), fields[5].len(), fields.len()), (22, 43, 6));
}

#[tokio::test]
async fn an_engine_verifies_the_hashes_of_the_other() {
    let fast = hasher(CHEAP);
    let portable = hasher(Settings { engine: EngineChoice::Portable, ..CHEAP });
    assert_eq!(fast.engine(), EngineKind::Vectorised, "{:?}", fast.self_test_error());
    assert_eq!(portable.engine(), EngineKind::Portable);
    for (writer, reader) in [(&fast, &portable), (&portable, &fast)] {
        let hash = writer.hash(&password("correct horse")).await.unwrap();
        let verify = async |text| reader.verify(&password(text), &hash).await.unwrap();
        assert_eq!(verify("correct horse").await, Verdict::Match);
        assert_eq!(verify("correct hors").await, Verdict::Mismatch);
    }
}

#[tokio::test]
async fn every_byte_of_a_long_password_counts() {
    let hasher = hasher(CHEAP);
    let long = "x".repeat(255);
    let hash = hasher.hash(&password(&format!("{long}y"))).await.unwrap();
    let verdict = hasher.verify(&password(&format!("{long}z")), &hash).await.unwrap();
    assert_eq!(verdict, Verdict::Mismatch);
}

/// Hashes of "password" with the salt "somesalt", from `test.c` of the reference implementation.
const PUBLISHED: [&str; 2] = [
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
];

#[tokio::test]
async fn published_hashes_are_verified() {
    let hasher = hasher(CHEAP);
    for hash in PUBLISHED {
        let verify = async |text| hasher.verify(&password(text), &phc(hash)).await.unwrap();
        assert_eq!(verify("password").await, Verdict::MatchButStale, "{hash}");
        assert_eq!(verify("Password").await, Verdict::Mismatch, "{hash}");
    }
}

/// A hash of the first version of this crate with the defaults; it must remain valid.
const FROZEN: &str = "$argon2id$v=19$m=19456,t=2,p=1$RAyzWcPDoHjsETvgJE7Okw$N02JiffUdtk7Rddn3kj7vOlqnMdFchYOse3mB/3Uees";

#[tokio::test]
async fn the_frozen_hash_is_verified() {
    let hasher = hasher(Settings { memory_kib: 19_456, iterations: 2, parallelism: 1, ..CHEAP });
    let verdict = hasher.verify(&password("correct horse battery"), &phc(FROZEN)).await.unwrap();
    assert_eq!(verdict, Verdict::Match);
}

#[tokio::test]
async fn hashes_with_other_parameters_are_stale() {
    let current = hasher(CHEAP);
    for other in [
        Settings { memory_kib: 65, ..CHEAP },
        Settings { memory_kib: 32, ..CHEAP },
        Settings { iterations: 2, ..CHEAP },
        Settings { parallelism: 2, ..CHEAP },
    ] {
        let hash = hasher(other).hash(&password("correct horse")).await.unwrap();
        let verdict = current.verify(&password("correct horse"), &hash).await.unwrap();
        assert_eq!(verdict, Verdict::MatchButStale, "{other:?}");
        let verdict = current.verify(&password("wrong horse"), &hash).await.unwrap();
        assert_eq!(verdict, Verdict::Mismatch, "{other:?}");
    }
}

#[tokio::test]
async fn the_verifier_of_the_library_agrees() {
    let hash = hasher(CHEAP).hash(&password("correct horse")).await.unwrap();
    assert!(Argon2::default().verify_password(b"correct horse", hash.as_phc()).is_ok());
    assert!(Argon2::default().verify_password(b"wrong horse", hash.as_phc()).is_err());
}

#[tokio::test]
async fn expensive_and_unknown_hashes_are_rejected_without_work() {
    let hasher = hasher(CHEAP);
    let salt = "c29tZXNhbHRzb21lc2FsdA";
    let hash = "A".repeat(43);
    let with = |head: &str| format!("${head}${salt}${hash}");
    for text in [
        // Excessive costs.
        with("argon2id$v=19$m=4294967295,t=1,p=1"),
        with("argon2id$v=19$m=4194304,t=1,p=1"),
        with("argon2id$v=19$m=262145,t=1,p=1"),
        with("argon2id$v=19$m=64,t=4294967295,p=1"),
        with("argon2id$v=19$m=262144,t=1,p=16777215"),
        with("argon2id$v=19$m=64,m=4194304,t=1,p=1"),
        with("argon2id$v=19$m=99999999999999999999,t=1,p=1"),
        // Invalid parameters.
        with("argon2id$v=19$m=0,t=1,p=1"),
        with("argon2id$v=19$m=64,t=0,p=1"),
        with("argon2id$v=19$m=64,t=1,p=0"),
        with("argon2id$v=19$m=8,t=1,p=4"),
        with("argon2id$v=19$m=64,t=1,p=1,x=1"),
        with("argon2id$v=19$m=64,t=1,p=1,data=AAAA"),
        with("argon2id$v=19$m=64,t=1,p=1,keyid=AAAA"),
        // Other algorithms and versions.
        with("argon2$v=19$m=64,t=1,p=1"),
        "$2x$12$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ01234".to_owned(),
        with("argon2id$v=20$m=64,t=1,p=1"),
        // Lengths: an output of 9 bytes, no output, and a salt of 7 bytes.
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}${}", "A".repeat(12)),
        format!("$argon2id$v=19$m=64,t=1,p=1${salt}"),
        format!("$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAA${hash}"),
        // Garbage.
        String::new(),
        "$".repeat(100),
        "password".to_owned(),
        "\0".to_owned(),
        format!("{}$", with("argon2id$v=19$m=64,t=1,p=1")),
        format!(" {}", with("argon2id$v=19$m=64,t=1,p=1")),
        format!("{}?", with("argon2id$v=19$m=64,t=1,p=1")),
        with("argon2id$v=19$m=64,t=1,p=1").repeat(10_000),
    ] {
        let outcome = hasher.verify(&password("x"), &phc(&text)).await;
        assert!(matches!(outcome, Err(HashError::Unreadable(_))), "{text:.80}: {outcome:?}");
        let accepted = hasher.accept_foreign_hash(&text);
        assert!(matches!(accepted, Err(HashError::Unreadable(_))), "{text:.80}: {accepted:?}");
    }
    assert_eq!(hasher.peak_in_flight(), 0, "no work was done");
}

#[tokio::test]
async fn a_foreign_hash_is_verified_and_stale() {
    let hasher = hasher(CHEAP);
    let lines = include_str!("foreign/vectors.txt").lines();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let (text, hash) =
            (fields[2].replace("\\0", "\0"), hasher.accept_foreign_hash(fields[3]).unwrap());
        assert_eq!(hash.as_phc(), fields[3], "stored unchanged");
        // Bcrypt ignores the bytes after 72; a new hash would include typos in them.
        let is_truncated = fields[1] == "Bcrypt" && text.len() >= 72;
        let right = if is_truncated { Verdict::Match } else { Verdict::MatchButStale };
        assert_eq!(hasher.verify(&password(&text), &hash).await.unwrap(), right, "{line}");
        let wrong = hasher.verify(&password("another"), &hash).await.unwrap();
        assert_eq!(wrong, Verdict::Mismatch, "{line}");
    }
    let own = hasher.hash(&password("correct horse")).await.unwrap();
    let accepted = hasher.accept_foreign_hash(own.as_phc()).unwrap();
    let verdict = hasher.verify(&password("correct horse"), &accepted).await.unwrap();
    assert_eq!(verdict, Verdict::Match, "a hash of another installation");
}

#[tokio::test]
async fn the_decoy_costs_as_much_as_a_new_hash_and_does_not_match() {
    let hasher = hasher(CHEAP);
    let decoy = hasher.decoy();
    assert_eq!(decoy, hasher.decoy());
    let hash = hasher.hash(&password("correct horse")).await.unwrap();
    let shape = |hash: &PasswordHash| {
        let fields = hash.as_phc().split('$').map(str::to_owned).collect::<Vec<_>>();
        (fields[..4].to_vec(), fields[4].len(), fields[5].len())
    };
    assert_eq!(shape(&decoy), shape(&hash));
    let verdict = hasher.verify(&password("correct horse"), &decoy).await.unwrap();
    assert_eq!(verdict, Verdict::Mismatch);
    assert_ne!(decoy, self::hasher(CHEAP).decoy());
}

#[test]
fn invalid_settings_are_rejected() {
    let error = |settings| Argon2Hasher::new(settings, Arc::new(OsRandom)).unwrap_err();
    for undefined in [
        Settings { memory_kib: 7, ..CHEAP },
        Settings { memory_kib: 8, parallelism: 2, ..CHEAP },
        Settings { iterations: 0, ..CHEAP },
        Settings { parallelism: 0, ..CHEAP },
    ] {
        assert!(matches!(error(undefined), SettingsError::Undefined { .. }), "{undefined:?}");
    }
    for expensive in [
        Settings { memory_kib: 262_145, ..CHEAP },
        Settings { iterations: 11, ..CHEAP },
        Settings { parallelism: 5, ..CHEAP },
    ] {
        assert!(matches!(error(expensive), SettingsError::TooExpensive), "{expensive:?}");
    }
    for max_parallel in [0, 1025, usize::MAX] {
        let settings = Settings { max_parallel, ..CHEAP };
        assert!(matches!(error(settings), SettingsError::Parallel), "{max_parallel}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_concurrency_limit_holds_even_if_callers_are_dropped() {
    let hasher = Arc::new(hasher(Settings { memory_kib: 1024, ..CHEAP }));
    let mut callers = JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..50 {
        let hasher = Arc::clone(&hasher);
        handles.push(callers.spawn(async move { hasher.hash(&password("correct horse")).await }));
    }
    // Every other caller is dropped after the first hash.
    while hasher.peak_in_flight() == 0 {
        tokio::task::yield_now().await;
    }
    for handle in handles.iter().step_by(2) {
        handle.abort();
    }
    let (mut done, mut gone) = (0, 0);
    while let Some(outcome) = callers.join_next().await {
        match outcome {
            Ok(hash) => {
                hash.unwrap();
                done += 1;
            }
            Err(error) => {
                assert!(error.is_cancelled());
                gone += 1;
            }
        }
    }
    assert_eq!(done + gone, 50);
    assert!(done >= 25, "{done} hashed, {gone} gone");
    assert!((1..=2).contains(&hasher.peak_in_flight()), "{}", hasher.peak_in_flight());
    // The started hashes of dropped callers end too.
    while hasher.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn debug_output_contains_no_secret() {
    let hasher = hasher(CHEAP);
    let printed = format!("{hasher:?}");
    assert!(printed.starts_with("Argon2Hasher"));
    assert!(!printed.contains(hasher.decoy().as_phc()));
}
