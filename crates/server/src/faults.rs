//! Faults on purpose, one at a time: what an experiment that finds nothing must find.
//!
//! `VESTIBULE_FAULT` names the fault of this process, `VESTIBULE_CLOCK_OFFSET` sets its clock. Each
//! is a decorator of a port or a figure of the configuration; the domain and the adapters know
//! nothing of it. Compiled with the feature `fault-injection` only, and never into a release.

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
use vestibule_domain::mail_setup::Configured;
use vestibule_domain::ports::{Ports, SystemClock};
use vestibule_migrations::{Migrator, MigratorTrait};
use vestibule_storage::SeaStore;

use crate::config::Config;
use crate::failure::Failure;

/// Names the fault of this process.
const FAULT: &str = "VESTIBULE_FAULT";
/// So many seconds its clock is ahead; behind, with a minus sign.
const CLOCK_OFFSET: &str = "VESTIBULE_CLOCK_OFFSET";

macro_rules! faults {
    ($($(#[$sentence:meta])* $fault:ident = $name:literal,)*) => {
        /// What is wrong with this process.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Fault { $($(#[$sentence])* $fault,)* }

        impl Fault {
            const ALL: &[(&str, Self)] = &[$(($name, Self::$fault),)*];
        }
    };
}

faults! {
    /// A link is spent, and the epoch advanced, although somebody else has done so.
    SkipUsedAtCheck = "skip_used_at_check",
    /// A session speaks for its user in whatever epoch.
    NoEpochCheck = "no_epoch_check",
    /// Nobody's sessions end with a reset or a change, and their epoch is not looked at.
    SessionsSurvive = "sessions_survive",
    /// What is committed a moment later is acknowledged now.
    AckBeforeCommit = "ack_before_commit",
    /// A commit that fails is acknowledged.
    AckFailedCommit = "ack_failed_commit",
    /// SQLite does not wait for the disk.
    SynchronousNormal = "synchronous_normal",
    /// Every mail is handed over twice.
    DoubleSend = "double_send",
    /// A mail that a relay defers counts as sent.
    DeferredIsSent = "deferred_is_sent",
    /// A refusal for good is tried again.
    PermanentIsTransient = "permanent_is_transient",
    /// A refusal for now is one for good.
    TransientIsPermanent = "transient_is_permanent",
    /// A mail that cannot be sent holds up all others for a while.
    FailureBlocks = "failure_blocks",
    /// Mails are claimed although another worker's lease lasts.
    LeaseIgnored = "lease_ignored",
    /// Whoever has lost the lease on a mail decides all the same.
    NoFencing = "no_fencing",
    /// A mail counts as sent a moment before it is.
    AckBeforeSend = "ack_before_send",
    /// A link that has expired is mailed all the same.
    SendExpired = "send_expired",
    /// Mails go one at a time, a tenth of a second apart.
    SlowMailer = "slow_mailer",
    /// A copy of every mail goes to somebody else.
    CopyToStranger = "copy_to_stranger",
    /// Whoever is known is answered two milliseconds later.
    Sleep2msIfKnown = "sleep_2ms_if_known",
    /// Whoever is known is answered three tenths of a millisecond later.
    Sleep300usIfKnown = "sleep_300us_if_known",
    /// No hash is computed for an address without an account.
    DecoySkipped = "decoy_skipped",
    /// A wrong password of a deactivated account is answered like the right one.
    TellInactive = "tell_inactive",
    /// Everybody is hashed for at once.
    UnlimitedHashing = "unlimited_hashing",
    /// Every request keeps some memory for ever.
    LeakMemory = "leak_memory",
    /// Nothing is limited.
    NoLimits = "no_limits",
    /// Whoever connects is believed about the address it speaks for.
    TrustXff = "trust_xff",
    /// Attempts are counted by the minute of the clock.
    FixedWindow = "fixed_window",
    /// While Redis is away everybody is admitted.
    FallbackOpen = "fallback_open",
    /// Wrong passwords are held against nobody.
    NoFailureCount = "no_failure_count",
    /// Passwords are logged.
    LogPasswords = "log_passwords",
    /// Tokens are logged.
    LogTokens = "log_tokens",
    /// SIGTERM ends the process at once.
    DieOnTerminate = "die_on_terminate",
    /// Migrations are applied by everybody at once, and not as a whole.
    MigrateWithoutLock = "migrate_without_lock",
    /// Tokens die when the key that signed them is not the newest any more.
    NewestKeyOnly = "newest_key_only",
    /// Tokens are accepted after their end.
    TokensForever = "tokens_forever",
    /// On SQLite a taken name is answered like a taken address.
    BackendsDiffer = "backends_differ",
    /// A text in other letters than those of ASCII cannot be searched for.
    FailOnOddQueries = "fail_on_odd_queries",
    /// Nobody can be looked up who is not there.
    FailOnStrangers = "fail_on_strangers",
    /// A session that was read is taken for granted for much longer than a second.
    StaleSessions = "stale_sessions",
    /// What a restored database brings back is left alive.
    RestoreRevives = "restore_revives",
}

/// The fault of this process.
///
/// # Errors
/// [`Failure::Configuration`] when there is none of that name.
fn present() -> Result<Option<Fault>, Failure> {
    let Ok(name) = std::env::var(FAULT) else { return Ok(None) };
    match Fault::ALL.iter().find(|(known, _)| *known == name) {
        Some((_, fault)) => Ok(Some(*fault)),
        None => Err(Failure::configuration(FAULT, format!("there is no fault {name:?}"))),
    }
}

/// Whether a variable is meant for this module and not for the configuration.
pub(crate) fn is_ours(variable: &str) -> bool {
    [FAULT, CLOCK_OFFSET].contains(&variable)
}

/// The configuration of a process with its fault.
///
/// # Errors
/// [`Failure::Configuration`] when there is no such fault.
pub(crate) fn configuration(config: &Config) -> Result<Config, Failure> {
    let mut config = config.clone();
    match present()? {
        Some(Fault::UnlimitedHashing) => config.passwords.max_parallel = 1024,
        Some(Fault::NoLimits) => config.policy.limits.enabled = false,
        Some(Fault::TrustXff) => config.trusted_proxies = limiter::everybody(),
        Some(Fault::StaleSessions) => config.recall = std::time::Duration::from_secs(5),
        Some(Fault::DieOnTerminate) => system::die_on_terminate()?,
        _ => {}
    }
    Ok(config)
}

/// The ports, and the configured way of mail, with the fault in them.
///
/// # Errors
/// [`Failure::Configuration`] when there is no such fault, or no such time.
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
    tracing::warn!(?fault, "this process has a fault");
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
    if let Configured::Relay(_, mailer) = &mut way {
        *mailer = Arc::new(mailer::FaultyMailer::new(fault, mailer.clone()));
    }
    Ok((ports, way))
}
