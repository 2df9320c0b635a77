//! Ten times as many sign-ins as can be hashed, at a fixed rate, and other requests meanwhile.
//!
//! Latency is asserted only at full scale, where nothing else runs.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout_at};

use super::{BESIDES_MIB, EMAIL, HASH_MIB, PASSWORD, SIGN_IN, memory_mib};
use crate::database::Database;
use crate::evidence::{Bystander, Experiment, millis, percentile, rounded};
use crate::service::{Service, Setup, eventually};
use crate::wire::{Draft, Wire};

const HASHES_AT_ONCE: u64 = 2;
const TICK: Duration = Duration::from_millis(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_ten_times_the_capacity_the_excess_is_refused() {
    let title = "At ten times its sign-in capacity the service still serves what it can";
    let mut experiment = Experiment::begin("E06", title, &Database::sqlite());
    let seconds = experiment.figure("seconds", 5, 120);
    let service = Setup::on(Database::sqlite())
        .with("VESTIBULE_PASSWORD__MAX_PARALLEL_HASHES", &HASHES_AT_ONCE.to_string())
        .start()
        .await;
    service.sign_up(EMAIL, PASSWORD).await;
    // A separate account: sign-ins beyond the session limit end the oldest sessions of the other.
    let token = service.sign_up("zoe@example.com", PASSWORD).await.token();
    let capacity = capacity(&service, Duration::from_secs(if seconds > 5 { 10 } else { 2 })).await;
    let idle = memory_mib(&service, "VmRSS:");

    let bystander = |draft, ms| Bystander::of(&service, draft, Duration::from_millis(ms));
    let live = bystander(Draft::new("GET", "/health/live"), 20);
    let me = bystander(Draft::new("GET", "/api/v1/auth/me").bearing(&token), 20);
    let page = bystander(Draft::new("GET", "/login"), 100);
    let offered =
        offer(&service, capacity * 10.0, Duration::from_secs(u64::try_from(seconds).unwrap()));
    let mut offered = offered.await;
    let [mut live, mut me, mut page] = [live, me, page].map(Bystander::stop);

    let recovering = Instant::now();
    let recovered = eventually(Duration::from_secs(10), async || {
        service.sign_in(EMAIL, PASSWORD).await.status == 200
    });
    assert!(recovered.await, "sign-in works again within 10 s");
    let recovered_in = recovering.elapsed().as_secs_f64();

    let peak = memory_mib(&service, "VmHWM:");
    let elapsed = offered.took.as_secs_f64();
    let goodput = f64::from(u32::try_from(offered.served).unwrap()) / elapsed;
    experiment.tried(offered.served + offered.refused.len());
    experiment.measure("capacity_per_s", rounded(capacity));
    experiment.measure("offered_per_s", rounded(capacity * 10.0));
    experiment.measure("goodput_per_s", rounded(goodput));
    experiment.measure("live_p99_ms", millis(percentile(&mut live, 99)));
    experiment.measure("me_p99_ms", millis(percentile(&mut me, 99)));
    experiment.measure("page_p99_ms", millis(percentile(&mut page, 99)));
    experiment.measure("slowest_sign_in_ms", millis(offered.slowest));
    experiment.measure("refused_p99_ms", millis(percentile(&mut offered.refused, 99)));
    if experiment.is_full() {
        experiment.at_least("goodput_per_s", rounded(goodput), rounded(capacity * 0.8));
        experiment.at_most("live_p99_ms", millis(percentile(&mut live, 99)), 100.0);
        experiment.at_most("me_p99_ms", millis(percentile(&mut me, 99)), 200.0);
        experiment.at_most("refused_p99_ms", millis(percentile(&mut offered.refused, 99)), 1500.0);
        experiment.at_most("slowest_sign_in_ms", millis(offered.slowest), 5000.0);
    }
    experiment.exactly("other_answers", offered.others, 0);
    let bound = idle + HASHES_AT_ONCE * HASH_MIB + BESIDES_MIB;
    experiment.at_most("memory_mib", peak, bound);
    experiment.at_most("recovered_within_s", rounded(recovered_in), 10.0);
    experiment.conclude();
}

/// Sign-ins per second that are served without overload.
async fn capacity(service: &Service, during: Duration) -> f64 {
    let end = Instant::now() + during;
    let mut clients = JoinSet::new();
    for _ in 0..2 * HASHES_AT_ONCE {
        let address = service.address().to_owned();
        clients.spawn(async move {
            let mut wire = Wire::to(&address).await;
            let mut served = 0_u32;
            while Instant::now() < end {
                assert_eq!(wire.exchange(&sign_in()).await.status, 200);
                served += 1;
            }
            served
        });
    }
    let served: u32 = clients.join_all().await.into_iter().sum();
    f64::from(served) / during.as_secs_f64()
}

fn sign_in() -> Draft {
    let body = serde_json::json!({ "email": EMAIL, "password": PASSWORD });
    Draft::json(SIGN_IN, body.to_string())
}

/// The outcomes of the offered sign-ins.
#[derive(Default)]
struct Offered {
    served: usize,
    /// Durations until the response 503.
    refused: Vec<Duration>,
    others: usize,
    slowest: Duration,
    took: Duration,
}

/// Sends `rate` sign-ins per second, each on its own connection, without waiting for responses.
async fn offer(service: &Service, rate: f64, during: Duration) -> Offered {
    let start = Instant::now();
    let mut pace = interval(TICK);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut clients, mut due) = (JoinSet::new(), 0.0);
    let mut offered = Offered::default();
    while start.elapsed() < during {
        pace.tick().await;
        due += rate * TICK.as_secs_f64();
        while due >= 1.0 {
            due -= 1.0;
            let address = service.address().to_owned();
            clients.spawn(async move {
                let asked = Instant::now();
                let raw = Wire::to(&address).await.exchange(&sign_in()).await;
                (raw, asked.elapsed())
            });
        }
        while let Some(answered) = clients.try_join_next() {
            offered.note(&answered.unwrap());
        }
    }
    offered.took = start.elapsed();
    let last = tokio::time::Instant::now() + Duration::from_secs(30);
    while let Ok(Some(answered)) = timeout_at(last, clients.join_next()).await {
        offered.note(&answered.unwrap());
    }
    assert!(clients.is_empty(), "{} were never answered", clients.len());
    offered
}

impl Offered {
    fn note(&mut self, (raw, took): &(crate::wire::Raw, Duration)) {
        match raw.status {
            200 => self.served += 1,
            // `problem` asserts Retry-After.
            503 if raw.problem() == "unavailable" => self.refused.push(*took),
            _ => self.others += 1,
        }
        self.slowest = self.slowest.max(*took);
    }
}
