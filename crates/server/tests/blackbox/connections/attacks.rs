//! Requests that are too slow, too large or too many, in every version of the protocol.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{interval, timeout};

use super::ALIVE;
use crate::database::Database;
use crate::evidence::{Bystander, Experiment, millis, percentile};
use crate::overload::memory_mib;
use crate::service::{Service, Setup, eventually};
use crate::wire::Draft;

const SIGN_IN: &str = "/api/v1/auth/signin";
/// Longer than any slow request is waited for.
const END: Duration = Duration::from_secs(25);
/// A chunk of the body that never ends.
const CHUNK: usize = 16 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_huge_requests_do_not_affect_other_clients() {
    let title = "Slow bodies, slow readers, huge requests and frame floods slow no other client";
    let mut experiment = Experiment::begin("E14", title, &Database::sqlite());
    let attackers = experiment.figure("attackers", 20, 500);
    let floods = experiment.figure("frames", 5_000, 100_000);
    let service = Setup::on(Database::sqlite()).start().await;
    let idle = memory_mib(&service, "VmRSS:");
    let files = open_files(&service);
    let bystander = Bystander::of(&service, Draft::new("GET", ALIVE), Duration::from_millis(10));

    let mut attacks = JoinSet::new();
    for number in 0..attackers {
        let address = service.address().to_owned();
        attacks.spawn(async move {
            if number % 2 == 0 { slow_body(&address).await } else { slow_reader(&address).await }
        });
    }
    let mut refused = Vec::new();
    for huge in huge_requests() {
        refused.push(whole_answer(&service, &huge).await);
    }
    refused.push(endless_body(&service).await);
    for frames in [rapid_resets(floods), continuations(floods), empty_data(floods)] {
        flood(service.address(), &frames).await;
    }
    let all = async { while attacks.join_next().await.is_some() {} };
    let slow_ones_are_gone = timeout(END, all).await.is_ok();
    drop(attacks);
    let freed = async || open_files(&service) <= files + 3;
    let is_freed = eventually(Duration::from_secs(30), freed).await;
    let mut took = bystander.stop();
    let grown = memory_mib(&service, "VmHWM:").saturating_sub(idle);

    experiment.tried(attackers + refused.len() + 3 * floods);
    experiment.measure("probes", took.len());
    eprintln!("huge requests were answered {refused:?}, slow ones gone: {slow_ones_are_gone}");
    let wrong = refused.iter().filter(|status| !(400..500).contains(*status)).count();
    experiment.exactly("huge_requests_not_refused", wrong, 0);
    experiment.at_most("others_p99_ms", millis(percentile(&mut took, 99)), 500.0);
    experiment.at_most("memory_grown_mib", grown, 200);
    experiment.exactly("descriptors_freed_within_30_s", is_freed, true);
    assert_eq!(service.raw(&Draft::new("GET", "/health/ready")).await.status, 200);
    experiment.conclude();
}

/// Sends one byte a second until the service closes the connection.
async fn slow_body(address: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!("POST {SIGN_IN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n");
    let head = format!("{head}Content-Length: 1000\r\n\r\n{{");
    stream.write_all(head.as_bytes()).await.unwrap();
    let (mut from, mut to) = stream.into_split();
    let mut pace = interval(Duration::from_secs(1));
    let dripping = async {
        loop {
            pace.tick().await;
            if to.write_all(b" ").await.is_err() {
                break;
            }
        }
    };
    let mut answer = Vec::new();
    tokio::select! {
        () = dripping => {}
        _ = from.read_to_end(&mut answer) => {}
    }
}

/// Asks for two hundred pages and reads none, for a while.
async fn slow_reader(address: &str) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = Draft::new("GET", "/login").bytes().repeat(200);
    drop(timeout(END / 2, stream.write_all(&request)).await);
    let mut byte = [0];
    let mut pace = interval(END / 4);
    for _ in 0..3 {
        pace.tick().await;
        drop(timeout(END, stream.read(&mut byte)).await);
    }
}

