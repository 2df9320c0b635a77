//! The HTTP listener: accepts connections, with a limit and timeouts.
//!
//! Replaces the server of poem, which has no timeout for request heads, no limit on connections, and
//! spins when file descriptors run out. hyper speaks the protocol, poem handles the requests.

mod connection;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::Endpoint;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use connection::serve_connection;

/// Maximum number of connections; more wait in the kernel's queue.
const MAX_CONNECTIONS: usize = 4096;
/// File descriptors reserved for everything else: database, keys, SMTP.
const OTHER_FILES: usize = 128;
/// Time to accept connections that are in the kernel's queue at shutdown.
const LAST_CONNECTIONS: Duration = Duration::from_millis(10);
/// First and maximum delay between attempts to accept after an error.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Minimum interval between log lines of the same problem.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Serves connections up to a limit until shutdown, and then lets each finish, for at most
/// [`connection::LAST_REQUESTS`].
pub(crate) async fn serve<E: Endpoint + 'static>(
    listener: TcpListener,
    capacity: usize,
    endpoint: E,
    stop: CancellationToken,
) {
    let mut door = Door::new(listener, capacity);
    let endpoint = Arc::new(endpoint);
    let connections = TaskTracker::new();
    let serve = |(stream, peer, room): Connection| {
        let (endpoint, stop) = (endpoint.clone(), stop.clone());
        connections.spawn(async move {
            // Responses are written whole, so Nagle's algorithm would only delay them.
            let local = stream.set_nodelay(true).and_then(|()| stream.local_addr());
            // An error means that the peer has closed the connection.
            if let Ok(local) = local {
                serve_connection(stream, [local, peer], endpoint, stop).await;
            }
            drop(room);
        });
    };
    while let Some(Some(guest)) = stop.run_until_cancelled(door.next()).await {
        serve(guest);
    }
    // Clients in the kernel's queue consider themselves connected.
    let closing = Instant::now() + LAST_CONNECTIONS;
    while let Ok(Some(guest)) = timeout_at(closing, door.next()).await {
        serve(guest);
    }
    drop(door);
    connections.close();
    connections.wait().await;
}

/// Returns the maximum number of connections, so that clients cannot use up the file descriptors
/// that database, mails and keys need.
pub(crate) fn capacity() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files(&limits).map_or(MAX_CONNECTIONS, share)
}

/// Returns the limit minus the reserved descriptors, but at least half of it.
fn share(files: usize) -> usize {
    files.saturating_sub(OTHER_FILES).max(files / 2).min(MAX_CONNECTIONS)
}

/// Returns the file descriptor limit of this process; `None` if unknown or unlimited.
fn open_files(limits: &str) -> Option<usize> {
    let rest = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// An accepted connection, its peer, and its permit.
type Connection = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// A listener with a limit of connections.
struct Door {
    listener: TcpListener,
    room: Arc<Semaphore>,
    crowded: Rarely,
    failing: Rarely,
}

impl Door {
    fn new(listener: TcpListener, capacity: usize) -> Self {
        let room = Arc::new(Semaphore::new(capacity));
        Self { listener, room, crowded: Rarely::default(), failing: Rarely::default() }
    }

    /// Returns the next connection; never `None`, because the semaphore is never closed.
    async fn next(&mut self) -> Option<Connection> {
        let room = match self.room.clone().try_acquire_owned() {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => {
                if self.crowded.now() {
                    tracing::warn!("connection limit reached, new connections wait");
                }
                self.room.clone().acquire_owned().await.ok()?
            }
            Err(TryAcquireError::Closed) => return None,
        };
        let (stream, peer) = self.accept().await;
        Some((stream, peer, room))
    }

    /// Accepts a connection, with growing delays after errors: without descriptors the connection stays
    /// in the queue, and a loop would spin.
    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let mut pause = PAUSE;
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if self.failing.now() {
                        tracing::error!(%error, "accepting connections failed");
                    }
                    sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }
}

/// Limits how often a recurring problem is logged.
#[derive(Default)]
struct Rarely {
    last: Option<Instant>,
}

impl Rarely {
    /// Returns `true` if the problem may be logged now.
    fn now(&mut self) -> bool {
        let due = self.last.is_none_or(|last| last.elapsed() >= REPORT_EVERY);
        if due {
            self.last = Some(Instant::now());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[tokio::test]
    async fn who_stands_before_the_door_when_it_is_closed_is_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut guests = Vec::new();
        for _ in 0..20 {
            let mut guest = TcpStream::connect(address).await.unwrap();
            guest.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
            guests.push(guest);
        }
        let stop = CancellationToken::new();
        stop.cancel();
        serve(listener, capacity(), make_sync(|_| "an answer"), stop).await;
        for mut guest in guests {
            let mut answer = String::new();
            guest.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("an answer"), "{answer:?}");
        }
        assert!(TcpStream::connect(address).await.is_err(), "the listener is closed");
    }

    #[test]
    fn the_limit_of_descriptors_is_found_or_not_there() {
        let known =
            "Limit Soft Hard Units\nMax open files            1024         524288   files\n";
        assert_eq!(open_files(known), Some(1024));
        for unknown in ["", "Max open files", "Max open files  unlimited  unlimited  files"] {
            assert_eq!(open_files(unknown), None, "{unknown:?}");
        }
    }

    #[test]
    fn connections_leave_descriptors_for_the_rest() {
        for (files, connections) in [(1_048_576, 4096), (1024, 896), (128, 64), (64, 32)] {
            assert_eq!(share(files), connections, "of {files}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_same_trouble_is_reported_once_a_minute() {
        let mut rarely = Rarely::default();
        assert_eq!([rarely.now(), rarely.now()], [true, false]);
        tokio::time::advance(REPORT_EVERY).await;
        assert_eq!([rarely.now(), rarely.now()], [true, false]);
    }
}
