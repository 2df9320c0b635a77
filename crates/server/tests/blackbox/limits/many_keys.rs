//! More clients than the limiter can store: memory, and effects on other clients.

use std::net::Ipv4Addr;
use std::time::Instant;

use tokio::task::JoinSet;

use super::redis_server::RedisServer;
use super::{at_once, limited, reset};
use crate::database::Database;
use crate::evidence::{Experiment, rounded};
use crate::overload::memory_mib;
use crate::service::{Service, Setup};
use crate::wire::Wire;

/// Clients that ask at a time.
const AT_A_TIME: u32 = 16;
/// As many as a process remembers, and what these may take: `docs/security.md` and decision 2.
const REMEMBERED: u64 = 100_000;
const MEMORY_MIB: u64 = 64;
/// Upper limit for the size of a key with one attempt in Redis.
const BYTES_A_KEY: usize = 512;

/// One attempt to use a link, the cheapest act that is limited, by each of these clients.
async fn each_tries_once(node: &Service, clients: std::ops::Range<u32>) {
    let mut tasks = JoinSet::new();
    for lane in 0..AT_A_TIME {
        let (address, clients) = (node.address().to_owned(), clients.clone());
        tasks.spawn(async move {
            let mut wire = Wire::to(&address).await;
            for number in clients.filter(|number| number % AT_A_TIME == lane) {
                let client = Ipv4Addr::from_bits(0x0b00_0000 + number);
                let raw = wire.exchange(&reset(&client.to_string())).await;
                assert_eq!(raw.status, 400, "{raw:?}");
                if raw.header("connection") == Some("close") {
                    wire = Wire::to(&address).await;
                }
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_number_of_clients_is_remembered_in_bounded_memory() {
    let title = "Any number of clients is limited in bounded memory";
    let mut experiment = Experiment::begin("E07", title, &Database::sqlite());
    let clients = experiment.figure("clients", 3_000, 400_000);
    let setup = Setup::on(Database::sqlite())
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.0/8")
        // The test harness keeps the output of the service.
        .with("RUST_LOG", "warn");
    let node = setup.start().await;
    // What every connection and every allocator needs once is not counted.
    each_tries_once(&node, 0..500).await;
    let (idle, start) = (memory_mib(&node, "VmRSS:"), Instant::now());
    let half = 500 + u32::try_from(clients / 2).unwrap();
    each_tries_once(&node, 500..half).await;
    let halfway = memory_mib(&node, "VmRSS:");
    each_tries_once(&node, half..half * 2 - 500).await;
    let grown = memory_mib(&node, "VmHWM:").saturating_sub(idle);
    let seconds = start.elapsed().as_secs_f64();
    // The last client has the same limit as the first.
    let last = at_once(&[node], vec![reset("203.0.113.1"); 50]).await;
    experiment.tried(clients);
    experiment.measure("clients", clients);
    experiment.measure("clients_remembered_at_most", REMEMBERED);
    experiment.measure("clients_a_second", rounded(f64::from(half - 500) * 2.0 / seconds));
    experiment.measure("memory_grown_halfway_mib", halfway.saturating_sub(idle));
    experiment.at_most("memory_grown_mib", grown, MEMORY_MIB);
    experiment.exactly("admitted_of_the_last_client", last.admitted, 3);
    experiment.exactly("answers_5xx", last.faults, 0);
    experiment.conclude();
}

mod redis_and_postgres {
    use super::{BYTES_A_KEY, Experiment, RedisServer, each_tries_once, limited};

    fn number(answer: &str, name: &str) -> usize {
        let line = answer.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap().trim().parse().unwrap()
    }

    /// Returns the number of keys, and how many of them expire.
    async fn keys(redis: &RedisServer) -> (usize, usize) {
        let said = redis.command("INFO keyspace").await.replace(',', "\n");
        (number(&said, "db0:keys="), number(&said, "expires="))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_redis_remembers_of_a_client_is_small_and_expires() {
        let redis = RedisServer::start().await;
        let node = limited().await.with("VESTIBULE_REDIS__URL", &redis.url());
        let node = node.with("RUST_LOG", "warn").start().await;
        let title = "A client's key in Redis is small and expires a minute after its last attempt";
        let mut experiment = Experiment::begin("E07", title, &node.setup.database);
        let clients = experiment.figure("clients", 3_000, 100_000);
        each_tries_once(&node, 0..500).await;
        let used = async || number(&redis.command("INFO memory").await, "used_memory:");
        let (used_before, (before, _)) = (used().await, keys(&redis).await);
        each_tries_once(&node, 500..500 + u32::try_from(clients).unwrap()).await;
        let (after, expiring) = keys(&redis).await;
        let noted = after.saturating_sub(before);
        let bytes = used().await.saturating_sub(used_before) / noted.max(1);
        let longest = longest_to_live(&redis).await;
        experiment.tried(clients);
        experiment.measure("keys_noted", noted);
        experiment.at_most("bytes_a_key", bytes, BYTES_A_KEY);
        experiment.exactly("keys_for_ever", after - expiring, 0);
        experiment.at_most("longest_time_to_live_ms", longest, 61_000);
        experiment.conclude();
    }

    /// Of a hundred keys, in milliseconds.
    async fn longest_to_live(redis: &RedisServer) -> i64 {
        let mut longest = 0;
        for _ in 0..100 {
            let key = redis.command("RANDOMKEY").await;
            let key = key.lines().find(|line| line.starts_with("vestibule:")).unwrap();
            let left = redis.command(&format!("PTTL {key}")).await;
            let left = left.lines().find_map(|line| line.strip_prefix(':')).unwrap();
            longest = longest.max(left.parse().unwrap());
        }
        longest
    }
}
