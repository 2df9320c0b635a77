//! Fault injection: deliberate faults (mutants) that the experiments must detect.
//!
//! `VESTIBULE_FAULT` selects the fault of this process, `VESTIBULE_CLOCK_OFFSET` shifts its clock.
//! A fault is a decorator of a port or a changed configuration value. Compiled with the feature
//! `fault-injection` only, and never into a release.

#[cfg(not(debug_assertions))]
compile_error!("faults are for tests: `fault-injection` is never part of a release");

mod limiter;
mod mailer;
mod passwords;
mod store;
mod system;
mod tokens;
mod unit;

use std::sync::Arc;

use sea_orm::ConnectionTrait;
use vestibule_domain::ports::{Ports, SystemClock};
use vestibule_domain::use_cases::smtp_settings::Configured;
use vestibule_migrations::{Migrator, MigratorTrait};
use vestibule_storage::SeaStore;

use crate::config::Config;
use crate::failure::Failure;

/// Environment variable with the fault of this process.
const FAULT: &str = "VESTIBULE_FAULT";
/// Environment variable with the clock offset in seconds; negative for a clock that is behind.
const CLOCK_OFFSET: &str = "VESTIBULE_CLOCK_OFFSET";

macro_rules! faults {
    ($($(#[$sentence:meta])* $fault:ident = $name:literal,)*) => {
        /// A fault.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($(#[$sentence])* $fault,)* }

        impl Fault {
            const ALL: &[(&str, Self)] = &[$(($name, Self::$fault),)*];
        }
    };
}

faults! {
    /// A link is used, and the credentials version increased, although another request did so.
    SkipUsedAtCheck = "skip_used_at_check",
    /// Sessions are valid under any credentials version.
    NoCredentialsVersionCheck = "no_credentials_version_check",
    /// A reset or change ends no sessions, and the credentials version is not checked.
    SessionsSurvive = "sessions_survive",
    /// A write is acknowledged before its commit.
    AckBeforeCommit = "ack_before_commit",
    /// A failed commit is acknowledged.
    AckFailedCommit = "ack_failed_commit",
    /// SQLite does not wait for the disk.
    SynchronousNormal = "synchronous_normal",
    /// Each mail is sent twice.
    DoubleSend = "double_send",
    /// A mail that an SMTP server defers counts as sent.
    DeferredIsSent = "deferred_is_sent",
    /// A permanent SMTP error is retried.
    PermanentIsTransient = "permanent_is_transient",
    /// A temporary SMTP error is treated as permanent.
    TransientIsPermanent = "transient_is_permanent",
    /// A mail that cannot be sent blocks all others for a while.
    FailureBlocks = "failure_blocks",
    /// Mails are claimed despite another worker's lease.
    LeaseIgnored = "lease_ignored",
    /// A worker settles a mail after it lost the lease.
    NoFencing = "no_fencing",
    /// A mail is settled as sent before it is sent.
    AckBeforeSend = "ack_before_send",
    /// An expired link is mailed.
    SendExpired = "send_expired",
    /// Mails go one at a time, a tenth of a second apart.
    SlowMailer = "slow_mailer",
    /// A copy of each mail goes to another recipient.
    CopyToStranger = "copy_to_stranger",
    /// The response for an existing account takes two milliseconds longer.
    Sleep2msIfKnown = "sleep_2ms_if_known",
    /// The response for an existing account takes 0.3 milliseconds longer.
    Sleep300usIfKnown = "sleep_300us_if_known",
    /// No hash is computed for an address without an account.
    DecoySkipped = "decoy_skipped",
    /// A wrong password of a deactivated account gets the response of the right one.
    TellInactive = "tell_inactive",
    /// Hashing has no limit of concurrency.
    UnlimitedHashing = "unlimited_hashing",
    /// Each request leaks some memory.
    LeakMemory = "leak_memory",
    /// There are no rate limits.
    NoLimits = "no_limits",
    /// `X-Forwarded-For` is trusted from any peer.
    TrustXff = "trust_xff",
    /// Attempts are counted in fixed windows.
    FixedWindow = "fixed_window",
    /// All attempts are admitted while Redis is unavailable.
    FallbackOpen = "fallback_open",
    /// Wrong passwords are not counted.
    NoFailureCount = "no_failure_count",
    /// Passwords are logged.
    LogPasswords = "log_passwords",
    /// Tokens are logged.
    LogTokens = "log_tokens",
    /// SIGTERM ends the process at once.
    DieOnTerminate = "die_on_terminate",
    /// Migrations are applied by all nodes at once, and not in one transaction.
    MigrateWithoutLock = "migrate_without_lock",
    /// Tokens are refused once a newer signing key exists.
    NewestKeyOnly = "newest_key_only",
    /// Expired tokens are accepted.
    TokensForever = "tokens_forever",
    /// On SQLite a taken username gets the response of a taken address.
    BackendsDiffer = "backends_differ",
    /// A search for non-ASCII text finds nothing.
    FailOnOddQueries = "fail_on_odd_queries",
    /// A lookup of an unknown user fails.
    FailOnStrangers = "fail_on_strangers",
    /// The session cache is used for much longer than a second.
    StaleSessions = "stale_sessions",
    /// `after-restore` revokes nothing.
    RestoreRevives = "restore_revives",
}

/// Returns the fault of this process.
///
/// # Errors
/// [`Failure::Configuration`] if the name is unknown.
fn present() -> Result<Option<Fault>, Failure> {
    let Ok(name) = std::env::var(FAULT) else { return Ok(None) };
    match Fault::ALL.iter().find(|(known, _)| *known == name) {
        Some((_, fault)) => Ok(Some(*fault)),
        None => Err(Failure::configuration(FAULT, format!("there is no fault {name:?}"))),
    }
}

/// Returns `true` for a variable of this module, which is not part of the configuration.
pub(crate) fn is_ours(variable: &str) -> bool {
    [FAULT, CLOCK_OFFSET].contains(&variable)
}

/// Applies the fault to the configuration.
///
/// # Errors
/// [`Failure::Configuration`] if the name is unknown.
pub(crate) fn configuration(config: &Config) -> Result<Config, Failure> {
    let mut config = config.clone();
    match present()? {
        Some(Fault::UnlimitedHashing) => config.passwords.max_parallel = 1024,
        Some(Fault::NoLimits) => config.policy.limits.enabled = false,
        Some(Fault::TrustXff) => config.trusted_proxies = limiter::all_networks(),
        Some(Fault::StaleSessions) => config.max_staleness = std::time::Duration::from_secs(5),
        Some(Fault::DieOnTerminate) => system::die_on_terminate()?,
        _ => {}
    }
    Ok(config)
}

/// Applies the fault to the ports and the mailer.
///
/// # Errors
/// [`Failure::Configuration`] if the fault or the clock offset is invalid.
pub(crate) async fn inject(
    config: &Config,
    mut ports: Ports,
    mut way: Configured,
    store: &SeaStore,
) -> Result<(Ports, Configured), Failure> {
    if let Ok(offset) = std::env::var(CLOCK_OFFSET) {
        let seconds = offset.parse().map_err(|_| {
            Failure::configuration(CLOCK_OFFSET, "expected a number of seconds".to_owned())
        })?;
        ports.clock = Arc::new(system::SetClock::new(SystemClock, seconds));
    }
    let Some(fault) = present()? else { return Ok((ports, way)) };
    tracing::warn!(?fault, "fault injection is active");
    match fault {
        Fault::SynchronousNormal => {
            // One connection writes.
            let pragma = store.connection().execute_unprepared("PRAGMA synchronous = NORMAL").await;
            pragma.map_err(anyhow::Error::from).map_err(Failure::Other)?;
        }
        Fault::MigrateWithoutLock => {
            let migrated = Migrator::up(store.connection(), None).await;
            migrated.map_err(anyhow::Error::from).map_err(Failure::Other)?;
        }
        Fault::LeakMemory => ports.random = Arc::new(system::LeakyRandom(ports.random)),
        Fault::FixedWindow => ports.limiter = Arc::new(limiter::FixedWindow::default()),
        Fault::FallbackOpen => {
            if let Some(redis) = &config.redis {
                ports.limiter = limiter::open_when_away(redis).await;
            }
        }
        Fault::LogPasswords | Fault::DecoySkipped => {
            ports.hasher = Arc::new(passwords::FaultyHasher::new(fault, ports.hasher));
        }
        Fault::LogTokens | Fault::TokensForever | Fault::NewestKeyOnly => {
            ports.access_tokens =
                Arc::new(tokens::FaultyAccessTokens::new(fault, ports.access_tokens));
            ports.reset_tokens =
                Arc::new(tokens::FaultyResetTokens::new(fault, ports.reset_tokens));
        }
        _ => {}
    }
    let on_sqlite = config.database_url.expose().starts_with("sqlite:");
    ports.store = Arc::new(store::FaultyStore::new(fault, on_sqlite, ports.store));
    if let Configured::Smtp(_, mailer) = &mut way {
        *mailer = Arc::new(mailer::FaultyMailer::new(fault, mailer.clone()));
    }
    Ok((ports, way))
}
