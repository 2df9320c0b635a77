//! Clocks that differ or are set: no limit is lost, and none lasts longer than its window.
//!
//! The service uses a monotonic clock, Redis the system clock. The tests shift the stored times in
//! Redis, which has the effect of setting its clock.

use std::time::{Duration, Instant};

use tokio::time::interval;

use super::redis_server::RedisServer;
use super::{Tally, at_once, forgot, nodes, together};
use crate::service::Service;

const HOUR: i64 = 60 * 60;
const MICROSECONDS: i64 = 1_000_000;
/// Longest duration of a limit in seconds, polled twice a second.
const LASTS: f64 = 61.0;

/// Sets the clock of a Redis so many seconds ahead, or back.
async fn set_ahead(redis: &RedisServer, seconds: i64) {
    let keys = redis.command("KEYS vestibule:limit:1:request-reset:*").await;
    for key in keys.lines().filter(|line| line.starts_with("vestibule:")) {
        let kept = redis.command(&format!("LRANGE {key} 0 -1")).await;
        let moments = kept.lines().filter_map(|line| line.parse::<i64>().ok());
        let moved = moments.map(|at| (at - seconds * MICROSECONDS).to_string());
        let moved = moved.collect::<Vec<_>>().join(" ");
        let left = redis.command(&format!("PTTL {key}")).await;
        let left = left.lines().find_map(|line| line.strip_prefix(':')).unwrap();
        let left = left.parse::<i64>().unwrap() - seconds * 1000;
        redis.command(&format!("DEL {key}")).await;
        // What has expired by the new clock is gone.
        if left > 0 {
            redis.command(&format!("RPUSH {key} {moved}")).await;
            redis.command(&format!("PEXPIRE {key} {left}")).await;
        }
    }
}

/// Returns the time for which a refused client stays refused on all nodes.
async fn time_to_wait(nodes: &[Service], client: &str) -> Duration {
    let (start, mut pace) = (Instant::now(), interval(Duration::from_millis(500)));
    for _ in 0..180 {
        pace.tick().await;
        if at_once(nodes, vec![forgot(client)]).await.admitted > 0 {
            break;
        }
    }
    start.elapsed()
}

mod redis_and_postgres {
    use super::{
        HOUR, LASTS, RedisServer, Tally, at_once, forgot, nodes, set_ahead, time_to_wait, together,
    };
    use crate::evidence::{Experiment, rounded};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn setting_the_clock_of_redis_neither_drops_nor_extends_a_limit() {
        let redis = RedisServer::start().await;
        let nodes = nodes(&redis).await;
        let title = "A Redis clock set by an hour lifts no limit, and none lasts over a minute";
        let mut experiment = Experiment::begin("E07", title, &nodes.first().setup.database);
        let mut all = Tally::default();
        for (what, ahead, limit) in [("back", -HOUR, 0), ("ahead", HOUR, 10)] {
            let client = if ahead < 0 { "203.0.113" } else { "203.0.114" };
            let drafts = |number| vec![forgot(&format!("{client}.{number}")); 200];
            let before = together(nodes.all(), 5, drafts).await;
            assert_eq!(before.admitted, 5);
            let client = format!("{client}.{}", before.again);
            set_ahead(&redis, ahead).await;
            // Ahead, it has forgotten what was admitted; each node still knows what itself did.
            let mut after = Tally::default();
            for _ in 0..3 {
                after += at_once(nodes.all(), vec![forgot(&client); 200]).await;
            }
            experiment.tried(800);
            experiment.at_most(&format!("admitted_beyond_five_{what}"), after.admitted, limit);
            let wait = after.longest_wait;
            experiment.at_most(&format!("longest_retry_after_{what}_s"), wait, 60);
            all += before;
            all += after;
            if experiment.is_full() && ahead < 0 {
                let waited = time_to_wait(nodes.all(), &client).await;
                let waited = rounded(waited.as_secs_f64());
                experiment.at_most(&format!("lasted_{what}_s"), waited, LASTS);
            }
        }
        experiment.exactly("answers_5xx", all.faults, 0);
        experiment.conclude();
    }
}

/// The clock of a service is set by a fault on purpose.
#[cfg(feature = "fault-injection")]
mod differing_redis_and_postgres {
    use super::super::limited;
    use super::{HOUR, LASTS, RedisServer, at_once, forgot, time_to_wait, together};
    use crate::evidence::{Experiment, rounded};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn nodes_whose_clocks_differ_count_together_and_no_longer_than_a_minute() {
        let redis = RedisServer::start().await;
        let present = limited().await.with("VESTIBULE_REDIS__URL", &redis.url()).start().await;
        let title = "Nodes whose clocks differ by two hours share limits that last a minute";
        let mut experiment = Experiment::begin("E07a", title, &present.setup.database);
        let mut nodes = vec![present];
        for ahead in [-HOUR, HOUR] {
            let node = nodes[0].another_with("VESTIBULE_CLOCK_OFFSET", &ahead.to_string()).await;
            nodes.push(node);
        }
        let drafts = |number| vec![forgot(&format!("203.0.113.{number}")); 200];
        let first = together(&nodes, 5, drafts).await;
        experiment.exactly("of_200_admitted", first.admitted, 5);
        experiment.at_most("longest_retry_after_s", first.longest_wait, 60);
        // A clock that is set, as far as a process can tell: another node in place of one.
        let client = format!("203.0.113.{}", first.again);
        let restarted = nodes[0].another_with("VESTIBULE_CLOCK_OFFSET", "86400").await;
        let later = at_once(&[restarted], vec![forgot(&client); 10]).await;
        experiment.exactly("admitted_by_a_node_restarted_on_another_day", later.admitted, 0);
        let waited = time_to_wait(&nodes, &client).await;
        experiment.at_most("lasted_s", rounded(waited.as_secs_f64()), LASTS);
        experiment.exactly("answers_5xx", first.faults + later.faults, 0);
        experiment.tried(210);
        experiment.conclude();
    }
}
