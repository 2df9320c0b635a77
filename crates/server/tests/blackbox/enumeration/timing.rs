//! Response times are the same for addresses with and without an account.
//!
//! Both addresses are asked for in turns, in ABBA order over one connection, so that what else the
//! machine does falls on both alike. Each test also asks through an SMTP server that takes a little longer
//! for the address with an account: a measurement that did not notice would prove nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::samples::{Comparison, Samples};
use super::{FORGOT, KNOWN, SIGN_IN, UNKNOWN, forgot_body, sign_in_body, with_account};
use crate::database::Database;
use crate::evidence::{Experiment, rounded};
use crate::on_both_databases;
use crate::service::Setup;
use crate::wire::Draft;

on_both_databases! {
    forgetting_takes_equally_long_for_every_address;
}

const WARM_UP: usize = 200;

/// Requests that differ in the address only.
#[derive(Clone)]
struct Question {
    known: Vec<u8>,
    unknown: Vec<u8>,
    status: &'static str,
}

impl Question {
    fn new(path: &str, body: impl Fn(&str) -> String, status: &'static str) -> Self {
        let draft = |email| Draft::json(path, body(email)).bytes();
        let (known, unknown) = (draft(KNOWN), draft(UNKNOWN));
        assert_eq!(known.len(), unknown.len());
        Self { known, unknown, status }
    }

    /// Asks in turns, after a warm-up.
    async fn ask(&self, address: &str, pairs: usize) -> Comparison {
        let (question, address) = (self.clone(), address.to_owned());
        // A thread of its own that does nothing but wait: no scheduler between it and the socket.
        let asking = tokio::task::spawn_blocking(move || {
            let mut line = Line::to(&address);
            let mut samples = Samples::default();
            for pair in 0..WARM_UP + pairs {
                // AB and BA by turns: ABBA.
                let first = pair % 2 == 0;
                for known in [first, !first] {
                    let took = line.time(&question, known);
                    if pair >= WARM_UP {
                        samples.add(known, took);
                    }
                }
            }
            samples.compare()
        });
        asking.await.unwrap()
    }

    /// Compares the times and tells what came of it.
    ///
    /// A run that fails is repeated once with more pairs, and that result stands.
    async fn is_answered_equally_fast(&self, experiment: &mut Experiment, address: &str) {
        let pairs = experiment.figure("pairs", 1000, 2000);
        let mut result = self.ask(address, pairs).await;
        result.report("the first run");
        let full = experiment.is_full();
        let is_enough = |result: &Comparison| {
            if full { result.is_equal_in_everything() } else { !result.is_suspicious() }
        };
        experiment.measure("t_of_the_first_run", rounded(result.t.abs()));
        if !is_enough(&result) {
            result = self.ask(address, pairs * if full { 4 } else { 2 }).await;
            result.report("repeated");
        }
        result.tell(experiment);
    }

    /// Asserts that a delay for the known address is noticed; likewise repeated once.
    async fn gives_away(&self, what: &str, address: &str, delay: Duration, pairs: usize) {
        let smtp = SmtpServer::start(address, delay).await;
        for pairs in [pairs, pairs * 2] {
            let comparison = self.ask(&smtp.address, pairs).await;
            comparison.report(&format!("{what}, with {delay:?} more for the known address"));
            if comparison.is_suspicious() && comparison.t > 0.0 {
                return;
            }
        }
        panic!("{what}: a delay of {delay:?} went unnoticed");
    }
}

/// A connection that is kept, and a watch.
struct Line {
    reader: BufReader<TcpStream>,
}

impl Line {
    fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self { reader: BufReader::new(stream) }
    }

    fn time(&mut self, question: &Question, known: bool) -> Duration {
        let request = if known { &question.known } else { &question.unknown };
        let start = Instant::now();
        self.reader.get_mut().write_all(request).unwrap();
        let mut status = String::new();
        self.reader.read_line(&mut status).unwrap();
        let took = start.elapsed();
        assert!(status.contains(question.status), "{status}");
        let mut length = 0;
        loop {
            let mut header = String::new();
            self.reader.read_line(&mut header).unwrap();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if header.trim().is_empty() {
                break;
            }
        }
        self.reader.read_exact(&mut vec![0; length]).unwrap();
        took
    }
}

/// Stands between a client and the service, and holds up requests that name the known address.
struct SmtpServer {
    address: String,
    _connections: JoinSet<()>,
}

impl SmtpServer {
    async fn start(service: &str, delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let service = service.to_owned();
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            // One after the other: a second attempt comes when the first is over.
            while let Ok((client, _)) = listener.accept().await {
                let server = tokio::net::TcpStream::connect(&service).await.unwrap();
                client.set_nodelay(true).unwrap();
                server.set_nodelay(true).unwrap();
                smtp(client, server, delay).await;
            }
        });
        Self { address, _connections: connections }
    }
}

async fn smtp(client: tokio::net::TcpStream, server: tokio::net::TcpStream, delay: Duration) {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
            // Requests are small and come one at a time: each is read in one piece.
            let request = &buffer[..count];
            if request.windows(KNOWN.len()).any(|window| window == KNOWN.as_bytes()) {
                hold_up(delay);
            }
            if to_server.write_all(request).await.is_err() {
                break;
            }
        }
    };
    let back = async { drop(tokio::io::copy(&mut from_server, &mut to_client).await) };
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

/// To the microsecond; the runtime's own timer would round up to the next millisecond.
fn hold_up(delay: Duration) {
    let (_sender, never) = std::sync::mpsc::channel::<()>();
    let _ = tokio::task::block_in_place(|| never.recv_timeout(delay));
}

async fn forgetting_takes_equally_long_for_every_address(database: Database) {
    let title = "A reset request takes equally long for every email";
    let mut experiment = Experiment::begin("E05", title, &database);
    let service = with_account(Setup::on(database).start().await).await;
    let question = Question::new(FORGOT, forgot_body, " 200 ");
    question.is_answered_equally_fast(&mut experiment, service.address()).await;
    for delay in [2, 1].map(Duration::from_millis) {
        question.gives_away("forgot-password", service.address(), delay, 500).await;
    }
    experiment.conclude();
}

/// Hashing is the same on every database, and slow; once is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_in_takes_equally_long_for_every_address() {
    let title = "A failed sign-in takes equally long for every email";
    let mut experiment = Experiment::begin("E05", title, &Database::sqlite());
    let service = with_account(Setup::on(Database::sqlite()).start().await).await;
    let question = Question::new(SIGN_IN, sign_in_body, " 401 ");
    question.is_answered_equally_fast(&mut experiment, service.address()).await;
    let delay = Duration::from_millis(2);
    question.gives_away("sign-in", service.address(), delay, 500).await;
    experiment.conclude();
}
