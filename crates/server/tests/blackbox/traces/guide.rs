//! The exported spans and those listed in the guide.

use std::collections::BTreeSet;

use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::collector::Collector;
use super::{ANNA, PASSWORD, named, traced};
use crate::database::Database;
use crate::limits::redis_server::RedisServer;
use crate::people::reset_token;

const GUIDE: &str = include_str!("../../../../../docs/operations.md");

/// The names in the first column of the guide's table of spans. That of a request is an example.
fn listed() -> BTreeSet<String> {
    let table = GUIDE.lines().skip_while(|line| *line != "| span | kind | what |").skip(2);
    let rows = table.take_while(|line| line.starts_with('|'));
    let firsts = rows.map(|row| row.split('|').nth(1).unwrap());
    let names = firsts.flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names.filter(|name| !name.contains('/')).map(str::to_owned).collect()
}

/// A span with another target would not be exported, and would be logged.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exactly_the_documented_spans_are_exported_redis() {
    let (redis, collector) = (RedisServer::start().await, Collector::start().await);
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let setup = traced(Database::sqlite(), &collector)
        .mailing_to(&smtp)
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_REDIS__URL", &redis.url());
    let service = setup.start().await;
    service.sign_up(ANNA, PASSWORD).await.token();
    reset_token(&service, &smtp, ANNA).await;
    collector.wait_for(named("write with others")).await;
    collector.wait_for(named("limit")).await;
    collector.wait_for(named("mail")).await;
    let spans = collector.spans().into_iter().map(|span| span.name);
    let told: BTreeSet<String> = spans.filter(|name| !name.contains('/')).collect();
    assert!(told.len() > 8, "{told:?}");
    assert_eq!(told, listed());
}
