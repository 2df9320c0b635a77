//! The hasher seen from outside: what it stores, what it reads, and how much it does at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::Arc;

use argon2::{Argon2, PasswordVerifier as _};
use tokio::task::JoinSet;
use vestibule_domain::password::{Password, PasswordHash};
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
async fn a_hash_is_argon2id_with_a_salt_of_its_own() {
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
async fn an_engine_reads_what_the_other_has_written() {
    let fast = hasher(CHEAP);
    let portable = hasher(Settings { engine: EngineChoice::Portable, ..CHEAP });
    assert_eq!(fast.engine(), EngineKind::Vectorised, "{:?}", fast.distrust());
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

/// Published by the authors of Argon2 in `test.c` of the reference implementation: the hashes of
/// "password" under the salt "somesalt".
const PUBLISHED: [&str; 2] = [
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
];

#[tokio::test]
async fn published_hashes_are_read() {
    let hasher = hasher(CHEAP);
    for hash in PUBLISHED {
        let verify = async |text| hasher.verify(&password(text), &phc(hash)).await.unwrap();
        assert_eq!(verify("password").await, Verdict::MatchButStale, "{hash}");
        assert_eq!(verify("Password").await, Verdict::Mismatch, "{hash}");
    }
}

/// Made by the first version of this crate with the defaults; it has to stay readable.
const FROZEN: &str = "$argon2id$v=19$m=19456,t=2,p=1$RAyzWcPDoHjsETvgJE7Okw$N02JiffUdtk7Rddn3kj7vOlqnMdFchYOse3mB/3Uees";

#[tokio::test]
async fn the_frozen_hash_is_read() {
    let hasher = hasher(Settings { memory_kib: 19_456, iterations: 2, parallelism: 1, ..CHEAP });
    let verdict = hasher.verify(&password("correct horse battery"), &phc(FROZEN)).await.unwrap();
    assert_eq!(verdict, Verdict::Match);
}

#[tokio::test]
async fn other_parameters_than_todays_are_stale() {
    let today = hasher(CHEAP);
    for other in [
        Settings { memory_kib: 65, ..CHEAP },
        Settings { memory_kib: 32, ..CHEAP },
        Settings { iterations: 2, ..CHEAP },
        Settings { parallelism: 2, ..CHEAP },
    ] {
        let hash = hasher(other).hash(&password("correct horse")).await.unwrap();
        let verdict = today.verify(&password("correct horse"), &hash).await.unwrap();
        assert_eq!(verdict, Verdict::MatchButStale, "{other:?}");
        let verdict = today.verify(&password("wrong horse"), &hash).await.unwrap();
        assert_eq!(verdict, Verdict::Mismatch, "{other:?}");
    }
}

#[tokio::test]
async fn the_library_s_own_verifier_agrees() {
    let hash = hasher(CHEAP).hash(&password("correct horse")).await.unwrap();
    assert!(Argon2::default().verify_password(b"correct horse", hash.as_phc()).is_ok());
    assert!(Argon2::default().verify_password(b"wrong horse", hash.as_phc()).is_err());
}

#[tokio::test]
async fn what_asks_for_too_much_or_is_not_ours_is_refused_at_once() {
    let hasher = hasher(CHEAP);
    let salt = "c29tZXNhbHRzb21lc2FsdA";
    let hash = "A".repeat(43);
    let with = |head: &str| format!("${head}${salt}${hash}");
    for text in [
        // Bombs.
        with("argon2id$v=19$m=4294967295,t=1,p=1"),
        with("argon2id$v=19$m=4194304,t=1,p=1"),
        with("argon2id$v=19$m=262145,t=1,p=1"),
        with("argon2id$v=19$m=64,t=4294967295,p=1"),
        with("argon2id$v=19$m=262144,t=1,p=16777215"),
        with("argon2id$v=19$m=64,m=4194304,t=1,p=1"),
        with("argon2id$v=19$m=99999999999999999999,t=1,p=1"),
        // Undefined.
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
        // Lengths: a hash of 9 bytes, none, and a salt of 7 bytes.
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
        let adopted = hasher.adopt(&text);
        assert!(matches!(adopted, Err(HashError::Unreadable(_))), "{text:.80}: {adopted:?}");
    }
    assert_eq!(hasher.peak_in_flight(), 0, "no work was done");
}

#[tokio::test]
async fn a_hash_of_another_system_is_compared_and_gives_way() {
    let hasher = hasher(CHEAP);
    let lines = include_str!("foreign/vectors.txt").lines();
    for line in lines {
        let fields: Vec<&str> = line.split('\t').collect();
        let (text, hash) = (fields[2].replace("\\0", "\0"), hasher.adopt(fields[3]).unwrap());
        assert_eq!(hash.as_phc(), fields[3], "kept as it is");
        // Bcrypt knows nothing of what comes after 72 bytes; a new hash would, slips included.
        let is_cut = fields[1] == "Bcrypt" && text.len() >= 72;
        let right = if is_cut { Verdict::Match } else { Verdict::MatchButStale };
        assert_eq!(hasher.verify(&password(&text), &hash).await.unwrap(), right, "{line}");
        let wrong = hasher.verify(&password("another"), &hash).await.unwrap();
        assert_eq!(wrong, Verdict::Mismatch, "{line}");
    }
    let ours = hasher.hash(&password("correct horse")).await.unwrap();
    let adopted = hasher.adopt(ours.as_phc()).unwrap();
    let verdict = hasher.verify(&password("correct horse"), &adopted).await.unwrap();
    assert_eq!(verdict, Verdict::Match, "one of ours, from another installation");
}

#[tokio::test]
async fn the_decoy_costs_what_a_new_hash_costs_and_matches_nothing() {
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
fn settings_that_cannot_work_are_refused() {
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
async fn no_more_hashes_than_allowed_run_at_once_even_if_callers_go_away() {
    let hasher = Arc::new(hasher(Settings { memory_kib: 1024, ..CHEAP }));
    let mut callers = JoinSet::new();
    let mut handles = Vec::new();
    for _ in 0..50 {
        let hasher = Arc::clone(&hasher);
        handles.push(callers.spawn(async move { hasher.hash(&password("correct horse")).await }));
    }
    // Every other caller goes away as soon as anything has been computed.
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
    // What the ones that went away had begun ends too.
    while hasher.in_flight() > 0 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn nothing_printed_shows_a_secret() {
    let hasher = hasher(CHEAP);
    let printed = format!("{hasher:?}");
    assert!(printed.starts_with("Argon2Hasher"));
    assert!(!printed.contains(hasher.decoy().as_phc()));
}
