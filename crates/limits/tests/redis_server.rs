//! Counting in a Redis of one's own: what it keeps, and what happens when it does not do its work.
#![expect(clippy::unwrap_used, reason = "in a test, a surprise is a failure")]

#[path = "fixtures/attempts.rs"]
mod attempts;
#[path = "fixtures/server.rs"]
mod server;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::time::timeout;
use vestibule_domain::ports::Decision;
use vestibule_limits::{Away, RedisAddress, RedisLimiter, SharedLimiter as _};

use attempts::{a_minute, fresh_key, limit};
use server::RedisServer;

const MINUTE_MICROS: u64 = 60_000_000;

async fn connected(server: &RedisServer) -> RedisLimiter {
    let limiter = RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap());
    limiter.probe().await.unwrap();
    limiter
}

/// The number in an answer such as `:5`.
fn number(answer: &str) -> i64 {
    answer.lines().next().unwrap().trim_start_matches(':').parse().unwrap()
}

#[test]
fn addresses_are_checked_and_do_not_print() {
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
        // What would keep certificates from being checked.
        "rediss://redis.example.com/#insecure",
        "unix:///run/redis.sock",
    ] {
        assert!(RedisAddress::parse(text).is_err(), "{text}");
    }
}

#[tokio::test]
async fn what_redis_keeps_is_bounded_and_forgotten() {
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
    let kept = number(&server.command(&format!("LLEN {name}")).await);
    assert!(kept <= 5, "{kept}");
    let lives = number(&server.command(&format!("PTTL {name}")).await);
    assert!((1..=1020).contains(&lives), "{lives} ms");

    // The figures of a real limit, where the key must not go before its moments do.
    let key = fresh_key();
    let name = format!("vestibule:limit:1:{key}");
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));
    let lives = number(&server.command(&format!("PTTL {name}")).await);
    assert!((60_000..=61_000).contains(&lives), "{lives} ms");
    // To the microsecond: sixteen digits.
    let moment = server.command(&format!("LINDEX {name} 0")).await;
    assert_eq!(moment.lines().next(), Some("$16"), "{moment}");
}

#[tokio::test]
async fn a_clock_of_redis_that_is_set_back_neither_lifts_a_limit_nor_prolongs_it() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    #[expect(clippy::disallowed_methods, reason = "the moments a server would have noted")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let ahead = u64::try_from(now.as_micros()).unwrap() + 60 * MINUTE_MICROS;
    let moments = format!("{ahead} {} {}", ahead + 1, ahead + 2);
    let name = format!("vestibule:limit:1:{key}");
    assert_eq!(number(&server.command(&format!("RPUSH {name} {moments}")).await), 3);

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
async fn a_script_redis_has_forgotten_is_sent_again() {
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
async fn redis_is_asked_only_over_a_connection_that_a_probe_made() {
    let mut server = RedisServer::start().await;
    let limiter = RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap());
    let key = fresh_key();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Away::NotConnected));
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));

    // One whose connection was cut finds that out once, and the next probe mends it.
    server.command("CLIENT KILL TYPE normal SKIPME yes").await;
    assert!(limiter.try_admit(&key, a_minute(5)).await.is_err());
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Away::NotConnected));
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));

    // A probe mends it also before anybody else has noticed.
    server.command("CLIENT KILL TYPE normal SKIPME yes").await;
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));

    server.kill().await;
    assert!(limiter.probe().await.is_err());
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Away::NotConnected));
    server.restart().await;
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));
}

#[tokio::test]
async fn a_redis_that_hangs_costs_one_wait_and_its_connection() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    server.pause().await;
    let start = Instant::now();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Away::TimedOut));
    let waited = start.elapsed();
    assert!((Duration::from_millis(200)..Duration::from_secs(2)).contains(&waited), "{waited:?}");
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Away::NotConnected));
    assert_eq!(limiter.probe().await, Err(Away::TimedOut));
    server.resume().await;
    limiter.probe().await.unwrap();
    assert!(limiter.try_admit(&key, a_minute(5)).await.is_ok());
}

#[tokio::test]
async fn a_client_that_leaves_does_not_take_the_connection_to_redis_along() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    server.pause().await;
    let key = fresh_key();
    let left = timeout(Duration::from_millis(20), limiter.try_admit(&key, a_minute(5))).await;
    assert!(left.is_err());
    server.resume().await;
    assert!(limiter.try_admit(&key, a_minute(5)).await.is_ok());
}

#[tokio::test]
async fn a_redis_that_takes_no_writes_is_away() {
    let server = RedisServer::start().await;
    let limiter = connected(&server).await;
    let key = fresh_key();
    server.command("CONFIG SET maxmemory 1").await;
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Err(Away::Failed("OOM".into())));
    assert_eq!(limiter.probe().await, Err(Away::Failed("OOM".into())));
    server.command("CONFIG SET maxmemory 0").await;
    limiter.probe().await.unwrap();
    assert_eq!(limiter.try_admit(&key, a_minute(5)).await, Ok(Decision::Admitted));
}

#[tokio::test]
async fn a_wrong_password_for_redis_is_named_and_not_repeated() {
    let server = RedisServer::start().await;
    server.command("CONFIG SET requirepass right").await;
    let with = |password: &str| {
        let url = server.url().replace("redis://", &format!("redis://:{password}@"));
        RedisLimiter::new(&RedisAddress::parse(&url).unwrap())
    };
    with("right").probe().await.unwrap();
    let away = with("Zq7secretZq7").probe().await.unwrap_err();
    assert_eq!(away.to_string(), "authentication failed");
    assert!(!format!("{away:?}").contains("Zq7"), "{away:?}");
    // Without any, the server says so at the first command.
    let none = RedisLimiter::new(&RedisAddress::parse(&server.url()).unwrap());
    assert_eq!(none.probe().await, Err(Away::Failed("NOAUTH".into())));
}

/// What `docs/operations.md` says that is enough, in a database of its own.
#[tokio::test]
async fn an_account_of_redis_needs_few_rights() {
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
    // Another database is another installation.
    assert_eq!(other.try_admit(&key, a_minute(1)).await, Ok(Decision::Admitted));
}
