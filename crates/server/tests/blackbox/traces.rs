//! The spans exported to an OpenTelemetry collector, and data that must not be in them.

mod away;
pub(crate) mod collector;
mod guide;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::{Span, Status};
use serde_json::{Value, json};
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use self::collector::{Collector, attribute, hex};
use crate::database::Database;
use crate::on_both_databases;
use crate::people::{WELCOME, mail_to, reset_token};
use crate::secrets::search::{Place, Secret};
use crate::service::{Service, Setup};
use crate::wire::Draft;

on_both_databases! {
    a_request_is_a_trace_and_so_is_a_mail;
    no_user_input_is_exported;
}

const ANNA: &str = "anna.canary@example.com";
const PASSWORD: &str = "Zq1 a good \"long\" password";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const SPAN: &str = "b7ad6b7169203331";
const SIGN_IN: &str = "POST /api/v1/auth/signin";
const ME: &str = "GET /api/v1/auth/me";

fn traced(database: Database, collector: &Collector) -> Setup {
    Setup::on(database).with("VESTIBULE_TRACES__ENDPOINT", &collector.url())
}

fn named(name: &str) -> impl Fn(&Span) -> bool + '_ {
    move |span| span.name == name
}

/// The one span of that name.
#[track_caller]
fn only<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    let found: Vec<_> = spans.iter().filter(|span| span.name == name).collect();
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

/// The log line of that request.
async fn answered(service: &Service, path: &str) -> Value {
    let fits = |line: &Value| line["message"] == "answered" && line["span"]["path"] == path;
    service.log.wait_for(0, fits).await
}

