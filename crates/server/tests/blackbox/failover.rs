//! Failover to a standby during writes: acknowledged writes exist, and waiting clients get a response
//! in time.
//!
//! The service uses one address, which a proxy moves. With an asynchronous standby writes are lost,
//! and the loss is measured.

mod crowd;

use std::sync::Arc;
use std::time::{Duration, Instant};

use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use self::crowd::{Crowd, Seen};
use crate::cluster::Cluster;
use crate::database::{Database, count, text};
use crate::evidence::{Experiment, rounded};
use crate::proxy::Proxy;
use crate::service::{Service, Setup};

/// Limits of the wait for an answer, and of the wait until writes succeed again.
const IN_TIME: f64 = 5.0;
const OUTAGE: f64 = 30.0;

/// `true` if a commit waits for the standby.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standby {
    Synchronous,
    /// It hears of nothing for a while before the primary dies.
    Behind,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_synchronous_standby_takes_over_and_nothing_is_lost_postgres() {
    let title = "A synchronous standby takes over without losing acknowledged writes";
    let (mut experiment, stage) = Stage::set(title).await;
    let rounds = experiment.figure("fail_overs", 2, 20);
    let ended = stage.play(&mut experiment, rounds, Standby::Synchronous).await;
    experiment.exactly("acknowledged_and_lost", ended.lost, 0);
    experiment.exactly("accounts_half_done", ended.half_done, 0);
    ended.judge(experiment);
}

/// No limit is put to the loss: it is as long as the standby lags. That it is seen shows that the
/// other experiment would see one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_asynchronous_standby_loses_only_unreplicated_writes_postgres() {
    let title = "An asynchronous standby takes over, and its lag is lost";
    let (mut experiment, stage) = Stage::set(title).await;
    let rounds = experiment.figure("fail_overs_with_a_lag", 1, 5);
    let ended = stage.play(&mut experiment, rounds, Standby::Behind).await;
    experiment.at_least("acknowledged_and_lost", ended.lost, 1);
    experiment.exactly("accounts_half_done", ended.half_done, 0);
    ended.judge(experiment);
}

/// A primary, a service on it, and the address by which it knows its database.
struct Stage {
    primary: Cluster,
    address: Proxy,
    smtp: Arc<SmtpSink>,
    service: Service,
}

/// Result of a run.
struct Ended {
    seen: Seen,
    lost: usize,
    half_done: usize,
    slowest_outage: Duration,
    to_the_old: i64,
}

impl Stage {
    async fn set(title: &'static str) -> (Experiment, Self) {
        let mut primary = Cluster::new().await;
        let experiment = Experiment::begin("E12", title, &primary.database());
        primary.start().await;
        let url = url(&primary);
        let address = Proxy::before(&url).await;
        let smtp = Arc::new(SmtpSink::start(Behaviour::accept()).await);
        let database = Database::Postgres(address.stand_in(&url));
        let service = Setup::on(database).mailing_to(&smtp).start().await;
        (experiment, Self { primary, address, smtp, service })
    }

    async fn play(mut self, experiment: &mut Experiment, rounds: usize, how: Standby) -> Ended {
        let mut dice = experiment.dice();
        let crowd = Crowd::begin(&self.service, &self.smtp).await;
        let (mut slowest_outage, mut to_the_old) = (Duration::ZERO, 0);
        for round in 0..rounds {
            let network = Proxy::before(&url(&self.primary)).await;
            let standby = self.primary.standby(&network).await;
            match how {
                Standby::Synchronous => self.primary.wait_for_a_standby().await,
                Standby::Behind => network.be_silent(),
            }
            let writes = 20 + usize::try_from(dice.below(40)).unwrap();
            crowd.writes(writes, Instant::now()).await;

            self.primary.kill().await;
            let killed = Instant::now();
            let mut old = std::mem::replace(&mut self.primary, standby);
            // Who moves the address may be earlier than who promotes.
            let is_early = round % 2 == 1;
            if is_early {
                self.address.lead_to(&url(&self.primary));
            }
            self.primary.promote().await;
            self.address.lead_to(&url(&self.primary));
            crowd.writes(1, killed).await;
            slowest_outage = slowest_outage.max(killed.elapsed());

            old.start().await;
            let before = written(&old).await;
            crowd.writes(writes, Instant::now()).await;
            to_the_old += written(&old).await - before + guests(&old).await;
            old.stop().await;
            experiment.tried(1);
        }
        let seen = crowd.end().await;
        let db = self.primary.administrator().await;
        let there = text(&db, "SELECT string_agg(email_key, ' ') FROM users").await;
        let lost = seen.lost(&there);
        let half = "SELECT count(*) FROM users u WHERE \
                    NOT EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = u.id) OR NOT EXISTS \
                    (SELECT 1 FROM outbox o WHERE o.user_id = u.id AND o.kind = 'welcome')";
        let half_done = usize::try_from(count(&db, half).await).unwrap();
        Ended { seen, lost, half_done, slowest_outage, to_the_old }
    }
}

impl Ended {
    #[track_caller]
    fn judge(self, mut experiment: Experiment) {
        let Self { seen, slowest_outage, to_the_old, .. } = self;
        eprintln!("{:#?}", seen.wrong);
        experiment.measure("writes_acknowledged", seen.acknowledged());
        experiment.measure("answered_503", seen.unavailable);
        experiment.exactly("wrong_answers", seen.wrong.len(), 0);
        experiment.at_most("slowest_503_s", rounded(seen.slowest_503.as_secs_f64()), IN_TIME);
        let outage = rounded(slowest_outage.as_secs_f64());
        experiment.at_most("longest_without_a_write_s", outage, OUTAGE);
        experiment.exactly("rows_and_connections_at_the_old_primary", to_the_old, 0);
        experiment.conclude();
    }
}

fn url(cluster: &Cluster) -> String {
    cluster.database().url().unwrap().to_owned()
}

/// Rows that change with every write.
async fn written(cluster: &Cluster) -> i64 {
    let rows = "SELECT (SELECT count(*) FROM users) + (SELECT count(*) FROM sessions) + \
                (SELECT count(*) FROM outbox) + (SELECT count(*) FROM audit_events) + \
                (SELECT sum(credentials_version)::bigint FROM users)";
    count(&cluster.administrator().await, rows).await
}

/// Connections of the service.
async fn guests(cluster: &Cluster) -> i64 {
    let guests = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'vestibule'";
    count(&cluster.administrator().await, guests).await
}
