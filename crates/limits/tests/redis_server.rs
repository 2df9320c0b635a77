//! Tests with a real Redis server: stored data, failures and required permissions.
#![expect(clippy::unwrap_used, reason = "a panic fails the test")]

#[path = "fixtures/attempts.rs"]
mod attempts;
#[path = "fixtures/server.rs"]
mod server;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::timeout;
use vestibule_domain::ports::Decision;
use vestibule_limits::{RedisAddress, RedisLimiter, SharedLimiter as _, Unavailable};

use attempts::{a_minute, fresh_key, limit};
use server::RedisServer;

const MINUTE_MICROS: u64 = 60_000_000;

async fn connected(server: &RedisServer) -> RedisLimiter {
    let limiter = RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap());
    limiter.probe().await.unwrap();
    limiter
}

/// Parses the number of a reply such as `:5`.
fn number(reply: &str) -> i64 {
    reply.lines().next().unwrap().trim_start_matches(':').parse().unwrap()
}

#[test]
fn addresses_are_validated_and_not_part_of_debug_output() {
    for text in [
        "redis://localhost",
        "redis://127.0.0.1:6380/2",
        "redis://[::1]/",
        "rediss://limits:secret@redis.example.com:6380/1",
    ] {
        let address = RedisAddress::parse(text).unwrap();
        assert_eq!(format!("{address:?}"), "RedisAddress(..)");
        assert_eq!(format!("{:?}", RedisLimiter::new(&address)), "RedisLimiter");
    }
    for text in [
        "",
        "redis://",
        "redis:///1",
        "localhost:6379",
        "http://localhost",
        "redis://localhost/first",
        "redis://localhost:99999",
        // Would disable certificate verification.
        "rediss://redis.example.com/#insecure",
        "unix:///run/redis.sock",
    ] {
        assert!(RedisAddress::parse(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn data_in_redis_is_bounded_and_expires() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let (key, five) = (fresh_key(), limit(5, Duration::from_millis(20)));
    let mut admitted = 0;
    while admitted < 12 {
        if limiter.try_admit(&key, five).await.unwrap() == Decision::Admitted {
            admitted += 1;
        }
    }
    let name = format!("vestibule:limit:1:{key}");
    let length = number(&server.command(&format!("LLEN {name}")).await);
    assert!(length <= 5, "{length}");
    let ttl = number(&server.command(&format!("PTTL {name}")).await);
    assert!((1..=1020).contains(&ttl), "{ttl} ms");

    // With a realistic limit, the key must not expire before its attempts.
    let key = fresh_key();
    let name = format!("vestibule:limit:1:{key}");
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));
    let ttl = number(&server.command(&format!("PTTL {name}")).await);
    assert!((60_000..=61_000).contains(&ttl), "{ttl} ms");
    // Microseconds have sixteen digits.
    let time = server.command(&format!("LINDEX {name} 0")).await;
    assert_eq!(time.lines().next(), Some("$16"), "{time}");
}

#[tokio::test]
async fn a_limit_neither_ends_nor_grows_if_the_clock_of_redis_is_set_back() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    #[expect(clippy::disallowed_methods, reason = "times that a server would have recorded")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ahead = u64::try_from(now.as_micros()).unwrap() + 60 * MINUTE_MICROS;
    let times = format!("{ahead} {} {}", ahead + 1, ahead + 2);
    let name = format!("vestibule:limit:1:{key}");
    assert_eq!(number(&server.command(&format!("RPUSH {name} {times}")).await), 3);

    let short = limit(3, Duration::from_millis(300));
    let start = Instant::now();
    let refused = limiter.try_admit(&key, short).await.unwrap();
    let Decision::Refused { retry_after } = refused else { panic!("admitted beyond the limit") };
    assert!(retry_after <= short.window, "{retry_after:?}");
    while limiter.try_admit(&key, short).await.unwrap() != Decision::Admitted {
        assert!(start.elapsed() < Duration::from_secs(10), "the limit lasts");
    }
    assert!(start.elapsed() >= short.window);
}

#[tokio::test]
async fn a_script_that_redis_has_lost_is_sent_again() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    for _ in 0..3 {
        assert_eq!(server.command("SCRIPT FLUSH").await.lines().next(), Some("+OK"));
        assert_eq!(limiter.try_admit(&key, a_minute(3)).await, Ok(Decision::Admitted));
    }
    server.command("SCRIPT FLUSH").await;
    assert_ne!(limiter.try_admit(&key, a_minute(3)).await, Ok(Decision::Admitted));
}

