//! Headers with a forged client IP do not change the client that limits count.

use std::time::{Duration, Instant};

use super::FORGOT;
use crate::database::Database;
use crate::evidence::Experiment;
use crate::on_both_databases;
use crate::service::{Service, Setup};
use crate::wire::{Draft, Wire};

on_both_databases! {
    no_header_of_a_client_makes_it_another_one;
}

/// Headers from which some servers read a client address.
const NAMES: [&str; 19] = [
    "X-Forwarded-For",
    "x-forwarded-for",
    "X-FORWARDED-FOR",
    "X-Forwarded",
    "Forwarded-For",
    "Forwarded",
    "X-Real-IP",
    "True-Client-IP",
    "CF-Connecting-IP",
    "Fastly-Client-IP",
    "X-Client-IP",
    "Client-IP",
    "X-Cluster-Client-IP",
    "X-Originating-IP",
    "X-Remote-IP",
    "X-Remote-Addr",
    "X-ProxyUser-IP",
    "X-Envoy-External-Address",
    "Via",
];

/// The client IP behind the proxy.
const KNOWN: &str = "203.0.113.77";

/// Returns values for such a header, with another address for every number.
fn claims(n: usize) -> Vec<Vec<u8>> {
    let (high, low) = (n / 250, n % 250);
    let texts = [
        format!("198.51.{high}.{low}"),
        format!("198.51.{high}.{low}:4711"),
        format!("198.51.{high}.{low}, 10.0.{high}.{low}"),
        format!("198.51.{high}.{low},127.0.0.1"),
        format!("127.0.{high}.{low}"),
        format!("[2001:db8:{n:x}::1]:443"),
        format!("2001:db8:{n:x}::1"),
        format!("::ffff:198.51.{high}.{low}"),
        format!("64:ff9b::198.51.{high}.{low}"),
        format!("fe80::{n:x}%eth0"),
        format!("for=198.51.{high}.{low};by=127.0.0.1"),
        format!("for=\"[2001:db8:{n:x}::1]\""),
        format!("\"198.51.{high}.{low}\""),
        format!("0xc6.51.{high}.{low}"),
        format!("0306.063.{high}.{low}"),
        format!("33252{n:05}"),
        format!("unknown, _hidden{n}"),
        format!("1.1 proxy{n}.example"),
        "1.1.1.1, ".repeat(200) + &format!("198.51.{high}.{low}"),
        format!("198.51.{high}.999"),
        "localhost".to_owned(),
        String::new(),
        " ".to_owned(),
        ",,,".to_owned(),
    ];
    // What no proxy writes.
    let no_text = [b"\xff198.51.100.1".to_vec(), b"198.51.100.1\xa0".to_vec()];
    texts.into_iter().map(String::into_bytes).chain(no_text).collect()
}

/// A request with these headers.
fn draft(headers: &[(&str, Vec<u8>)]) -> Draft {
    let body = serde_json::json!({ "email": "unknown@example.com" }).to_string();
    let draft = Draft::json(FORGOT, body);
    headers.iter().fold(draft, |draft, (name, value)| draft.header(name, value))
}

/// A claim under every name; and, under the one that proxies use, twice.
fn claimed(names: &[&'static str]) -> Vec<Vec<(&'static str, Vec<u8>)>> {
    let mut all = Vec::new();
    for name in names {
        all.extend(claims(all.len()).into_iter().map(|claim| vec![(*name, claim)]));
    }
    let twice = |claim: Vec<u8>| vec![(NAMES[0], claim.clone()), (NAMES[0], claim)];
    all.extend(claims(all.len()).into_iter().map(twice));
    all
}

/// Counts requests that are admitted although their client has used up its limit.
async fn admitted_beyond(service: &Service, honest: &Draft, others: &[Draft]) -> usize {
    let (mut wire, start) = (service.wire().await, Instant::now());
    for _ in 0..5 {
        assert_eq!(wire.exchange(honest).await.status, 200);
    }
    assert_eq!(wire.exchange(honest).await.status, 429, "the limit is reached");
    let mut beyond = 0;
    for other in others {
        if answered(service, &mut wire, other).await == 200 {
            eprintln!("admitted: {}", String::from_utf8_lossy(&other.bytes()));
            beyond += 1;
        }
    }
    assert!(start.elapsed() < Duration::from_mins(1), "too slow to tell");
    beyond
}

/// The status of an answer, whose connection may end with it.
async fn answered(service: &Service, wire: &mut Wire, draft: &Draft) -> u16 {
    let raw = wire.exchange(draft).await;
    assert!(raw.status < 500, "{raw:?}");
    if raw.header("connection") == Some("close") {
        *wire = service.wire().await;
    }
    raw.status
}

async fn no_header_of_a_client_makes_it_another_one(database: Database) {
    let title = "No header changes the counted client; unreadable ones count as the proxy";
    let mut experiment = Experiment::begin("E07", title, &database);
    let other = match &database {
        Database::Sqlite => Database::sqlite(),
        Database::Postgres(_) => Database::postgres().await,
    };
    let limited = |database| Setup::on(database).with("VESTIBULE_LIMITS__ENABLED", "true");

    // By itself: its proxy is another machine, if there is one at all.
    let alone = limited(database).with("VESTIBULE_SERVER__TRUSTED_PROXIES", "10.0.0.0/8");
    let drafts: Vec<Draft> = claimed(&NAMES).iter().map(|headers| draft(headers)).collect();
    experiment.tried(drafts.len());
    let beyond = admitted_beyond(&alone.start().await, &draft(&[]), &drafts).await;
    experiment.exactly("admitted_beyond_the_limit_by_itself", beyond, 0);

    // Through a proxy that writes the address it knows behind what the client has written.
    let trusting = limited(other).with("VESTIBULE_SERVER__TRUSTED_PROXIES", "127.0.0.1/32");
    let trusting = trusting.start().await;
    let known = || (NAMES[0], KNOWN.into());
    let mut drafts: Vec<Draft> = claimed(&NAMES)
        .iter()
        .map(|headers| draft(&[headers.as_slice(), &[known()]].concat()))
        .collect();
    let in_one_line = |claim: Vec<u8>| {
        let line = [claim.as_slice(), b", ", KNOWN.as_bytes()].concat();
        draft(&[(NAMES[0], line)])
    };
    drafts.extend(claims(0).into_iter().map(in_one_line));
    experiment.tried(drafts.len());
    let beyond = admitted_beyond(&trusting, &draft(&[known()]), &drafts).await;
    experiment.exactly("admitted_beyond_the_limit_through_a_proxy", beyond, 0);
    // The proxy is trusted: another address is another client.
    let other_client = draft(&[(NAMES[0], b"203.0.113.78".to_vec())]);
    assert_eq!(trusting.raw(&other_client).await.status, 200);

    // What cannot be read was written by no proxy: its limit is the proxy's own, and there is one.
    let nonsense = |n: usize| draft(&[(NAMES[0], format!("198.51.100.{n}, invalid {n}").into())]);
    let drafts: Vec<Draft> = (0..100).map(nonsense).collect();
    experiment.tried(drafts.len());
    let beyond = admitted_beyond(&trusting, &nonsense(100), &drafts).await;
    experiment.exactly("admitted_beyond_the_limit_unreadable", beyond, 0);
    experiment.conclude();
}