fn huge_requests() -> Vec<Vec<u8>> {
    let many = (0..10_000)
        .fold(Draft::new("GET", ALIVE), |draft, number| draft.header(&format!("X-{number}"), "x"));
    let announced = format!(
        "POST {SIGN_IN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{{",
        1_u64 << 30
    );
    vec![
        Draft::new("GET", ALIVE).header("X-Long", vec![b'x'; 1 << 20]).bytes(),
        many.bytes(),
        announced.into_bytes(),
        Draft::json(SIGN_IN, "[".repeat(16_000)).bytes(),
        Draft::json(SIGN_IN, [0x1f, 0x8b, 8, 0]).header("Content-Encoding", "gzip").bytes(),
    ]
}

/// The status a request is answered with; 499 if the connection just ends.
async fn whole_answer(service: &Service, request: &[u8]) -> u16 {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    // The service need not listen to the end.
    drop(stream.write_all(request).await);
    status(&mut stream).await
}

async fn status(stream: &mut TcpStream) -> u16 {
    let mut head = [0; 12];
    match timeout(END, stream.read_exact(&mut head)).await.expect("an answer, or an end") {
        Ok(_) => std::str::from_utf8(&head[9..]).unwrap().parse().unwrap(),
        Err(_) => 499,
    }
}

/// Sends chunks until the service closes the connection.
async fn endless_body(service: &Service) -> u16 {
    let mut stream = TcpStream::connect(service.address()).await.unwrap();
    let head = format!(
        "POST {SIGN_IN} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = [format!("{CHUNK:x}\r\n").as_bytes(), &[b' '; CHUNK], b"\r\n"].concat();
    for _ in 0..10_000 {
        if stream.write_all(&chunk).await.is_err() {
            break;
        }
    }
    status(&mut stream).await
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let head = [length[1], length[2], length[3], kind, flags];
    [&head[..], &stream.to_be_bytes(), payload].concat()
}

fn preface() -> Vec<u8> {
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(4, 0, 0, &[])].concat()
}

/// GET http /health/live of localhost, in HPACK without compression.
fn request_block() -> Vec<u8> {
    let mut block = vec![0x82, 0x86, 0x04, 12];
    block.extend_from_slice(ALIVE.as_bytes());
    block.extend_from_slice(&[0x41, 9]);
    block.extend_from_slice(b"localhost");
    block
}

/// Requests that are reset at once.
fn rapid_resets(count: usize) -> Vec<u8> {
    let mut bytes = preface();
    for number in 0..u32::try_from(count).unwrap() {
        let stream = number * 2 + 1;
        bytes.extend(frame(1, 0x5, stream, &request_block()));
        bytes.extend(frame(3, 0, stream, &8_u32.to_be_bytes()));
    }
    bytes
}

/// A head that never ends.
fn continuations(count: usize) -> Vec<u8> {
    let mut bytes = [preface(), frame(1, 0x1, 1, &request_block())].concat();
    let header = [&[0x00, 5][..], b"x-abc", &[5], b"12345"].concat();
    for _ in 0..count {
        bytes.extend(frame(9, 0, 1, &header));
    }
    bytes
}

/// An endless empty body.
fn empty_data(count: usize) -> Vec<u8> {
    let mut block = request_block();
    // POST instead of GET.
    block[0] = 0x83;
    let mut bytes = [preface(), frame(1, 0x4, 1, &block)].concat();
    for _ in 0..count {
        bytes.extend(frame(0, 0, 1, &[]));
    }
    bytes
}

/// Sends all bytes, or as many as the service reads, and reads the response.
async fn flood(address: &str, bytes: &[u8]) {
    let (mut from, mut to) = TcpStream::connect(address).await.unwrap().into_split();
    let saying = async { drop(to.write_all(bytes).await) };
    let hearing = async { drop(tokio::io::copy(&mut from, &mut tokio::io::sink()).await) };
    let both = async {
        tokio::select! {
            () = saying => {}
            () = hearing => {}
        }
    };
    timeout(END, both).await.expect("it is listened to, or hung up on");
}

fn open_files(service: &Service) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", service.pid())).unwrap().count()
}
