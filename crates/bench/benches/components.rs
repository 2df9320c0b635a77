//! Micro-benchmarks of the components of a request: `cargo bench -p vestibule-bench`.
#![expect(clippy::unwrap_used, reason = "an error fails the benchmark")]

use std::sync::Arc;
use std::time::Duration;

use divan::{Bencher, black_box};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;
use vestibule_domain::model::claims::AccessClaims;
use vestibule_domain::model::email::EmailAddress;
use vestibule_domain::model::id::{SessionId, UserId};
use vestibule_domain::model::password::Password;
use vestibule_domain::ports::{
    AccessTokens as _, Clock as _, OsRandom, PasswordHasher as _, SystemClock,
};
use vestibule_locales::Locales;
use vestibule_mail::{Branding, check_templates};
use vestibule_passwords::{Argon2Hasher, EngineChoice, Settings};
use vestibule_tokens::{KeyDirectory, KeyRing, PasetoAccessTokens};
use vestibule_web::Files;

fn main() {
    divan::main();
}

/// OWASP's minimum parameters, and stronger ones.
const COSTS: [(u32, u32); 5] = [(19_456, 2), (47_104, 2), (65_536, 3), (131_072, 3), (262_144, 3)];

/// Verifies a password, by memory in KiB and passes.
#[divan::bench(args = COSTS, sample_count = 20)]
fn verify_fast(bencher: Bencher<'_, '_>, cost: (u32, u32)) {
    verify(bencher, EngineChoice::Auto, cost);
}

#[divan::bench(args = COSTS, sample_count = 20)]
fn verify_portable(bencher: Bencher<'_, '_>, cost: (u32, u32)) {
    verify(bencher, EngineChoice::Portable, cost);
}

fn verify(bencher: Bencher<'_, '_>, engine: EngineChoice, (memory_kib, iterations): (u32, u32)) {
    let runtime = Runtime::new().unwrap();
    let settings = Settings { memory_kib, iterations, parallelism: 1, max_parallel: 1, engine };
    let hasher = Argon2Hasher::new(settings, Arc::new(OsRandom)).unwrap();
    let password = Password::parse("correct horse battery").unwrap();
    let hash = runtime.block_on(hasher.hash(&password)).unwrap();
    bencher.bench_local(|| runtime.block_on(hasher.verify(&password, &hash)).unwrap());
}

/// Access tokens with the folder of their keys.
struct Tokens {
    tokens: PasetoAccessTokens,
    _folder: TempDir,
}

impl Tokens {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = KeyDirectory::create(folder.path().join("keys"), SystemClock.now()).unwrap();
        let ring = Arc::new(KeyRing::load(keys).unwrap());
        let origin = "https://accounts.example.com";
        Self { tokens: PasetoAccessTokens::new(ring, origin, origin), _folder: folder }
    }
}

fn claims() -> AccessClaims {
    let now = SystemClock.now();
    AccessClaims {
        user_id: UserId::generate(now, &OsRandom),
        session_id: SessionId::generate(now, &OsRandom),
        token_id: Uuid::nil(),
        issued_at: now,
        expires_at: now + Duration::from_mins(15),
    }
}

#[divan::bench]
fn token_issue(bencher: Bencher<'_, '_>) {
    let Tokens { tokens, _folder } = Tokens::new();
    let claims = claims();
    bencher.bench_local(|| tokens.issue(black_box(&claims)).unwrap());
}

/// Verifies tokens for the first time.
#[divan::bench]
fn token_verify(bencher: Bencher<'_, '_>) {
    let Tokens { tokens, _folder } = Tokens::new();
    let fresh = || tokens.issue(&claims()).unwrap();
    bencher.with_inputs(fresh).bench_local_refs(|token| tokens.read(token.expose()).unwrap());
}

/// Verifies a token again, from the cache.
#[divan::bench]
fn token_cached(bencher: Bencher<'_, '_>) {
    let Tokens { tokens, _folder } = Tokens::new();
    let token = tokens.issue(&claims()).unwrap();
    bencher.bench_local(|| tokens.read(black_box(token.expose())).unwrap());
}

#[divan::bench(args = ["anna@example.com", "Änna.Müller+Straße@BÜCHER.example"])]
fn email_canonical(text: &str) -> EmailAddress {
    EmailAddress::parse(black_box(text)).unwrap()
}

/// Renders all pages in all languages, as at every start.
#[divan::bench(sample_count = 10)]
fn pages_check(bencher: Bencher<'_, '_>) {
    let locales = Locales::embedded();
    bencher.bench_local(|| Files::read(None, black_box(&locales)).unwrap());
}

/// Renders all mails in all languages, as at every start.
#[divan::bench(sample_count = 10)]
fn mails_check(bencher: Bencher<'_, '_>) {
    let locales = Locales::embedded();
    let branding = Branding::new("Vestibule", "https://accounts.example.com").unwrap();
    bencher.bench_local(|| check_templates(black_box(&branding), &locales).unwrap());
}