#[tokio::test]
async fn only_probes_connect_to_redis() {
    let mut server = RedisServer::start().await;
    let limiter = RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap());
    let key = fresh_key();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Unavailable::NotConnected));
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));

    // A closed connection fails one attempt, and the next probe reconnects.
    server.command("CLIENT KILL TYPE normal SKIPME yes").await;
    assert!(limiter.try_admit(&key, a_minute(5)).await.is_err());
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Unavailable::NotConnected));
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));

    // A probe also reconnects before an attempt has failed.
    server.command("CLIENT KILL TYPE normal SKIPME yes").await;
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));

    server.kill().await;
    assert!(limiter.probe().await.is_err());
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Unavailable::NotConnected));
    server.restart().await;
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));
}

#[tokio::test]
async fn a_redis_that_hangs_causes_one_timeout_and_a_reconnect() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    server.pause().await;
    let start = Instant::now();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Unavailable::TimedOut));
    let waited = start.elapsed();
    assert!((Duration::from_millis(200)..Duration::from_secs(2)).contains(&waited), "{waited:?}");
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Unavailable::NotConnected));
    assert_eq!(limiter.probe().await, Err(Unavailable::TimedOut));
    server.resume().await;
    limiter.probe().await.unwrap();
    assert!(limiter.try_admit(&key, a_minute(5)).await.is_ok());
}

#[tokio::test]
async fn a_cancelled_attempt_does_not_close_the_connection() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    server.pause().await;
    let key = fresh_key();
    let cancelled = timeout(Duration::from_millis(20), limiter.try_admit(&key, a_minute(5))).await;
    assert!(cancelled.is_err());
    server.resume().await;
    assert!(limiter.try_admit(&key, a_minute(5)).await.is_ok());
}

#[tokio::test]
async fn a_redis_that_rejects_writes_is_unavailable() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    server.command("CONFIG SET maxmemory 1").await;
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Unavailable::Failed("OOM".into())));
    assert_eq!(limiter.probe().await, Err(Unavailable::Failed("OOM".into())));
    server.command("CONFIG SET maxmemory 0").await;
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));
}

#[tokio::test]
async fn a_wrong_password_is_reported_without_repeating_it() {
    let server = RedisServer::start().await;
    server.command("CONFIG SET requirepass right").await;
    let with = |password: &str| {
        let url = server.url().replace("redis://", &format!("redis://:{password}@"));
        RedisLimiter::new(&RedisAddress::parse(&url).unwrap())
    };
    with("right").probe().await.unwrap();
    let error = with("Zq7secretZq7").probe().await.unwrap_err();
    assert_eq!(error.to_string(), "authentication failed");
    assert!(!format!("{error:?}").contains("Zq7"), "{error:?}");
    // Without a password, the first command fails.
    let none = RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap());
    assert_eq!(none.probe().await, Err(Unavailable::Failed("NOAUTH".into())));
}

/// Uses the permissions that `docs/operations.md` lists, in a separate database.
#[tokio::test]
async fn a_redis_account_with_the_documented_permissions_is_sufficient() {
    let server = RedisServer::start().await;
    let rights = "~vestibule:limit:* -@all +select +eval +evalsha +time +lindex +lrange +rpush \
                  +ltrim +del +pexpire";
    let made = server.command(&format!("ACL SETUSER limits on >secret {rights}")).await;
    assert_eq!(made.lines().next(), Some("+OK"));
    let url = format!("{}1", server.url().replace("redis://", "redis://limits:secret@"));
    let limiter = RedisLimiter::new(&RedisAddress::parse(&url).unwrap());
    limiter.probe().await.unwrap();
    let (key, other) = (fresh_key(), connected(&server).await);
    assert_eq!(limiter.try_admit(&key, a_minute(1)).await, Ok(Decision::Admitted));
    assert_ne!(limiter.try_admit(&key, a_minute(1)).await, Ok(Decision::Admitted));
    // Another database has separate counts.
    assert_eq!(other.try_admit(&key, a_minute(1)).await, Ok(Decision::Admitted));
}
