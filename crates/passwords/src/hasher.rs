//! The password hasher.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::thread::available_parallelism;

use argon2::Params;
use argon2::password_hash::phc::Output;
use async_trait::async_trait;
use vestibule_domain::error::BoxError;
use vestibule_domain::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher, Random, Verdict};
use zeroize::Zeroizing;

use crate::engine::{Engine, EngineKind, Input};
use crate::foreign::{Comparison, ForeignHash, UnusableHash};
use crate::phc::{self, OUTPUT_BYTES, SALT_BYTES, Stored};
use crate::self_test::{self, Distrust};
use crate::workers::Workers;

/// More hashes at once than any machine has cores; a slip of the finger beyond that.
const MAX_PARALLEL: usize = 1024;

/// What a hash costs today, how many may be computed at once, and by what.
///
/// OWASP asks for at least 19 MiB, two passes and one lane. Only what cannot work is refused here;
/// what should not be used in production is for the configuration to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Memory for one hash, in KiB; at most 262 144.
    pub memory_kib: u32,
    /// Passes over the memory; at most 10.
    pub iterations: u32,
    /// Lanes, which are computed one after another; at most 4.
    pub parallelism: u32,
    /// Hashes at once: as many as there are cores. Each takes `memory_kib`.
    pub max_parallel: usize,
    /// What computes them.
    pub engine: EngineChoice,
}

/// What OWASP's Password Storage Cheat Sheet asks for at least, on every core there is.
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

/// What may compute hashes; the hashes are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EngineChoice {
    /// The fast engine if it passes its test at the start, the portable one otherwise.
    #[default]
    Auto,
    /// The portable engine.
    Portable,
}

/// Why no hasher can be made with some settings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Argon2 is not defined for these parameters.
    #[error(
        "Argon2id cannot work with {memory_kib} KiB, {iterations} iterations and parallelism {parallelism}"
    )]
    Undefined {
        /// Memory for one hash, in KiB.
        memory_kib: u32,
        /// Passes over the memory.
        iterations: u32,
        /// Lanes.
        parallelism: u32,
        /// What the library said.
        #[source]
        source: argon2::Error,
    },
    /// Hashes made with these parameters would be refused when they are read again.
    #[error("a hash may cost at most 262144 KiB, 10 iterations and parallelism 4")]
    TooExpensive,
    /// No hash at all at once, or more than makes sense.
    #[error("between 1 and 1024 hashes can be computed at once")]
    Parallel,
    /// The stand-in for missing hashes could not be written down.
    #[error("the decoy could not be made")]
    Decoy(#[source] BoxError),
    /// The system refuses the threads.
    #[error("the threads that hash could not be started")]
    Threads(#[source] std::io::Error),
}

/// Hashes passwords with Argon2id, on threads of their own and only so many at once.
///
/// Needs a Tokio runtime with time enabled.
pub struct Argon2Hasher {
    params: Params,
    engine: EngineKind,
    distrust: Option<Distrust>,
    workers: Workers,
    random: Arc<dyn Random>,
    decoy: PasswordHash,
}

impl Argon2Hasher {
    /// Makes a hasher that draws its salts from `random`.
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
        // Random bytes instead of a hash: no password is known that it belongs to, not even to us.
        let (mut salt, mut output) = ([0; SALT_BYTES], [0; OUTPUT_BYTES]);
        random.fill(&mut salt);
        random.fill(&mut output);
        let decoy = phc::write(&params, &salt, &output).map_err(SettingsError::Decoy)?;
        let distrust = match engine {
            EngineChoice::Auto => self_test::trust_vectorised(&*random).err(),
            EngineChoice::Portable => None,
        };
        let engine = if engine == EngineChoice::Auto && distrust.is_none() {
            EngineKind::Vectorised
        } else {
            EngineKind::Portable
        };
        let workers = Workers::start(engine, max_parallel, params.block_count())
            .map_err(SettingsError::Threads)?;
        let decoy = PasswordHash::from_phc(decoy);
        Ok(Self { params, engine, distrust, workers, random, decoy })
    }

    /// What computes the hashes.
    pub fn engine(&self) -> EngineKind {
        self.engine
    }

    /// Why the fast engine was not taken, although it might have been.
    pub fn distrust(&self) -> Option<&Distrust> {
        self.distrust.as_ref()
    }

    /// How many hashes are being computed right now.
    pub fn in_flight(&self) -> usize {
        self.workers.in_flight()
    }

    /// How many callers wait for their turn right now.
    pub fn waiting(&self) -> usize {
        self.workers.waiting()
    }

    /// How many hashes were ever computed at once.
    pub fn peak_in_flight(&self) -> usize {
        self.workers.peak_in_flight()
    }
}

/// A hash that passwords can be compared with.
enum Readable {
    Ours(Stored),
    Foreign(ForeignHash),
}

fn read(text: &str) -> Result<Readable, UnusableHash> {
    match Stored::parse(text) {
        Some(stored) => Ok(Readable::Ours(stored)),
        None => ForeignHash::parse(text).map(Readable::Foreign),
    }
}

/// A foreign hash that knows all of the password gives way to one of ours.
fn verdict(comparison: Comparison) -> Verdict {
    match comparison {
        Comparison::Match => Verdict::MatchButStale,
        Comparison::MatchOfStart => Verdict::Match,
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
    today: &Params,
    password: &[u8],
    stored: &Stored,
) -> Result<Verdict, BoxError> {
    let mut output = Zeroizing::new([0; Output::MAX_LENGTH]);
    let output = &mut output[..stored.output.len()];
    engine.compute(&Input { params: &stored.params, password, salt: &stored.salt }, output)?;
    // The comparison of two outputs takes the same time wherever they differ.
    Ok(if Output::new(output)? != stored.output {
        Verdict::Mismatch
    } else if stored.is_stale(today) {
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
        let stored = read(hash.as_phc()).map_err(|reason| HashError::Unreadable(reason.into()))?;
        let today = self.params.clone();
        let password = Zeroizing::new(password.expose().to_vec());
        let work = move |engine: &mut Engine| match &stored {
            Readable::Ours(stored) => verify(engine, &today, &password, stored),
            Readable::Foreign(hash) => Ok(verdict(hash.verify(&password)?)),
        };
        self.workers.run(work).await?.map_err(HashError::Failed)
    }

    fn adopt(&self, text: &str) -> Result<PasswordHash, HashError> {
        read(text).map_err(|reason| HashError::Unreadable(reason.into()))?;
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
