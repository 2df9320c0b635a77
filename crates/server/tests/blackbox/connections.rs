//! Misused connections: no client keeps one forever or exhausts the process, and valid requests are
//! answered until shutdown.

mod attacks;
mod rolling;
mod starting;
mod stopping;

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

pub(crate) use self::starting::{Starting, spawn};
use crate::database::Database;
use crate::evidence::{Experiment, millis, percentile, rounded};
use crate::service::{Service, Setup, eventually};
use crate::wire::{Draft, Wire};

const ALIVE: &str = "/health/live";
const READY: &str = "/health/ready";
/// Ten seconds for a head that has begun, and some more for a busy machine.
const HEAD: Duration = Duration::from_secs(12);
/// Upper limit for a request while other clients misbehave.
const QUICK: Duration = Duration::from_secs(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn incomplete_request_heads_time_out() {
    let title = "Connections without a complete request are closed and slow no other client";
    let mut experiment = Experiment::begin("E14", title, &Database::sqlite());
    let count = experiment.figure("connections", 50, 2000);
    let service = Setup::on(Database::sqlite()).start().await;
    let mut halves = JoinSet::new();
    for number in 0..count {
        let head: &[u8] = match number % 3 {
            0 => b"G",
            1 => b"PRI * HTTP",
            _ => b"POST /api/v1/auth/signin HTTP/1.1\r\nHost: localhost\r\nContent-Le",
        };
        let stream = saying(&service, head).await;
        halves.spawn(until_it_ends(stream));
    }
    let since = Instant::now();
    let mut pace = interval(Duration::from_millis(50));
    let mut took = Vec::new();
    while since.elapsed() < HEAD && !halves.is_empty() {
        pace.tick().await;
        let asked = Instant::now();
        assert_eq!(service.raw(&Draft::new("GET", ALIVE)).await.status, 200);
        took.push(asked.elapsed());
        while halves.try_join_next().is_some() {}
    }
    experiment.tried(count);
    experiment.exactly("connections_left", halves.len(), 0);
    experiment.at_least("ended_after_s", rounded(since.elapsed().as_secs_f64()), 9.0);
    let bound = if experiment.is_full() { 500.0 } else { millis(QUICK) };
    experiment.at_most("others_p99_ms", millis(percentile(&mut took, 99)), bound);
    experiment.conclude();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_serves_many_requests_one_by_one_or_all_at_once() {
    let service = Setup::on(Database::sqlite()).start().await;
    let mut wire = service.wire().await;
    let (good, lost) = (Draft::new("GET", ALIVE), Draft::new("GET", "/nowhere"));
    for _ in 0..20 {
        assert_eq!(wire.exchange(&good).await.status, 200);
    }
    for _ in 0..10 {
        wire.send(&good).await;
        wire.send(&lost).await;
    }
    for _ in 0..10 {
        assert_eq!(wire.receive().await.expect("an answer").status, 200);
        assert_eq!(wire.receive().await.expect("an answer").status, 404);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn http2_is_used_with_clients_that_start_with_it() {
    let service = Setup::on(Database::sqlite()).start().await;
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..]].concat();
    let mut stream = saying(&service, &preface).await;
    // GET http / localhost, in the indices of HPACK's static table but for the name of the host.
    let block = [&[0x82, 0x86, 0x84, 0x41, 9][..], b"localhost"].concat();
    let head = [0, 0, u8::try_from(block.len()).unwrap(), 1, 0x5, 0, 0, 0, 1];
    stream.write_all(&[&head[..], &block].concat()).await.unwrap();

    // Kinds of frames and their streams; the answer's head is of kind 1, on the request's stream 1.
    let mut seen = Vec::new();
    let answered = async {
        while !seen.contains(&(1, 1)) {
            let mut frame = [0; 9];
            stream.read_exact(&mut frame).await.unwrap();
            seen.push((frame[3], frame[8]));
            let length = u64::from(u32::from_be_bytes([0, frame[0], frame[1], frame[2]]));
            let mut payload = (&mut stream).take(length);
            tokio::io::copy(&mut payload, &mut tokio::io::sink()).await.unwrap();
        }
    };
    timeout(QUICK, answered).await.expect("the head of an answer");
    assert_eq!(seen[0], (4, 0), "settings come first: {seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_sent_before_the_shutdown_are_answered() {
    let mut service = Setup::on(Database::sqlite()).start().await;
    let body = br#"{"email":"anna@example.com","password":"a good long password"}"#;
    let sign_in = Draft::json("/api/v1/auth/signin", body).bytes();
    let (head, rest) = sign_in.split_at(sign_in.len() - body.len());
    let mut begun = saying(&service, head).await;
    let _silent = saying(&service, b"").await;
    let _half = saying(&service, b"GET / HT").await;
    let address = service.address().to_owned();

    let terminated = Instant::now();
    let meanwhile = async {
        let draining = async || {
            let mut wire = Wire::to(&address).await;
            let ready = wire.exchange(&Draft::new("GET", READY)).await;
            assert_eq!(wire.exchange(&Draft::new("GET", ALIVE)).await.status, 200);
            ready.status == 503
        };
        assert!(eventually(Duration::from_secs(4), draining).await, "readiness turns");
        // Refused connections are the sign that the drain is over.
        let mut pace = interval(Duration::from_millis(100));
        while TcpStream::connect(&address).await.is_ok() {
            pace.tick().await;
        }
        assert!(terminated.elapsed() > Duration::from_secs(4), "{:?}", terminated.elapsed());
        begun.write_all(rest).await.unwrap();
        let mut answer = String::new();
        begun.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    };
    let (status, ()) = tokio::join!(service.terminate(), meanwhile);
    assert_eq!(status.code(), Some(0));
    assert!(terminated.elapsed() < Duration::from_secs(5) + HEAD, "{:?}", terminated.elapsed());
}

/// Of 64 descriptors half are for connections, and the rest is enough for everything else; with 30
/// it is not, and accepting fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_connections_than_descriptors_cost_nothing_and_pass() {
    let sixty_four = beset(r#"ulimit -n 64; exec "$0" "$@""#, "connection limit reached");
    let thirty = beset(r#"ulimit -n 30; exec "$0" "$@""#, "accepting connections failed");
    tokio::join!(sixty_four, thirty);
}

async fn beset(shell: &'static str, complaint: &str) {
    let service = Setup::on(Database::sqlite()).under(shell).start().await;
    let mut crowd = JoinSet::new();
    for _ in 0..200 {
        // Not all of them get even as far as the kernel's queue.
        let address = service.address().to_owned();
        crowd.spawn(async move { until_it_ends(TcpStream::connect(address).await.unwrap()).await });
    }
    let complained = |line: &serde_json::Value| {
        line["message"].as_str().is_some_and(|text| text.starts_with(complaint))
    };
    service.log.wait_for(0, complained).await;

    let (before, since) = (ticks(service.pid()), Instant::now());
    let mut pace = interval(Duration::from_millis(500));
    while since.elapsed() < Duration::from_secs(2) {
        pace.tick().await;
    }
    let spent = ticks(service.pid()) - before;
    assert!(spent < 40, "{spent} hundredths of a second in {:?}", since.elapsed());

    drop(crowd);
    let asked = Instant::now();
    assert_eq!(service.raw(&Draft::new("GET", READY)).await.status, 200);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    let lines = service.log.lines();
    let complaints = lines.iter().filter(|line| line.contains(complaint)).count();
    assert_eq!(complaints, 1, "{lines:#?}");
}

/// Returns the CPU time that a process has used, in hundredths of a second.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    // The name of the program stands in parentheses and may contain anything.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let fields: Vec<&str> = fields.split(' ').collect();
    [11, 12].iter().map(|field| fields[*field].parse::<u64>().unwrap()).sum()
}

async fn saying(service: &Service, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    stream
}

/// Reads until there is no more to come; a reset is an end too.
async fn until_it_ends(mut stream: TcpStream) {
    while matches!(stream.read(&mut [0; 1024]).await, Ok(1..)) {}
}
