//! Tests of the limiter in memory, with a manual clock and concurrent callers.

use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use vestibule_domain::model::client::ClientNetwork;
use vestibule_domain::ports::{Action, Decision, Limit, LimitKey, RateLimiter as _, Subject};
use vestibule_limits::MemoryLimiter;

/// Returns a limiter and a function that advances its clock.
fn with_manual_clock(capacity: usize) -> (MemoryLimiter, impl Fn(Duration)) {
    let elapsed = Arc::new(AtomicU64::new(0));
    let (start, shared) = (Instant::now(), Arc::clone(&elapsed));
    let limiter = MemoryLimiter::with_time(capacity, move || {
        start + Duration::from_millis(shared.load(Ordering::SeqCst))
    });
    let advance = move |by: Duration| {
        elapsed.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
    };
    (limiter, advance)
}

fn limit(attempts: u32, seconds: u64) -> Limit {
    let attempts = NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN);
    Limit { attempts, window: Duration::from_secs(seconds) }
}

fn client(number: u32) -> LimitKey {
    let network = ClientNetwork::of(Some(IpAddr::V4(Ipv4Addr::from_bits(number))));
    LimitKey { action: Action::SignIn, subject: Subject::Client(network) }
}

fn refused(milliseconds: u64) -> Decision {
    Decision::Refused { retry_after: Duration::from_millis(milliseconds) }
}

#[tokio::test]
async fn the_limit_is_admitted_and_no_more() {
    let (limiter, _advance) = with_manual_clock(100);
    for _ in 0..5 {
        assert_eq!(limiter.admit(&client(1), limit(5, 60)).await, Decision::Admitted);
    }
    assert_eq!(limiter.admit(&client(1), limit(5, 60)).await, refused(60_000));
}

#[tokio::test]
async fn the_window_slides() {
    let (limiter, advance) = with_manual_clock(100);
    let five = limit(5, 60);
    assert_eq!(limiter.admit(&client(1), five).await, Decision::Admitted);
    advance(Duration::from_secs(59));
    for _ in 0..4 {
        assert_eq!(limiter.admit(&client(1), five).await, Decision::Admitted);
    }
    advance(Duration::from_millis(999));
    assert_eq!(limiter.admit(&client(1), five).await, refused(1));
    advance(Duration::from_millis(1));
    // Only the first one has expired; a fixed window would admit five here.
    assert_eq!(limiter.admit(&client(1), five).await, Decision::Admitted);
    assert_eq!(limiter.admit(&client(1), five).await, refused(59_000));
}

#[tokio::test]
async fn a_refused_attempt_does_not_count() {
    let (limiter, advance) = with_manual_clock(100);
    let three = limit(3, 60);
    for _ in 0..3 {
        limiter.admit(&client(1), three).await;
    }
    for second in 0..60 {
        assert_eq!(limiter.admit(&client(1), three).await, refused(60_000 - second * 1000));
        advance(Duration::from_secs(1));
    }
    for _ in 0..3 {
        assert_eq!(limiter.admit(&client(1), three).await, Decision::Admitted);
    }
}

