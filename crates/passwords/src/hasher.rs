//! The password hasher of the service.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Params;
use argon2::password_hash::phc::Output;
use async_trait::async_trait;
use vestibule_domain::error::BoxError;
use vestibule_domain::model::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher, Random, Verdict};
use zeroize::Zeroizing;

use crate::engine::{Engine, EngineKind, Input};
use crate::foreign::{Comparison, ForeignHash, UnusableHash};
use crate::phc::{self, OUTPUT_BYTES, SALT_BYTES, Stored};
use crate::self_test::{self, SelfTestError};
use crate::workers::Workers;

/// Maximum of `max_parallel`, more than any machine has cores; larger values are typing errors.
const MAX_PARALLEL: usize = 1024;

/// Cost parameters of new hashes, number of concurrent hashes and choice of the engine.
///
/// OWASP recommends at least 19 MiB, two passes and one lane. Only invalid values are rejected
/// here; the configuration rejects values that are too weak for production.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Memory for one hash, in KiB; at most 262 144.
    pub memory_kib: u32,
    /// Passes over the memory; at most 10.
    pub iterations: u32,
    /// Lanes, which are computed one after another; at most 4.
    pub parallelism: u32,
    /// Maximum number of concurrent hashes; by default the number of cores. Each uses `memory_kib`.
    pub max_parallel: usize,
    /// The engine that computes the hashes.
    pub engine: EngineChoice,
}

/// The minimum of OWASP's Password Storage Cheat Sheet, with one hash per core.
impl Default for Settings {
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1024,
            iterations: 2,
            parallelism: 1,
            max_parallel: available_parallelism().map_or(1, NonZero::get),
            engine: EngineChoice::Auto,
        }
    }
}

/// Choice of the engine; all engines compute the same hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The vectorised engine if it passes its self-test at startup, otherwise the portable engine.
    #[default]
    Auto,
    /// The portable engine.
    Portable,
}

