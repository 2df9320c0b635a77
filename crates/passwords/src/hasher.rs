//! The password hasher.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::Output;
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use vestibule_domain::error::BoxError;
use vestibule_domain::password::{Password, PasswordHash};
use vestibule_domain::ports::{HashError, PasswordHasher, Random, Verdict};
use zeroize::Zeroizing;

use crate::gate::Gate;
use crate::memory::Memory;
use crate::phc::{self, OUTPUT_BYTES, SALT_BYTES, Stored};

/// More hashes at once than any machine has cores; a slip of the finger beyond that.
const MAX_PARALLEL: usize = 1024;

/// What a hash costs today, and how many may be computed at once.
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
}

/// Why no hasher can be made with some settings.
#[derive(Debug, thiserror::Error)]
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
}

/// Hashes passwords with Argon2id, on threads of their own and only so many at once.
///
/// Needs a Tokio runtime with time enabled.
pub struct Argon2Hasher {
    engine: Arc<Engine>,
    gate: Gate,
    random: Arc<dyn Random>,
    decoy: PasswordHash,
}

/// What a hash needs while it is computed; shared with the threads that do so.
struct Engine {
    params: Params,
    memory: Memory,
}

impl Argon2Hasher {
    /// Makes a hasher that draws its salts from `random`.
    pub fn new(settings: Settings, random: Arc<dyn Random>) -> Result<Self, SettingsError> {
        let Settings { memory_kib, iterations, parallelism, max_parallel } = settings;
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
        let memory = Memory::new(params.block_count(), max_parallel);
        Ok(Self {
            engine: Arc::new(Engine { params, memory }),
            gate: Gate::new(max_parallel),
            random,
            decoy: PasswordHash::from_phc(decoy),
        })
    }

    /// How many hashes are being computed right now.
    pub fn in_flight(&self) -> usize {
        self.gate.in_flight()
    }

    /// How many hashes were ever computed at once.
    pub fn peak_in_flight(&self) -> usize {
        self.gate.peak_in_flight()
    }
}

impl Engine {
    fn hash(&self, password: &[u8], salt: &[u8; SALT_BYTES]) -> Result<PasswordHash, BoxError> {
        let mut output = [0; OUTPUT_BYTES];
        self.compute(self.params.clone(), password, salt, &mut output)?;
        Ok(PasswordHash::from_phc(phc::write(&self.params, salt, &output)?))
    }

    fn verify(&self, password: &[u8], stored: &Stored) -> Result<Verdict, BoxError> {
        let mut output = Zeroizing::new([0; Output::MAX_LENGTH]);
        let output = &mut output[..stored.output.len()];
        self.compute(stored.params.clone(), password, &stored.salt, output)?;
        // The comparison of two outputs takes the same time wherever they differ.
        Ok(if Output::new(output)? != stored.output {
            Verdict::Mismatch
        } else if stored.is_stale(&self.params) {
            Verdict::MatchButStale
        } else {
            Verdict::Match
        })
    }

    fn compute(
        &self,
        params: Params,
        password: &[u8],
        salt: &[u8],
        output: &mut [u8],
    ) -> Result<(), argon2::Error> {
        let blocks = params.block_count();
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        self.memory.lend(blocks, |memory| {
            argon2.hash_password_into_with_memory(password, salt, output, memory)
        })
    }
}

#[async_trait]
impl PasswordHasher for Argon2Hasher {
    async fn hash(&self, password: &Password) -> Result<PasswordHash, HashError> {
        let mut salt = [0; SALT_BYTES];
        self.random.fill(&mut salt);
        let engine = Arc::clone(&self.engine);
        let password = Zeroizing::new(password.expose().to_vec());
        let hash = self.gate.run(move || engine.hash(&password, &salt)).await?;
        hash.map_err(HashError::Failed)
    }

    async fn verify(&self, password: &Password, hash: &PasswordHash) -> Result<Verdict, HashError> {
        let stored = Stored::parse(hash.as_phc());
        let stored = stored.map_err(|reason| HashError::Unreadable(Box::new(reason)))?;
        let engine = Arc::clone(&self.engine);
        let password = Zeroizing::new(password.expose().to_vec());
        let verdict = self.gate.run(move || engine.verify(&password, &stored)).await?;
        verdict.map_err(HashError::Failed)
    }

    fn decoy(&self) -> PasswordHash {
        self.decoy.clone()
    }
}

impl fmt::Debug for Argon2Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Argon2Hasher")
            .field("params", &self.engine.params)
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}
