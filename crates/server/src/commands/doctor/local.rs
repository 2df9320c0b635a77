//! What can be seen from this machine: settings, files, the database and what is in it.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use time::{Duration, OffsetDateTime};
use vestibule_domain::authority::Authority;
use vestibule_domain::census::Census;
use vestibule_domain::error::{Error, chain};
use vestibule_domain::language::Language;
use vestibule_domain::password::Password;
use vestibule_domain::ports::{PasswordHasher as _, Store as _};
use vestibule_domain::user::UserFilter;
use vestibule_mail::describe;
use vestibule_tokens::{KeyDirectory, KeyState};

use super::super::now;
use super::{Finding, State};
use crate::app::App;
use crate::config::Config;

/// An older key is worth another.
const OLD_KEY: Duration = Duration::days(180);
/// Tokens that a node with such a clock makes are refused elsewhere.
const CLOCKS_APART: Duration = Duration::seconds(5);
/// No worker has looked for so long.
const OVERDUE: Duration = Duration::minutes(5);
/// Hashes that are measured.
const HASHES: u32 = 5;
/// From here on people notice that they wait.
const SLOW_HASH_MS: f64 = 500.0;

/// What the configuration says, and the folder it names.
pub(super) fn settings(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !config.policy.limits.enabled {
        let fix = "set limits.enabled = true; false is for load tests";
        findings.push(Finding::bad("limits", "anybody may try any number of times", fix));
    }
    if let Ok(metadata) = std::fs::metadata(&config.data_dir) {
        let mode = metadata.permissions().mode() & 0o777;
        let path = config.data_dir.display();
        findings.push(if mode.trailing_zeros() >= 6 {
            Finding::good("data folder", format!("{path} is readable by its owner alone"))
        } else {
            let found = format!("{path} has the mode {mode:03o}: password hashes are in there");
            Finding::doubtful("data folder", found, format!("chmod 700 {path}"))
        });
    }
    findings
}

/// Whether the database can be worked with.
pub(super) async fn database(app: &App) -> Vec<Finding> {
    let about = "database";
    let begun = Instant::now();
    let found = match app.store.examine().await {
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

/// Whether its schema is the one that this version needs.
pub(super) async fn migrations(app: &App) -> Finding {
    match vestibule_migrations::status(app.store.connection()).await {
        Ok(status) if status.pending.is_empty() => {
            Finding::good("migrations", format!("all {} are applied", status.applied.len()))
        }
        Ok(status) if status.applied.is_empty() => {
            let fix = "`vestibule serve` makes them; or `vestibule migrate up`";
            Finding::bad("migrations", "the database is empty", fix)
        }
        Ok(status) => {
            let found = format!("these are pending: {}", status.pending.join(", "));
            Finding::bad("migrations", found, "`vestibule migrate up`, or restart the service")
        }
        Err(error) => {
            let fix = "run the newer version of Vestibule, or see the line about the database";
            Finding::bad("migrations", chain(&error), fix)
        }
    }
}

fn clocks(apart: Duration) -> Finding {
    let seconds = apart.as_seconds_f64();
    if apart.abs() < CLOCKS_APART {
        return Finding::good("clock", format!("{seconds:+.1} s from that of the database"));
    }
    let found = format!("{seconds:+.1} s from that of the database");
    Finding::bad("clock", found, "run NTP on every node and on the database server")
}

/// The keys of tokens.
pub(super) fn keys(app: &App) -> Vec<Finding> {
    let about = "keys";
    let keys = match KeyDirectory::new(app.config().data_dir.join("keys")).list() {
        Ok(keys) => keys,
        Err(error) => return vec![Finding::bad(about, chain(&error), "mend or restore that file")],
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

/// What is in the database, and whether mail leaves it.
pub(super) async fn contents(app: &App) -> Vec<Finding> {
    let mut findings = Vec::new();
    let operator = Authority::operator();
    match app.administration.list(&operator, &UserFilter::admins(), None, 1).await {
        Ok(admins) if admins.is_empty() => {
            let fix = "open the link that `serve` prints, or `vestibule admin create --email …`";
            findings.push(Finding::doubtful("accounts", "nobody administers", fix));
        }
        Ok(_) => {}
        Err(error) => findings.push(unreadable("accounts", &error)),
    }
    match app.store.count(now()).await {
        Ok(census) => findings.push(waiting(&census, now())),
        Err(error) => findings.push(unreadable("outbox", &Error::from(error))),
    }
    findings.push(match app.mail_setup.greet(&operator).await {
        Ok(Ok(())) => Finding::good("mail", "the relay lets this service in; no mail was sent"),
        Ok(Err(error)) => {
            let found = describe(&error, &app.locales, Language::English);
            Finding::bad("mail", found, "`vestibule mail test --to ADDRESS` tries it again")
        }
        Err(Error::MailNotSetUp) => {
            let fix = "describe a relay at /admin/settings, or set mail.host and what is beside it";
            Finding::doubtful("mail", "no relay is set up: mails wait", fix)
        }
        Err(error) => unreadable("mail", &error),
    });
    findings
}

fn unreadable(about: &'static str, error: &Error) -> Finding {
    Finding::bad(about, chain(error), "see the line about the database")
}

fn waiting(census: &Census, now: OffsetDateTime) -> Finding {
    let about = "outbox";
    let overdue = census.due_since.map_or(Duration::ZERO, |since| now - since);
    let waiting = census.waiting_mails;
    if overdue < OVERDUE {
        return Finding::good(about, format!("{waiting} mails wait, none for long"));
    }
    let minutes = overdue.whole_minutes();
    let found = format!("{waiting} mails wait, one of them due for {minutes} minutes");
    let fix = "start `vestibule serve` without --no-worker, or `vestibule worker`; and see the line \
               about mail";
    Finding::bad(about, found, fix)
}

/// Whether limits are shared that should be.
pub(super) fn redis(app: &App) -> Option<Finding> {
    let about = "redis";
    app.shares_limits().map(|is_shared| {
        if is_shared {
            return Finding::good(about, "limits are shared");
        }
        let fix = "check that it runs, and that redis.url and its password are right; until then \
                   each node limits by itself, more strictly";
        Finding::bad(about, "Redis is away or takes no writes", fix)
    })
}

/// What a sign-in costs this processor.
pub(super) async fn hashing(app: &App) -> Finding {
    let about = "password hash";
    let hasher = app.hasher();
    let Ok(password) = Password::parse("nobody's password, to measure with") else {
        return Finding::bad(about, "no password can be hashed", "report this");
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
        let fix = "lower password.argon2.memory_kib or .iterations: people wait for every sign-in";
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
            let census = Census { waiting_mails: 3, due_since, ..Census::default() };
            assert_eq!(waiting(&census, now).state, state, "{minutes}");
        }
        let put_off = Census { waiting_mails: 3, ..Census::default() };
        assert_eq!(waiting(&put_off, now).state, State::Good);
    }
}