/// An error of [`Argon2Hasher::new`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Argon2 is not defined for these parameters.
    #[error(
        "invalid Argon2id parameters: {memory_kib} KiB, {iterations} iterations, parallelism {parallelism}"
    )]
    Undefined {
        /// Memory for one hash, in KiB.
        memory_kib: u32,
        /// Passes over the memory.
        iterations: u32,
        /// Lanes.
        parallelism: u32,
        /// Error of the library.
        #[source]
        source: argon2::Error,
    },
    /// Hashes with these parameters would be rejected by `verify`.
    #[error("Argon2id parameters exceed 262144 KiB, 10 iterations or parallelism 4")]
    TooExpensive,
    /// The number of concurrent hashes is out of range.
    #[error("the number of concurrent hashes must be between 1 and 1024")]
    Parallel,
    /// The decoy hash could not be encoded.
    #[error("cannot create the decoy hash")]
    Decoy(#[source] BoxError),
    /// The hashing threads could not be started.
    #[error("cannot start the hashing threads")]
    Threads(#[source] std::io::Error),
}

/// A password hasher with Argon2id that uses its own, limited number of threads.
///
/// Requires a Tokio runtime with time enabled.
pub struct Argon2Hasher {
    params: Params,
    engine: EngineKind,
    self_test_error: Option<SelfTestError>,
    workers: Workers,
    random: Arc<dyn Random>,
    decoy: PasswordHash,
}

impl Argon2Hasher {
    /// Creates a hasher that generates its salts with `random`, and starts its threads.
    pub fn new(settings: Settings, random: Arc<dyn Random>) -> Result<Self, SettingsError> {
        let Settings { memory_kib, iterations, parallelism, max_parallel, engine } = settings;
        if !phc::is_affordable(memory_kib, iterations, parallelism) {
            return Err(SettingsError::TooExpensive);
        }
        if !(1..=MAX_PARALLEL).contains(&max_parallel) {
            return Err(SettingsError::Parallel);
        }
        let params = Params::new(memory_kib, iterations, parallelism, Some(OUTPUT_BYTES));
        let params = params.map_err(|source| SettingsError::Undefined {
            memory_kib,
            iterations,
            parallelism,
            source,
        })?;
        // Random bytes instead of a hash, so that there is no known password that matches.
        let (mut salt, mut output) = ([0; SALT_BYTES], [0; OUTPUT_BYTES]);
        random.fill(&mut salt);
        random.fill(&mut output);
        let decoy = phc::write(&params, &salt, &output).map_err(SettingsError::Decoy)?;
        let self_test_error = match engine {
            EngineChoice::Auto => self_test::test_vectorised(&*random).err(),
            EngineChoice::Portable => None,
        };
        let engine = if engine == EngineChoice::Auto && self_test_error.is_none() {
            EngineKind::Vectorised
        } else {
            EngineKind::Portable
        };
        let workers = Workers::start(engine, max_parallel, params.block_count())
            .map_err(SettingsError::Threads)?;
        let decoy = PasswordHash::from_phc(decoy);
        Ok(Self { params, engine, self_test_error, workers, random, decoy })
    }

    /// Returns the engine that computes the hashes.
    pub fn engine(&self) -> EngineKind {
        self.engine
    }

    /// Returns the error of the self-test if it ruled out the vectorised engine.
    pub fn self_test_error(&self) -> Option<&SelfTestError> {
        self.self_test_error.as_ref()
    }

    /// Returns the number of hashes that are being computed.
    pub fn in_flight(&self) -> usize {
        self.workers.in_flight()
    }

    /// Returns the number of callers that wait for a thread.
    pub fn waiting(&self) -> usize {
        self.workers.waiting()
    }

    /// Returns the maximum number of concurrent hashes since the start.
    pub fn peak_in_flight(&self) -> usize {
        self.workers.peak_in_flight()
    }
}

/// A parsed hash.
enum ParsedHash {
    Own(Stored),
    Foreign(ForeignHash),
}

fn parse(text: &str) -> Result<ParsedHash, UnusableHash> {
    match Stored::parse(text) {
        Some(stored) => Ok(ParsedHash::Own(stored)),
        None => ForeignHash::parse(text).map(ParsedHash::Foreign),
    }
}

/// Converts the result of a comparison; a foreign hash that covers the whole password is stale.
fn verdict(comparison: Comparison) -> Verdict {
    match comparison {
        Comparison::Match => Verdict::MatchButStale,
        Comparison::PrefixMatch => Verdict::Match,
        Comparison::Mismatch => Verdict::Mismatch,
    }
}

fn hash(
    engine: &mut Engine,
    params: &Params,
    password: &[u8],
    salt: &[u8; SALT_BYTES],
) -> Result<PasswordHash, BoxError> {
    let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
    engine.compute(&Input { params, password, salt }, &mut *output)?;
    Ok(PasswordHash::from_phc(phc::write(params, salt, &output)?))
}

fn verify(
    engine: &mut Engine,
    current: &Params,
    password: &[u8],
    stored: &Stored,
) -> Result<Verdict, BoxError> {
    let mut output = Zeroizing::new([0; Output::MAX_LENGTH]);
    let output = &mut output[..stored.output.len()];
    engine.compute(&Input { params: &stored.params, password, salt: &stored.salt }, output)?;
    // `Output` compares in constant time.
    Ok(if Output::new(output)? != stored.output {
        Verdict::Mismatch
    } else if stored.is_stale(current) {
        Verdict::MatchButStale
    } else {
        Verdict::Match
    })
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let params = self.params.clone();
        let password = Zeroizing::new(password.expose().to_vec());
        let work = move |engine: &mut Engine| hash(engine, &params, &password, &salt);
        self.workers.run(work).await?.map_err(HashError::Failed)
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        let stored = parse(hash.as_phc()).map_err(|reason| HashError::Unreadable(reason.into()))?;
        let current = self.params.clone();
        let password = Zeroizing::new(password.expose().to_vec());
        let work = move |engine: &mut Engine| match &stored {
            ParsedHash::Own(stored) => verify(engine, &current, &password, stored),
            ParsedHash::Foreign(hash) => Ok(verdict(hash.verify(&password)?)),
        };
        self.workers.run(work).await?.map_err(HashError::Failed)
    }

    fn accept_foreign_hash(&self, text: &str) -> Result<PasswordHash, HashError> {
        parse(text).map_err(|reason| HashError::Unreadable(reason.into()))?;
        Ok(PasswordHash::from_phc(text.to_owned()))
    }

    fn decoy(&self) -> PasswordHash {
        self.decoy.clone()
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher")
            .field("params", &self.params)
            .field("engine", &self.engine)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
