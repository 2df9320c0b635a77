//! The metrics for Prometheus, and their names in the dashboard and the alerts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use crate::database::Database;
use crate::on_both_databases;
use crate::people::{PATIENCE, RESET, mail_to};
use crate::proxy::Proxy;
use crate::service::{Service, Setup, eventually};
use crate::wire::Draft;

on_both_databases! {
    what_happens_is_counted;
}

const ANNA: &str = "anna@example.com";
const PASSWORD: &str = "a good long password";

fn watched(database: Database) -> Setup {
    Setup::on(database).with("VESTIBULE_METRICS__LISTEN", "127.0.0.1:0")
}

async fn address(service: &Service) -> String {
    let told = service.log.wait_for(0, |line| line["message"] == "serving metrics").await;
    told["address"].as_str().unwrap().to_owned()
}

async fn scrape(service: &Service) -> String {
    let answer = service.http.get(address(service).await).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let kind = answer.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
    answer.text().await.unwrap()
}

/// The samples of a scrape by name and labels.
fn samples(text: &str) -> BTreeMap<String, f64> {
    assert!(text.ends_with("# EOF\n"), "{text}");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// A service that has had requests and mails of most kinds.
async fn busy(database: Database, smtp: &SmtpSink) -> Service {
    let service = watched(database).mailing_to(smtp).with("VESTIBULE_LIMITS__ENABLED", "true");
    let service = service.with("VESTIBULE_LIMITS__SIGNIN_PER_MINUTE", "3").start().await;
    let token = service.sign_up(ANNA, PASSWORD).await.token();
    for status in [200, 401, 401, 429] {
        let password = if status == 200 { PASSWORD } else { "a wrong one, but as long" };
        assert_eq!(service.sign_in(ANNA, password).await.status, status);
    }
    for _ in 0..5 {
        assert_eq!(service.me(&token).await.status, 200);
    }
    assert_eq!(service.get("/api/no/such/thing").await.status, 404);
    for (page, status) in [("/login", 200), ("/no/such/page", 404)] {
        assert_eq!(service.raw(&Draft::new("GET", page)).await.status, status);
    }
    let odd = service.post("/api/v1/auth/signin", serde_json::json!({ "nothing": 1 })).await;
    assert_eq!(odd.status, 422);
    service.forget(ANNA).await;
    mail_to(smtp, ANNA, RESET).await;
    service
}

async fn what_happens_is_counted(database: Database) {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = busy(database, &smtp).await;
    let sent = async || {
        let samples = samples(&scrape(&service).await);
        samples.get("vestibule_mails_total{outcome=\"sent\"}") == Some(&2.0)
    };
    assert!(eventually(PATIENCE, sent).await);
    let text = scrape(&service).await;
    let samples = samples(&text);
    let one = |name: &str| {
        let value = samples.get(name);
        *value.unwrap_or_else(|| panic!("{name} is not in {text}"))
    };
    for (name, expected) in [
        ("vestibule_http_requests_total{operation=\"signUp\",status=\"201\"}", 1.0),
        ("vestibule_http_requests_total{operation=\"signIn\",status=\"200\"}", 1.0),
        ("vestibule_http_requests_total{operation=\"signIn\",status=\"401\"}", 2.0),
        ("vestibule_http_requests_total{operation=\"signIn\",status=\"422\"}", 1.0),
        ("vestibule_http_requests_total{operation=\"signIn\",status=\"429\"}", 1.0),
        ("vestibule_http_requests_total{operation=\"getCurrentUser\",status=\"200\"}", 5.0),
        ("vestibule_http_requests_total{operation=\"page\",status=\"200\"}", 1.0),
        ("vestibule_http_requests_total{operation=\"page\",status=\"404\"}", 1.0),
        ("vestibule_http_requests_total{operation=\"other\",status=\"404\"}", 1.0),
        ("vestibule_http_request_duration_seconds_count{operation=\"getCurrentUser\"}", 5.0),
        ("vestibule_hashes_total{outcome=\"done\"}", 4.0),
        ("vestibule_hash_duration_seconds_count", 4.0),
        ("vestibule_hashes_running", 0.0),
        ("vestibule_hashes_waiting", 0.0),
        ("vestibule_limit_decisions_total{action=\"sign-in\",decision=\"refused\"}", 1.0),
        ("vestibule_limit_decisions_total{action=\"sign-up\",decision=\"admitted\"}", 1.0),
        ("vestibule_limits_local", 0.0),
        ("vestibule_worker_troubled", 0.0),
        ("vestibule_database_up", 1.0),
        ("vestibule_users", 1.0),
        ("vestibule_sessions", 2.0),
        ("vestibule_reset_requests_waiting", 0.0),
        ("vestibule_cache_lookups_total{cache=\"tokens\",outcome=\"hit\"}", 4.0),
        ("vestibule_cache_lookups_total{cache=\"tokens\",outcome=\"miss\"}", 1.0),
    ] {
        if name == "vestibule_users" || name == "vestibule_sessions" {
            // Counted every ten seconds at most.
            assert!(one(name) <= expected, "{name}: {text}");
        } else {
            assert!((one(name) - expected).abs() < 1e-9, "{name} is {}: {text}", one(name));
        }
    }
    let version = concat!("vestibule_build_info{version=\"", env!("CARGO_PKG_VERSION"), "\"}");
    assert!(one(version) > 0.0);
    assert!(one("vestibule_database_connections{state=\"idle\"}") >= 1.0, "{text}");
    for purpose in ["access", "reset", "seal"] {
        assert!(one(&format!("vestibule_key_age_seconds{{purpose=\"{purpose}\"}}")) < 600.0);
    }
    assert!(one("process_resident_memory_bytes") > 1e6 && one("process_open_fds") > 5.0, "{text}");
    assert!(one("process_cpu_seconds_total") > 0.0, "{text}");
    assert!(!text.contains(ANNA) && !text.contains("no/such"), "{text}");

    let elsewhere = address(&service).await.replace("/metrics", "/");
    assert_eq!(service.http.get(&elsewhere).send().await.unwrap().status(), 404);
    let posted = service.http.post(address(&service).await).send().await.unwrap();
    assert_eq!(posted.status(), 405);
    let public = service.raw(&Draft::new("GET", "/metrics")).await;
    assert_eq!(public.status, 404, "the public address serves metrics");
}

/// The scrape itself reports that the database is unavailable, and when it is back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_report_an_unavailable_database_postgres() {
    let original = Database::postgres().await;
    let url = original.url().unwrap();
    let network = Proxy::before(url).await;
    let service = watched(Database::Postgres(network.stand_in(url))).start().await;
    service.sign_up(ANNA, PASSWORD).await.token();
    let is_up = async |expected: f64| {
        let samples = samples(&scrape(&service).await);
        samples.get("vestibule_database_up") == Some(&expected)
            && samples.get("vestibule_users") == Some(&1.0)
    };
    assert!(eventually(PATIENCE, async || is_up(1.0).await).await);
    network.be_silent();
    let begun = Instant::now();
    assert!(is_up(0.0).await, "what was counted last is still there");
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    network.carry_new_ones();
    assert!(eventually(PATIENCE, async || is_up(1.0).await).await);
}

