//! Local checks: configuration, files, keys, and the database.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use time::{Duration, OffsetDateTime};
use vestibule_domain::error::{Error, chain};
use vestibule_domain::model::language::Language;
use vestibule_domain::model::password::Password;
use vestibule_domain::model::stats::Stats;
use vestibule_domain::model::user::UserFilter;
use vestibule_domain::ports::{PasswordHasher as _, Store as _};
use vestibule_domain::use_cases::admin_context::AdminContext;
use vestibule_mail::describe;
use vestibule_tokens::{KeyDirectory, KeyState};

use super::super::now;
use super::{Finding, State};
use crate::app::App;
use crate::config::Config;

/// Age from which a key should be rotated.
const OLD_KEY: Duration = Duration::days(180);
/// Clock difference from which other nodes refuse tokens.
const CLOCKS_APART: Duration = Duration::seconds(5);
/// Age of an overdue mail from which no worker seems to run.
const OVERDUE: Duration = Duration::minutes(5);
/// Number of measured hashes.
const HASHES: u32 = 5;
/// Duration of a hash that users notice.
const SLOW_HASH_MS: f64 = 500.0;

/// Checks the configuration and the data folder.
pub(super) fn settings(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !config.policy.limits.enabled {
        let fix = "set limits.enabled = true; false is for load tests";
        findings.push(Finding::bad("limits", "rate limits are off", fix));
    }
    if let Ok(metadata) = std::fs::metadata(&config.data_dir) {
        let mode = metadata.permissions().mode() & 0o777;
        let path = config.data_dir.display();
        findings.push(if mode.trailing_zeros() >= 6 {
            Finding::good("data folder", format!("{path} is readable by its owner only"))
        } else {
            let found = format!("{path} has mode {mode:03o}, but contains password hashes");
            Finding::doubtful("data folder", found, format!("chmod 700 {path}"))
        });
    }
    findings
}

/// Checks the database.
pub(super) async fn database(app: &App) -> Vec<Finding> {
    let about = "database";
    let begun = Instant::now();
    let found = match app.store.inspect().await {
        Ok(found) => found,
        Err(error) => {
            let fix = "check that the database runs, and that database.url and its password are \
                       right";
            return vec![Finding::bad(about, chain(&error), fix)];
        }
    };
    let took = begun.elapsed().as_millis();
    let mut findings =
        vec![Finding::good(about, format!("{} answered within {took} ms", found.version))];
    for setting in found.unsafe_settings {
        let what = format!("{setting} is off: acknowledged writes may be lost");
        let fix = format!("ALTER SYSTEM SET {setting} = 'on', and restart the server");
        findings.push(Finding::bad(about, what, fix));
    }
    findings.extend(found.clock.map(|clock| clocks(now() - clock)));
    findings
}

/// Checks the schema.
pub(super) async fn migrations(app: &App) -> Finding {
    match vestibule_migrations::status(app.store.connection()).await {
        Ok(status) if status.pending.is_empty() => {
            Finding::good("migrations", format!("all {} are applied", status.applied.len()))
        }
        Ok(status) if status.applied.is_empty() => {
            let fix = "run `vestibule serve` or `vestibule migrate up`";
            Finding::bad("migrations", "the database is empty", fix)
        }
        Ok(status) => {
            let found = format!("pending: {}", status.pending.join(", "));
            Finding::bad("migrations", found, "`vestibule migrate up`, or restart the service")
        }
        Err(error) => {
            let fix = "run the newer version of Vestibule, or see the database check";
            Finding::bad("migrations", chain(&error), fix)
        }
    }
}

fn clocks(apart: Duration) -> Finding {
    let seconds = apart.as_seconds_f64();
    if apart.abs() < CLOCKS_APART {
        return Finding::good("clock", format!("{seconds:+.1} s difference to the database"));
    }
    let found = format!("{seconds:+.1} s difference to the database");
    Finding::bad("clock", found, "run NTP on every node and on the database server")
}

/// Checks the token keys.
pub(super) fn keys(app: &App) -> Vec<Finding> {
    let about = "keys";
    let keys = match KeyDirectory::new(app.config().data_dir.join("keys")).list() {
        Ok(keys) => keys,
        Err(error) => return vec![Finding::bad(about, chain(&error), "fix or restore that file")],
    };
    let mut findings = Vec::new();
    for key in keys.iter().filter(|key| key.state == KeyState::Active) {
        let (purpose, age) = (key.purpose.as_str(), now() - key.created_at);
        let found = format!("the {purpose} key is {} days old", age.whole_days());
        findings.push(if age < OLD_KEY {
            Finding::good(about, found)
        } else {
            Finding::doubtful(about, found, format!("`vestibule keys rotate {purpose}`"))
        });
    }
    findings
}

