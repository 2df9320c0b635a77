//! Acknowledged writes are on disk: a trace of system calls shows the order.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::evidence::Experiment;
use crate::service::{Service, Setup};

const PASSWORD: &str = "a password to keep";

/// A traced event of the service that matters here.
#[derive(Debug, PartialEq, Eq)]
enum Call {
    /// Something was written to the log of the database.
    Wrote,
    /// The log is on the disk.
    Synced,
    /// The first byte of a success is about to leave.
    Acknowledged,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_acknowledged_is_on_the_disk_under_strace() {
    let title = "A write is on disk before the first byte of its response is sent";
    let mut experiment = Experiment::begin("E21a", title, &Database::sqlite());
    let writes = experiment.figure("writes", 100, 1000);
    // There are no other clients: every write belongs to the request that waits for it.
    let setup = Setup::on(Database::sqlite()).with_argument("--no-worker");
    let mut service = setup.start().await;
    let trace = service.data.path().join("trace");
    let mut tracer = attach(&service, &trace).await;
    for number in 0..writes {
        let email = format!("anna{number}@example.com");
        assert_eq!(service.sign_up(&email, PASSWORD).await.status, 201);
    }
    service.kill().await;
    let ended = tokio::time::timeout(Duration::from_secs(30), tracer.wait()).await;
    ended.expect("strace ends with the service").unwrap();

    let calls = calls(&std::fs::read_to_string(trace).unwrap());
    let (mut acknowledged, mut early) = (0, 0);
    let (mut is_dirty, mut was_synced) = (false, false);
    for call in calls {
        match call {
            Call::Wrote => is_dirty = true,
            Call::Synced => (is_dirty, was_synced) = (false, true),
            Call::Acknowledged => {
                acknowledged += 1;
                early += usize::from(is_dirty || !was_synced);
                was_synced = false;
            }
        }
    }
    experiment.tried(writes);
    experiment.exactly("acknowledgements_seen", acknowledged, writes);
    experiment.exactly("acknowledged_before_the_disk", early, 0);
    experiment.conclude();
}

async fn attach(service: &Service, trace: &Path) -> Child {
    let mut strace = Command::new("strace")
        .args(["-f", "-y", "-s", "12", "-e"])
        .arg("trace=fdatasync,fsync,pwrite64,write,writev,sendto,sendmsg")
        .args(["-p", &service.pid().to_string(), "-o"])
        .arg(trace)
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("strace, which `cargo xtask test` installs");
    let mut said = BufReader::new(strace.stderr.take().unwrap()).lines();
    let line = said.next_line().await.unwrap().unwrap_or_default();
    assert!(line.contains("attached"), "{line}");
    // What it says further is of no interest, but has to go somewhere.
    #[expect(clippy::disallowed_methods, reason = "ends with strace")]
    tokio::spawn(async move { while let Ok(Some(_)) = said.next_line().await {} });
    strace
}

/// The calls in their order: a sync counts when it has returned, anything else when it is made.
fn calls(trace: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    // Threads that wait for the disk: where a line that ends there tells nothing of the file.
    let mut waiting = Vec::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        let is_sync = call.starts_with("fdatasync(") || call.starts_with("fsync(");
        let is_log = call.contains("vestibule.db-wal");
        if is_sync && is_log && call.ends_with("<unfinished ...>") {
            waiting.push(thread);
        } else if is_sync && is_log && call.ends_with("= 0") {
            calls.push(Call::Synced);
        } else if call.starts_with("<... f") && call.contains("sync resumed") {
            if let Some(at) = waiting.iter().position(|waits| *waits == thread) {
                waiting.remove(at);
                assert!(call.ends_with("= 0"), "{line}");
                calls.push(Call::Synced);
            }
        } else if call.starts_with("pwrite64(") && is_log {
            calls.push(Call::Wrote);
        } else if call.contains("\"HTTP/1.1 201\"") || call.contains("\"HTTP/1.1 20\"...") {
            calls.push(Call::Acknowledged);
        }
    }
    calls
}

#[test]
fn a_trace_is_read_in_its_order() {
    let trace = "\
7 pwrite64(9</d/vestibule.db-wal>, \"\\0\"..., 4096, 0) = 4096
7 fdatasync(9</d/vestibule.db-wal> <unfinished ...>
8 fdatasync(5</d/other>) = 0
8 writev(12<socket:[1]>, [{iov_base=\"HTTP/1.1 503\"..., iov_len=1}], 1) = 1
7 <... fdatasync resumed>) = 0
8 writev(12<socket:[1]>, [{iov_base=\"HTTP/1.1 201\"..., iov_len=1}], 1) = 1
7 fsync(9</d/vestibule.db-wal>) = 0
";
    let expected = [Call::Wrote, Call::Synced, Call::Acknowledged, Call::Synced];
    assert_eq!(calls(trace), expected);
}