/// The names of metrics in a text.
fn names(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = text.split(|c: char| !is_part(c));
    let ours = |word: &&str| {
        // A recording rule has a colon.
        ["vestibule_", "process_"].iter().any(|start| word.starts_with(start))
            && !word.contains(':')
    };
    words.filter(ours).map(str::to_owned).collect()
}

/// A dashboard or alert on an unknown metric would show nothing and never fire.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_name_in_the_dashboard_and_the_alerts_is_served() {
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let service = busy(Database::sqlite(), &smtp).await;
    let served = names(&scrape(&service).await);
    let mut used = BTreeSet::new();
    for text in [
        include_str!("../../../../docs/operations/alerts.yaml"),
        include_str!("../../../../docs/operations/dashboard.json"),
    ] {
        let names = names(text);
        assert!(names.len() > 8, "{names:?}");
        used.extend(names);
    }
    let missing: Vec<_> = used.difference(&served).collect();
    assert_eq!(missing, [""; 0], "{served:#?}");
    let guide = include_str!("../../../../docs/operations.md");
    for name in served.iter().filter(|name| name.starts_with("vestibule_")) {
        let name = name.trim_end_matches("_bucket").trim_end_matches("_count");
        let name = name.trim_end_matches("_sum").trim_end_matches("_total");
        assert!(guide.contains(name), "{name} is not in the guide");
    }
}

#[tokio::test]
async fn a_metrics_port_in_use_is_reported() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (value, word) in [(address.as_str(), "cannot listen"), ("nonsense", "expected")] {
        let setup = Setup::on(Database::sqlite()).with("VESTIBULE_METRICS__LISTEN", value);
        let data = tempfile::tempdir().unwrap();
        let ended = setup.command(data.path(), &["serve", "--listen", "127.0.0.1:0"]).output();
        let ended = ended.await.unwrap();
        let errors = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{errors}");
        assert!(errors.contains("metrics.listen") && errors.contains(word), "{errors}");
    }
}
