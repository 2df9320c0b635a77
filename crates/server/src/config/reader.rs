//! Parses and validates the collected values, and collects all problems.

mod outward;
mod traces;

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::str::FromStr;

use ipnet::IpNet;
use time::Duration;
use vestibule_domain::model::policy::{
    AuditPolicy, LimitPolicy, OutboxPolicy, PasswordPolicy, Policy, ResetPolicy, SessionPolicy,
    SetupPolicy, SignInThrottlePolicy, SignUpMode,
};
use vestibule_limits::RedisAddress;
use vestibule_passwords::EngineChoice;

use super::keys::find;
use super::problem::Problem;
use super::settings::{Overrides, Settings};
use super::{Config, LogFormat, PublicUrl, RedisConfig, Secret};

/// Parses values and collects problems.
pub(crate) struct Reader<'a> {
    settings: &'a Settings,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(settings: &'a Settings, problems: Vec<Problem>) -> Self {
        Self { settings, problems }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Returns the configuration; `None` if a required value is missing or invalid.
    pub(crate) fn config(&mut self, overrides: &Overrides) -> Option<Config> {
        let listen = self.parse("server.listen");
        let public_url = self.with("server.public_url", PublicUrl::parse);
        let needed = !overrides.dev && !overrides.public_url_optional;
        if needed && !self.is_set("server.public_url") {
            let remedy = "required: set it to the public URL of the service, such as \
                          https://accounts.example.com, or use --dev to try it";
            self.problems.push(Problem::new("server.public_url", remedy));
        }
        let trusted_proxies = self.with("server.trusted_proxies", networks);
        let data_dir: Option<std::path::PathBuf> = self.parse("server.data_dir");
        let log_format = self.with("server.log_format", log_format);
        let metrics = self.parse("metrics.listen");
        let traces = self.traces();
        let database_url = self.database_url(data_dir.as_deref());
        let redis = self.redis();
        let product_name = self.with("product.name", |text| label(text, 64));
        let issuer = self.with("tokens.issuer", |text| label(text, 256));
        let audience = self.with("tokens.audience", |text| label(text, 256));
        let policy = self.policy(product_name.as_deref().unwrap_or_default());
        let max_staleness =
            self.duration("sessions.max_staleness", Duration::ZERO..=Duration::SECOND);
        let passwords = self.passwords();
        let common_list: Option<std::path::PathBuf> = self.parse("password.common_list");
        let mail = self.mail();
        let mail_ca_file: Option<std::path::PathBuf> = self.parse("mail.ca_file");
        let pages = self.pages();
        Some(Config {
            listen: listen?,
            public_url,
            trusted_proxies: trusted_proxies?,
            data_dir: data_dir?,
            log_format: log_format?,
            metrics,
            traces,
            database_url: database_url?,
            redis,
            product_name: product_name?,
            issuer,
            audience,
            policy: policy?,
            max_staleness: max_staleness?.unsigned_abs(),
            passwords: passwords?,
            common_list,
            mail,
            mail_ca_file,
            mail_origins: self.mail_origins(),
            pages: pages?,
            dev: overrides.dev,
        })
    }

    fn policy(&mut self, product_name: &str) -> Option<Policy> {
        let day = Duration::DAY;
        let access_ttl = self.duration("tokens.access_ttl", Duration::MINUTE..=day);
        let tells_ended = self.parse("tokens.revocations");
        let idle_ttl = self.duration("sessions.idle_ttl", Duration::MINUTE..=day * 365);
        let absolute_ttl = self.duration("sessions.absolute_ttl", Duration::MINUTE..=day * 365);
        if let (Some(idle), Some(absolute)) = (idle_ttl, absolute_ttl)
            && idle > absolute
        {
            let remedy = "must not be shorter than sessions.idle_ttl";
            self.problems.push(Problem::new("sessions.absolute_ttl", remedy));
        }
        let reset_ttl = self.duration("reset.ttl", Duration::MINUTE..=day);
        let min_length = self.number("password.min_length", 8..=256);
        let sign_up = self.with("signup.mode", |text| match text {
            "open" => Ok(SignUpMode::Open),
            "closed" => Ok(SignUpMode::Closed),
            _ => Err(String::new()),
        });
        let limits = self.limits();
        let audit_keep = self.duration("audit.keep", day..=day * 3650);
        Some(Policy {
            sign_up: sign_up?,
            sessions: SessionPolicy {
                access_ttl: access_ttl?,
                idle_ttl: idle_ttl?,
                absolute_ttl: absolute_ttl?,
                tells_ended: tells_ended?,
                ..SessionPolicy::default()
            },
            reset: ResetPolicy { ttl: reset_ttl?, ..ResetPolicy::default() },
            passwords: PasswordPolicy {
                min_length: min_length? as usize,
                product_name: product_name.to_owned(),
            },
            limits: limits?,
            failures: SignInThrottlePolicy::default(),
            audit: AuditPolicy { keep: audit_keep? },
            outbox: OutboxPolicy::default(),
            setup: SetupPolicy::default(),
        })
    }

    fn limits(&mut self) -> Option<LimitPolicy> {
        let enabled = self.parse("limits.enabled");
        let reset_request = self.per_minute("limits.reset_request_per_minute");
        let reset_submit = self.per_minute("limits.reset_submit_per_minute");
        let sign_in = self.per_minute("limits.signin_per_minute");
        let sign_up = self.per_minute("limits.signup_per_minute");
        Some(LimitPolicy {
            enabled: enabled?,
            sign_in: sign_in?,
            sign_up: sign_up?,
            reset_request: reset_request?,
            reset_submit: reset_submit?,
            ..LimitPolicy::default()
        })
    }

    fn passwords(&mut self) -> Option<vestibule_passwords::Settings> {
        let memory_kib = self.number("password.argon2.memory_kib", 19_456..=262_144);
        let iterations = self.number("password.argon2.iterations", 2..=10);
        let parallelism = self.number("password.argon2.parallelism", 1..=4);
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let max_parallel = if self.is_set("password.max_parallel_hashes") {
            self.number("password.max_parallel_hashes", 1..=256).map(|n| n as usize)
        } else {
            Some(cores)
        };
        let engine = self.with("password.argon2.engine", |text| match text {
            "auto" => Ok(EngineChoice::Auto),
            "portable" => Ok(EngineChoice::Portable),
            _ => Err(String::new()),
        });
        Some(vestibule_passwords::Settings {
            memory_kib: memory_kib?,
            iterations: iterations?,
            parallelism: parallelism?,
            max_parallel: max_parallel?,
            engine: engine?,
        })
    }

    fn database_url(&mut self, data_dir: Option<&std::path::Path>) -> Option<Secret> {
        let folder = data_dir?.display().to_string();
        self.with("database.url", |text| {
            let url = text.replace("{data_dir}", &in_url(&folder));
            let known = ["sqlite://", "postgres://", "postgresql://"];
            let is_known =
                known.iter().any(|scheme| url.len() > scheme.len() && url.starts_with(scheme));
            if is_known { Ok(Secret::new(url)) } else { Err(String::new()) }
        })
    }

    fn redis(&mut self) -> Option<RedisConfig> {
        // Validated even if it is not used.
        let nodes = self.number("redis.nodes", 1..=1000).and_then(NonZeroU32::new);
        let address =
            self.with("redis.url", |text| RedisAddress::parse(text).map_err(|_| String::new()));
        Some(RedisConfig { address: address?, nodes: nodes? })
    }

    fn is_set(&self, name: &str) -> bool {
        self.settings.0.contains_key(name)
    }

    /// Returns the configured text of a key, or its default.
    fn text(&self, name: &'static str) -> Option<String> {
        let set = self.settings.0.get(name).map(|setting| setting.text.expose().to_owned());
        set.or_else(|| find(name)?.default.map(str::to_owned))
    }

    /// Parses a value. A problem contains the value only if it is not a secret.
    fn with<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                let key = find(name)?;
                let shown = if key.secret { "(hidden)".to_owned() } else { format!("{text:?}") };
                let source =
                    self.settings.0.get(name).map_or("the default", |setting| &setting.source);
                let why = if why.is_empty() || why.starts_with("expected") {
                    String::new()
                } else {
                    format!("; {why}")
                };
                let at = format!("{name} = {shown} (from {source})");
                self.problems.push(Problem::new(at, format!("expected {}{why}", key.accepts)));
                None
            }
        }
    }

    fn parse<T: FromStr>(&mut self, name: &'static str) -> Option<T> {
        self.with(name, |text| text.parse().map_err(|_| String::new()))
    }

    fn number(&mut self, name: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        self.with(name, |text| match text.parse() {
            Ok(number) if range.contains(&number) => Ok(number),
            _ => Err(String::new()),
        })
    }

    fn per_minute(&mut self, name: &'static str) -> Option<NonZeroU32> {
        self.number(name, 1..=10_000).and_then(NonZeroU32::new)
    }

    fn duration(
        &mut self,
        name: &'static str,
        range: RangeInclusive<Duration>,
    ) -> Option<Duration> {
        self.with(name, |text| {
            let parsed = humantime::parse_duration(text).map_err(|error| error.to_string())?;
            let duration = Duration::try_from(parsed).map_err(|error| error.to_string())?;
            if range.contains(&duration) { Ok(duration) } else { Err(String::new()) }
        })
    }
}

fn list<T: FromStr>(text: &str) -> Result<Vec<T>, String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(|item| item.parse().map_err(|_| format!("{item:?} is not a network"))).collect()
}

/// Refuses networks that contain every address: every client could then forge its IP.
fn networks(text: &str) -> Result<Vec<IpNet>, String> {
    let networks: Vec<IpNet> = list(text)?;
    match networks.iter().find(|network| network.prefix_len() == 0) {
        Some(network) => Err(format!("{network} contains every address")),
        None => Ok(networks),
    }
}

fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err(String::new()),
    }
}

/// Escapes a folder for a URL.
fn in_url(folder: &str) -> String {
    folder.replace('%', "%25").replace('?', "%3F").replace('#', "%23").replace(' ', "%20")
}

/// Parses one line of text that is valid in a header.
fn label(text: &str, max: usize) -> Result<String, String> {
    let fits = (1..=max).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) && text.trim() == text {
        Ok(text.to_owned())
    } else {
        Err(String::new())
    }
}