#[tokio::test]
async fn keys_do_not_affect_each_other() {
    let (limiter, _advance) = with_manual_clock(100);
    let one = limit(1, 60);
    let keys = [
        client(1),
        client(2),
        LimitKey { action: Action::SignUp, ..client(1) },
        LimitKey { action: Action::SignIn, subject: Subject::Account([1; 32]) },
        LimitKey { action: Action::SignIn, subject: Subject::Account([2; 32]) },
        LimitKey { action: Action::RequestReset, subject: Subject::Account([1; 32]) },
    ];
    for key in &keys {
        assert_eq!(limiter.admit(key, one).await, Decision::Admitted);
    }
    for key in &keys {
        assert_eq!(limiter.admit(key, one).await, refused(60_000));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_the_limit_is_admitted_concurrently() {
    for _ in 0..20 {
        let limiter = Arc::new(MemoryLimiter::default());
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..200 {
            let limiter = Arc::clone(&limiter);
            attempts.spawn(async move { limiter.admit(&client(1), limit(5, 3600)).await });
        }
        let decisions = attempts.join_all().await;
        let admitted = decisions.iter().filter(|decision| **decision == Decision::Admitted);
        assert_eq!(admitted.count(), 5);
    }
}

/// A random number generator (xorshift64) with a fixed seed.
struct Generator(u64);

impl Generator {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

#[tokio::test]
async fn no_window_ever_holds_more_than_the_limit() {
    for seed in 1..=200 {
        let mut random = Generator(u64::wrapping_mul(seed, 0x9E37_79B9_7F4A_7C15));
        let attempts = 1 + u32::try_from(random.below(8)).unwrap();
        let (window, pace) = (1 + random.below(90), 1 + random.below(20_000));
        let (limiter, advance) = with_manual_clock(100);
        let limit = limit(attempts, window);
        let (window, max) = (window * 1000, usize::try_from(attempts).unwrap());
        let (mut now, mut admitted) = (0, Vec::<u64>::new());
        for _ in 0..500 {
            let step = random.below(pace);
            advance(Duration::from_millis(step));
            now += step;
            // A simple reference implementation.
            let recent: Vec<u64> =
                admitted.iter().copied().filter(|at| at + window > now).collect();
            let expected = if recent.len() < max {
                Decision::Admitted
            } else {
                refused(recent[recent.len() - max] + window - now)
            };
            assert_eq!(limiter.admit(&client(1), limit).await, expected, "seed {seed} at {now}");
            if expected == Decision::Admitted {
                admitted.push(now);
            }
        }
        for (first, start) in admitted.iter().enumerate() {
            let within = admitted[first..].iter().filter(|at| **at < start + window).count();
            assert!(within <= max, "seed {seed}: {within} from {start}");
        }
    }
}

#[tokio::test]
async fn memory_is_bounded() {
    let (limiter, advance) = with_manual_clock(1600);
    for number in 0..1_000_000 {
        limiter.admit(&client(number), limit(5, 60)).await;
        if number % 50_000 == 0 {
            assert!(limiter.len() <= 1600, "{}", limiter.len());
        }
    }
    assert!(limiter.len() <= 1600);
    // Expired keys are removed.
    advance(Duration::from_mins(1));
    for number in 0..1000 {
        limiter.admit(&client(number), limit(5, 60)).await;
    }
    assert!(limiter.len() <= 1000, "{}", limiter.len());
}

#[tokio::test]
async fn a_full_limiter_removes_the_key_that_expires_first() {
    // The capacity is two keys per lock: the long-lived one and one of the flood.
    let (limiter, advance) = with_manual_clock(32);
    let long_lived = client(0);
    limiter.admit(&long_lived, limit(1, 3600)).await;
    for number in 1..2000 {
        advance(Duration::from_millis(1));
        assert_eq!(limiter.admit(&client(number), limit(1, 60)).await, Decision::Admitted);
        assert_eq!(
            limiter.admit(&long_lived, limit(1, 3600)).await,
            refused(3_600_000 - u64::from(number)),
            "a flood of short-lived keys removed a long-lived one"
        );
    }
    assert!(limiter.len() <= 32);
}

#[tokio::test]
async fn a_new_key_is_counted_even_if_all_others_expire_later() {
    let (limiter, _advance) = with_manual_clock(16);
    for number in 0..1000 {
        limiter.admit(&client(number), limit(1, 3600)).await;
    }
    let key = client(1001);
    assert_eq!(limiter.admit(&key, limit(1, 60)).await, Decision::Admitted);
    assert_eq!(limiter.admit(&key, limit(1, 60)).await, refused(60_000));
}

#[tokio::test]
async fn a_stricter_limit_for_the_same_key_applies_immediately() {
    let (limiter, advance) = with_manual_clock(100);
    for _ in 0..5 {
        limiter.admit(&client(1), limit(5, 60)).await;
        advance(Duration::from_secs(1));
    }
    // Five within the last five seconds; an attempt is admitted when the fourth has expired.
    assert_eq!(limiter.admit(&client(1), limit(2, 60)).await, refused(58_000));
}

#[test]
fn debug_output_contains_no_key() {
    let limiter = MemoryLimiter::new(10);
    assert!(limiter.is_empty());
    assert_eq!(format!("{limiter:?}"), "MemoryLimiter { len: 0, .. }");
}
