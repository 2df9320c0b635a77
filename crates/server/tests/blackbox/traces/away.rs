//! A collector that is away, silent or unwilling slows nobody, and is told of once.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::collector::Collector;
use super::{ME, named, traced};
use crate::database::Database;
use crate::service::{Service, Setup};

const LOST: &str = "traces cannot be exported; they are dropped until the collector takes them";
const BACK: &str = "traces are exported again";
/// Five seconds for those who still come, three for the last spans, and a busy machine.
const SOON: Duration = Duration::from_secs(15);

fn warnings(service: &Service) -> usize {
    service.log.lines().iter().filter(|line| line.contains(LOST)).count()
}

async fn ask(service: &Service) {
    assert_eq!(service.get("/api/v1/auth/me").await.status, 401);
}

async fn stop(mut service: Service) {
    let asked = Instant::now();
    assert!(service.terminate().await.success());
    assert!(asked.elapsed() < SOON, "{:?}", asked.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_listens_where_traces_go() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let setup = Setup::on(Database::sqlite());
    let service = setup.with("VESTIBULE_TRACES__ENDPOINT", &format!("http://{free}")).start().await;
    ask(&service).await;
    let line = service.log.wait_for(0, |line| line["message"] == LOST).await;
    assert_eq!(line["level"], "WARN");
    assert!(line["reason"].as_str().unwrap().contains("no connection"), "{line}");
    ask(&service).await;
    stop(service).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_comes_back_is_told_of() {
    let collector = Collector::start().await;
    collector.answer(Some("503 Service Unavailable"));
    let service = traced(Database::sqlite(), &collector).start().await;
    ask(&service).await;
    let line = service.log.wait_for(0, |line| line["message"] == LOST).await;
    assert_eq!(line["reason"], "the collector answers with status 503");
    for count in 2..4 {
        ask(&service).await;
        collector.refuses(count).await;
    }
    collector.answer(Some("200 OK"));
    ask(&service).await;
    collector.wait_for(named(ME)).await;
    service.log.wait_for(0, |line: &Value| line["message"] == BACK).await;
    assert_eq!(warnings(&service), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_collector_holds_up_nobody() {
    let collector = Collector::start().await;
    collector.answer(None);
    let service = traced(Database::sqlite(), &collector).start().await;
    // More than are kept: each is one span at least.
    let begun = Instant::now();
    for _ in 0..3000 {
        ask(&service).await;
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_mins(1), "{took:?}");
    stop(service).await;
}