/// Checks administrators, overdue mails and the SMTP server.
pub(super) async fn contents(app: &App) -> Vec<Finding> {
    let mut findings = Vec::new();
    let operator = AdminContext::operator();
    match app.administration.list(&operator, &UserFilter::admins(), None, 1).await {
        Ok(admins) if admins.is_empty() => {
            let fix = "open the link that `serve` prints, or `vestibule admin create --email …`";
            findings.push(Finding::doubtful("accounts", "no administrator", fix));
        }
        Ok(_) => {}
        Err(error) => findings.push(unreadable("accounts", &error)),
    }
    match app.store.count(now()).await {
        Ok(stats) => findings.push(waiting(&stats, now())),
        Err(error) => findings.push(unreadable("outbox", &Error::from(error))),
    }
    findings.push(match app.smtp.greet(&operator).await {
        Ok(Ok(())) => Finding::good(
            "mail",
            "connected to the SMTP server and authenticated; no mail was sent",
        ),
        Ok(Err(error)) => {
            let found = describe(&error, &app.locales, Language::English);
            Finding::bad("mail", found, "`vestibule mail test --to ADDRESS` tries it again")
        }
        Err(Error::MailNotSetUp) => {
            let fix =
                "save SMTP settings at /admin/settings, or set mail.host and mail.from_address";
            Finding::doubtful("mail", "SMTP is not configured: mails are queued", fix)
        }
        Err(error) => unreadable("mail", &error),
    });
    findings
}

fn unreadable(about: &'static str, error: &Error) -> Finding {
    Finding::bad(about, chain(error), "see the database check")
}

fn waiting(stats: &Stats, now: OffsetDateTime) -> Finding {
    let about = "outbox";
    let overdue = stats.due_since.map_or(Duration::ZERO, |since| now - since);
    let waiting = stats.waiting_mails;
    if overdue < OVERDUE {
        return Finding::good(about, format!("{waiting} mails wait, none for long"));
    }
    let minutes = overdue.whole_minutes();
    let found = format!("{waiting} mails wait, one of them due for {minutes} minutes");
    let fix = "start `vestibule serve` without --no-worker, or `vestibule worker`; and see the line \
               about mail";
    Finding::bad(about, found, fix)
}

/// Checks Redis.
pub(super) fn redis(app: &App) -> Option<Finding> {
    let about = "redis";
    app.shares_limits().map(|is_shared| {
        if is_shared {
            return Finding::good(about, "limits are shared");
        }
        let fix = "check that it runs, and that redis.url and its password are right; until then \
                   each node limits by itself, more strictly";
        Finding::bad(about, "Redis is unavailable or read-only", fix)
    })
}

/// Measures the cost of a sign-in on this processor.
pub(super) async fn hashing(app: &App) -> Finding {
    let about = "password hash";
    let hasher = app.hasher();
    let Ok(password) = Password::parse("a password to measure hashing with") else {
        return Finding::bad(about, "hashing failed", "report this");
    };
    let mut times = Vec::new();
    for _ in 0..HASHES {
        let begun = Instant::now();
        if let Err(error) = hasher.hash(&password).await {
            return Finding::bad(about, chain(&error), "lower password.argon2.memory_kib");
        }
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    let median = times[times.len() / 2];
    let threads = u32::try_from(app.config().passwords.max_parallel).unwrap_or(u32::MAX);
    let rate = 1000.0 / median * f64::from(threads);
    let engine = hasher.engine().describe();
    let found = format!(
        "{median:.1} ms on this processor, some {rate:.0} sign-ins a second on {threads} threads \
         ({engine})"
    );
    let finding = Finding::good(about, found);
    if median > SLOW_HASH_MS {
        let fix = "lower password.argon2.memory_kib or .iterations: each sign-in takes this long";
        return Finding { state: State::Doubtful, fix: Some(fix.to_owned()), ..finding };
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_seconds_apart_have_to_be_mended() {
        for (seconds, state) in [(0, State::Good), (4, State::Good), (-5, State::Bad)] {
            assert_eq!(clocks(Duration::seconds(seconds)).state, state, "{seconds}");
        }
    }

    #[test]
    fn a_mail_that_nobody_sends_has_to_be_seen_to() {
        let now = OffsetDateTime::UNIX_EPOCH + Duration::DAY;
        for (minutes, state) in [(0, State::Good), (4, State::Good), (5, State::Bad)] {
            let due_since = Some(now - Duration::minutes(minutes));
            let stats = Stats { waiting_mails: 3, due_since, ..Stats::default() };
            assert_eq!(waiting(&stats, now).state, state, "{minutes}");
        }
        let put_off = Stats { waiting_mails: 3, ..Stats::default() };
        assert_eq!(waiting(&put_off, now).state, State::Good);
    }
}