async fn a_request_is_a_trace_and_so_is_a_mail(database: Database) {
    let on_server = database.url().is_some();
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let collector = Collector::start().await;
    let service = traced(database, &collector).mailing_to(&smtp).start().await;
    service.sign_up(ANNA, PASSWORD).await.token();
    assert_eq!(service.sign_in(ANNA, PASSWORD).await.status, 200);

    let span = collector.wait_for(named(SIGN_IN)).await;
    assert_eq!(span.kind(), SpanKind::Server);
    assert!(span.parent_span_id.is_empty(), "{span:?}");
    let line = answered(&service, "/api/v1/auth/signin").await;
    let request_id = line["span"]["request_id"].as_str().unwrap();
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/api/v1/auth/signin"),
        ("http.response.status_code", "200"),
        ("url.scheme", "https"),
        ("vestibule.operation", "signIn"),
        ("vestibule.request_id", request_id),
    ] {
        assert_eq!(attribute(&span.attributes, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(span.attributes.len(), 6, "{:?}", span.attributes);
    assert_eq!(line["span"]["trace_id"], hex(&span.trace_id));
    assert_eq!(line["span"]["span_id"], hex(&span.span_id));

    let children = collector.below(&span);
    let hash = only(&children, "hash");
    only(&collector.below(hash), "wait for a thread");
    assert!(children.iter().any(named("read")), "{children:#?}");
    let unit = only(&children, "unit of work");
    let system = if on_server { "postgresql" } else { "sqlite" };
    assert_eq!(attribute(&unit.attributes, "db.system.name").as_deref(), Some(system));
    assert_eq!(attribute(&unit.attributes, "vestibule.committed").as_deref(), Some("true"));
    let within = collector.below(unit);
    only(&within, "begin");
    only(&within, "commit");

    a_mail_is_a_trace(&service, &smtp, &collector).await;
    for request in collector.requests() {
        for resource in request.resource_spans {
            let attributes = resource.resource.unwrap().attributes;
            let of = |name: &str| attribute(&attributes, name).unwrap();
            assert_eq!(of("service.name"), "vestibule");
            assert_eq!(of("service.version"), env!("CARGO_PKG_VERSION"));
            assert_eq!(of("service.instance.id").len(), 36);
        }
    }
}

async fn a_mail_is_a_trace(service: &Service, smtp: &SmtpSink, collector: &Collector) {
    mail_to(smtp, ANNA, WELCOME).await;
    let mail = collector.wait_for(named("mail")).await;
    assert_eq!(mail.kind(), SpanKind::Consumer);
    assert_eq!(attribute(&mail.attributes, "vestibule.outcome").as_deref(), Some("sent"));
    let children = collector.below(&mail);
    let delivery = only(&children, "SMTP delivery");
    assert_eq!(delivery.kind(), SpanKind::Client);
    assert_eq!(attribute(&delivery.attributes, "server.address").as_deref(), Some("127.0.0.1"));
    let line = service.log.wait_for(0, |line| line["message"] == "mail sent").await;
    assert_eq!(line["span"]["trace_id"], hex(&mail.trace_id));
    assert_eq!(line["span"]["mail_id"], attribute(&mail.attributes, "vestibule.mail_id").unwrap());
    // The worker polls all the time, without a request.
    let beginnings: Vec<Span> =
        collector.spans().into_iter().filter(|s| s.parent_span_id.is_empty()).collect();
    for span in &beginnings {
        assert!(span.name == "mail" || span.kind() == SpanKind::Server, "{span:?}");
    }
}

async fn no_user_input_is_exported(database: Database) {
    const CANARY: &str = "Zq8tokenofalinkZq8";
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    let collector = Collector::start().await;
    let setup = traced(database, &collector).mailing_to(&smtp).with("RUST_LOG", "trace");
    let service = setup.start().await;
    let token = service.sign_up(ANNA, PASSWORD).await.token();
    assert_eq!(service.sign_in(ANNA, "Zq2 a wrong \"password\"").await.status, 401);
    let link = reset_token(&service, &smtp, ANNA).await;
    assert!(service.verify(&link).await);
    assert_eq!(service.reset(&link, "Zq3 another \"password\"").await.status, 200);
    for target in [
        format!("/reset_password/{link}"),
        format!("/reset-password?token={CANARY}"),
        format!("/api/{CANARY}/{ANNA}"),
        format!("/{CANARY}/{ANNA}?q={CANARY}"),
    ] {
        let draft =
            Draft::new("GET", &target).header("User-Agent", CANARY).header("Referer", CANARY);
        let draft =
            draft.header("Cookie", format!("a={CANARY}")).header("Baggage", format!("a={CANARY}"));
        service.raw(&draft.header("Tracestate", format!("a={CANARY}"))).await;
    }
    service.raw(&Draft::new(CANARY, "/")).await;
    assert_ne!(service.raw(&Draft::new("GET", "/the-last-request")).await.status, 200);
    service.me(&token).await;

    let last = collector.wait_for(named(ME)).await;
    assert_eq!(last.status.clone().unwrap_or_default(), Status::default(), "401 is no fault");
    let bodies = collector.came().into_iter().flat_map(|came| came.body);
    let exported = Place::new("a trace", bodies.collect::<Vec<u8>>());
    let found = exported.finds(&[
        Secret::new("an address", ANNA),
        Secret::new("a password", PASSWORD),
        Secret::new("a wrong password", "Zq2 a wrong \"password\""),
        Secret::new("a new password", "Zq3 another \"password\""),
        Secret::new("what was typed", CANARY),
        Secret::new("a path", "the-last-request"),
        Secret::token("an access token", &token),
        Secret::token("a link", &link),
    ]);
    assert!(found.is_empty(), "{found:#?}");
    let names: Vec<String> = collector.spans().into_iter().map(|span| span.name).collect();
    assert!(names.iter().any(|name| name.starts_with("_OTHER")), "{names:?}");
}

/// Requests the account, with the trace of the client.
fn asking(trace: &str, flags: &str) -> Draft {
    Draft::new("GET", "/api/v1/auth/me").header("Traceparent", format!("00-{trace}-{SPAN}-{flags}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_trusted_proxy_chooses_the_trace() {
    let collector = Collector::start().await;
    let alone = traced(Database::sqlite(), &collector);
    let stranger = alone.clone().with("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    let service = stranger.start().await;
    assert_eq!(service.raw(&asking(TRACE, "01")).await.status, 401);
    let span = collector.wait_for(named(ME)).await;
    assert_ne!(hex(&span.trace_id), TRACE);
    assert!(span.parent_span_id.is_empty(), "{span:?}");
    assert!(!service.log.lines().concat().contains(TRACE));
    drop(service);

    let proxied = alone.with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    let service = proxied.start().await;
    assert_eq!(service.raw(&asking(TRACE, "01")).await.status, 401);
    let span = collector.wait_for(|span| hex(&span.trace_id) == TRACE).await;
    assert_eq!(hex(&span.parent_span_id), SPAN);
    let line = service.log.wait_for(0, |line| line["span"]["trace_id"] == TRACE).await;
    assert_eq!(line["span"]["span_id"], hex(&span.span_id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn traces_are_sampled_unless_a_proxy_has_chosen_them() {
    let collector = Collector::start().await;
    let setup = traced(Database::sqlite(), &collector)
        .with("VESTIBULE_TRACES__SAMPLE_RATIO", "0")
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32")
        // With `--dev` it stops at once on request, before the next scheduled export.
        .with_argument("--dev");
    let mut service = setup.start().await;
    assert_eq!(service.get("/api/v1/auth/me").await.status, 401);
    let unchosen = TRACE.replace('0', "1");
    assert_eq!(service.raw(&asking(&unchosen, "00")).await.status, 401);
    assert_eq!(service.raw(&asking(TRACE, "01")).await.status, 401);
    // All sampled spans are exported before the process ends.
    assert!(service.terminate().await.success());
    let traces: Vec<String> = collector.spans().iter().map(|span| hex(&span.trace_id)).collect();
    assert!(!traces.is_empty() && traces.iter().all(|trace| trace == TRACE), "{traces:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_are_not_traced_and_headers_are_sent() {
    let collector = Collector::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("headers");
    std::fs::write(&file, "Authorization=Bearer Zq9 let us in, X-Team=ours\n").unwrap();
    let setup = traced(Database::sqlite(), &collector)
        .with("VESTIBULE_TRACES__HEADERS_FILE", file.to_str().unwrap())
        .with("RUST_LOG", "trace");
    let mut service = setup.start().await;
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(service.get(path).await.status, 200);
    }
    assert_eq!(service.get("/api/v1/auth/me").await.status, 401);
    assert!(service.terminate().await.success());
    let names: Vec<String> = collector.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, [ME], "and nothing else: the worker looks for work all the time");
    for came in collector.came() {
        assert!(came.head.starts_with("post /v1/traces http/1.1\r\n"), "{}", came.head);
        for header in ["authorization: bearer zq9 let us in", "x-team: ours"] {
            assert!(came.head.contains(header), "{}", came.head);
        }
        assert!(came.head.contains("content-type: application/x-protobuf"), "{}", came.head);
    }
    assert!(!service.log.lines().concat().contains("Zq9"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_endpoint_there_are_no_traces_at_all() {
    let setup = Setup::on(Database::sqlite()).with("RUST_LOG", "trace");
    let setup = setup.with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    let service = setup.start().await;
    assert_eq!(service.raw(&asking(TRACE, "01")).await.status, 401);
    let line = answered(&service, "/api/v1/auth/me").await;
    assert_eq!(line["span"]["request_id"].as_str().unwrap().len(), 32);
    let lines = service.log.lines().concat();
    assert!(!lines.contains("trace_id") && !lines.contains(TRACE), "{lines}");
    let body = json!({ "email": ANNA, "password": PASSWORD });
    assert_eq!(service.post("/api/v1/auth/signin", body).await.status, 401);
    let line = answered(&service, "/api/v1/auth/signin").await;
    assert_eq!(line["span"]["name"], "request");
}
