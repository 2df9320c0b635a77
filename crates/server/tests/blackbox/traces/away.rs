//! An unreachable, silent or failing collector delays no request and is logged once.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::collector::Collector;
use super::{ME, named, traced};
use crate::database::Database;
use crate::service::{Service, Setup};

const LOST: &str = "exporting traces failed, dropping them until the collector is available";
const BACK: &str = "traces are exported again";
/// Time limit of a stop: five seconds for late connections, three for the last spans, and a margin.
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
async fn an_unreachable_collector_delays_no_request() {
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
async fn the_return_of_a_collector_is_logged() {
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
async fn a_silent_collector_delays_no_request() {
    let collector = Collector::start().await;
    collector.answer(None);
    let service = traced(Database::sqlite(), &collector).start().await;
    // More spans than the buffer holds.
    let begun = Instant::now();
    for _ in 0..3000 {
        ask(&service).await;
    }
    let took = begun.elapsed();
    assert!(took < Duration::from_mins(1), "{took:?}");
    stop(service).await;
}
