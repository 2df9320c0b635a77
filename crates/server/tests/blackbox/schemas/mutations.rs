//! Requests with random changes to their bytes, which may break HTTP or JSON.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vestibule_testkit::smtp::{Behaviour, SmtpSink};

use super::requests::{Request, of_every_operation, open_account};
use super::{insist_on_life, judge_log};
use crate::database::Database;
use crate::evidence::{Dice, Experiment};
use crate::on_both_databases;
use crate::service::Setup;

on_both_databases! {
    no_bytes_are_a_fault_of_the_service;
}

/// Long enough for nearly every response; the log contains the others. A server that still expects
/// bytes does not respond.
const PATIENCE: Duration = Duration::from_millis(250);
/// Number of concurrent requests.
const AT_ONCE: usize = 8;
/// Number of requests after which new sessions and a new user are created.
const ROUND: usize = 500;
/// Inputs that parsers tend to mishandle.
const ODD: [&[u8]; 16] = [
    b"\0",
    b"\r\n",
    b"\n",
    b"\r\n\r\n",
    b" ",
    b":",
    b"\"",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"[",
    b"%00",
    b"%",
    b"\xff",
    b"-1",
    b"1e999",
];

async fn no_bytes_are_a_fault_of_the_service(database: Database) {
    let title = "No input causes a server error or a panic";
    let mut experiment = Experiment::begin("E19", title, &database);
    let count = experiment.figure("mutated_requests", 2000, 100_000);
    let mut dice = experiment.dice();
    let smtp = SmtpSink::start(Behaviour::accept()).await;
    // The configuration says where mail goes, so no request can send it elsewhere.
    let service = Setup::on(database).mailing_to(&smtp).start().await;
    open_account(&service).await;

    let (mut answered, mut understood, mut faults, mut sent) = (0, 0, 0, 0);
    while sent < count {
        let requests = of_every_operation(&service, sent / ROUND).await;
        let round = ROUND.min(count - sent);
        let mutated = (0..round).map(|_| mutated(&requests, &mut dice)).collect();
        for (bytes, status) in statuses(service.address(), mutated).await {
            let Some(status) = status else { continue };
            answered += 1;
            understood += usize::from((200..300).contains(&status));
            if status >= 500 {
                eprintln!("{status}: {}", bytes.escape_ascii());
                faults += 1;
            }
        }
        sent += round;
    }
    insist_on_life(&service).await;

    experiment.tried(sent);
    experiment.exactly("server_errors", faults, 0);
    // Most changed requests are rejected early. Some must succeed, or the test proves little.
    experiment.at_least("answered_with_a_success", understood, sent / 100);
    experiment.at_least("answered_at_all", answered, sent / 2);
    judge_log(&mut experiment, &service);
    experiment.conclude();
}

/// Sends requests, each over its own connection, and returns the statuses of the responses.
async fn statuses(address: &str, requests: Vec<Vec<u8>>) -> Vec<(Vec<u8>, Option<u16>)> {
    let address: Arc<str> = address.into();
    let mut under_way = tokio::task::JoinSet::new();
    let (mut waiting, mut answers) = (requests.into_iter(), Vec::new());
    loop {
        while under_way.len() < AT_ONCE
            && let Some(bytes) = waiting.next()
        {
            let address = address.clone();
            under_way.spawn(async move {
                let status = tokio::time::timeout(PATIENCE, status(&address, &bytes)).await;
                (bytes, status.ok().flatten())
            });
        }
        match under_way.join_next().await {
            Some(answer) => answers.push(answer.unwrap()),
            None => return answers,
        }
    }
}

/// The status of the first response, or `None` if the connection ends before.
async fn status(address: &str, bytes: &[u8]) -> Option<u16> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (mut reader, mut writer) = stream.split();
    // The server may refuse the request before it has read all of it.
    let sending = async { drop(writer.write_all(bytes).await) };
    let mut line = [0; 12];
    let (read, ()) = tokio::join!(reader.read_exact(&mut line), sending);
    read.ok()?;
    let digits = line.strip_prefix(b"HTTP/1.1 ").or(line.strip_prefix(b"HTTP/1.0 "))?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// One of the requests, changed below HTTP, within HTTP or within JSON.
fn mutated(requests: &[Request], dice: &mut Dice) -> Vec<u8> {
    let mut request = dice.pick(requests).clone();
    let other = dice.pick(requests).draft().bytes();
    let depth = dice.below(3);
    if depth == 0 {
        let mut bytes = request.draft().bytes();
        mutate(&mut bytes, &other, dice);
        return bytes;
    }
    match &mut request.body {
        // `Content-Length` matches the changed body.
        Some(body) if depth == 1 => mutate(body, &other, dice),
        Some(body) => mutate_a_text(body, &other, dice),
        None => mutate(&mut request.target, &other, dice),
    }
    request.draft().bytes()
}

/// Changes one of the texts in a body, which stays JSON.
fn mutate_a_text(body: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    let mut fields: Map<String, Value> = serde_json::from_slice(body).unwrap();
    let mut texts: Vec<&mut Value> =
        fields.values_mut().filter(|value| value.is_string()).collect();
    if !texts.is_empty() {
        let at = place(texts.len(), dice);
        let mut text = texts[at].as_str().unwrap_or_default().as_bytes().to_vec();
        mutate(&mut text, other, dice);
        *texts[at] = String::from_utf8_lossy(&text).into();
    }
    *body = Value::Object(fields).to_string().into_bytes();
}

/// Changes bytes in one place, or in a few.
fn mutate(bytes: &mut Vec<u8>, other: &[u8], dice: &mut Dice) {
    loop {
        let at = place(bytes.len() + 1, dice);
        let end = at + place((bytes.len() - at).min(40) + 1, dice);
        match dice.below(7) {
            0 if at < bytes.len() => bytes[at] ^= 1 << dice.below(8),
            // Replacing a digit by a digit keeps more of the structure.
            1 if at < bytes.len() => bytes[at] = bytes[place(bytes.len(), dice)],
            2 => drop(bytes.splice(at..at, dice.pick(&ODD).iter().copied())),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let copy = bytes[at..end].to_vec();
                drop(bytes.splice(at..at, copy));
            }
            5 => {
                let from = place(other.len(), dice);
                let to = (from + 40).min(other.len());
                drop(bytes.splice(at..end, other[from..to].iter().copied()));
            }
            _ => bytes.insert(at, u8::try_from(dice.below(256)).unwrap()),
        }
        if dice.below(2) == 0 {
            return;
        }
    }
}

fn place(bound: usize, dice: &mut Dice) -> usize {
    usize::try_from(dice.below(u64::try_from(bound).unwrap())).unwrap()
}
