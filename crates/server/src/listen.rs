//! Accepts connections and answers what is asked on them.
//!
//! poem brings a server of its own, but one that half a request can hold a connection of for ever,
//! that knows no bound on connections, and that spins once descriptors run out. Here the protocol
//! is hyper's and the answers are poem's; how many connections there are, and how long each lives,
//! is decided in this module.

mod conversation;

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

use conversation::converse;

/// Connections at a time; more wait in the kernel until one ends.
const MAX_CONNECTIONS: usize = 4096;
/// Descriptors for everything that is no connection to this service; more than it ever has open.
const OTHER_FILES: usize = 128;
/// How long those who are there already may come in, once everybody is told to stop.
const LAST_GUESTS: Duration = Duration::from_millis(10);
/// Between attempts to accept while that fails: at first, and at most.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Between two reports of the same trouble.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Answers so many connections at a time until told to stop; then lets every connection finish, which takes as long as
/// [`conversation::LAST_REQUESTS`] at most.
pub(crate) async fn serve<E: Endpoint + 'static>(
    listener: TcpListener,
    capacity: usize,
    endpoint: E,
    stop: CancellationToken,
) {
    let mut door = Door::new(listener, capacity);
    let endpoint = Arc::new(endpoint);
    let connections = TaskTracker::new();
    let welcome = |(stream, peer, room): Guest| {
        let (endpoint, stop) = (endpoint.clone(), stop.clone());
        connections.spawn(async move {
            // Answers are written whole; waiting for more to send would only delay them.
            let local = stream.set_nodelay(true).and_then(|()| stream.local_addr());
            // Otherwise the peer has left already.
            if let Ok(local) = local {
                converse(stream, [local, peer], endpoint, stop).await;
            }
            drop(room);
        });
    };
    while let Some(Some(guest)) = stop.run_until_cancelled(door.next()).await {
        welcome(guest);
    }
    // Whoever stands in the kernel's queue has been let in as far as they can see.
    let closing = Instant::now() + LAST_GUESTS;
    while let Ok(Some(guest)) = timeout_at(closing, door.next()).await {
        welcome(guest);
    }
    drop(door);
    connections.close();
    connections.wait().await;
}

/// How many connections there may be. The database, the mails and the keys must not go without
/// descriptors because somebody opens sockets.
pub(crate) fn capacity() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    open_files(&limits).map_or(MAX_CONNECTIONS, share)
}

/// All descriptors but those for the rest of the process, or half of what is too few for that.
fn share(files: usize) -> usize {
    files.saturating_sub(OTHER_FILES).max(files / 2).min(MAX_CONNECTIONS)
}

/// What Linux says about how many descriptors this process may have; elsewhere, or without a
/// limit, nobody says anything.
fn open_files(limits: &str) -> Option<usize> {
    let rest = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    rest.split_whitespace().next()?.parse().ok()
}

/// A connection, whose it is, and the room it takes up.
type Guest = (TcpStream, SocketAddr, OwnedSemaphorePermit);

/// Where connections come in, as far as there is room.
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

    /// The next connection; never `None`, because nobody closes the semaphore.
    async fn next(&mut self) -> Option<Guest> {
        let room = match self.room.clone().try_acquire_owned() {
            Ok(room) => room,
            Err(TryAcquireError::NoPermits) => {
                if self.crowded.now() {
                    tracing::warn!("as many connections as there may be: new ones have to wait");
                }
                self.room.clone().acquire_owned().await.ok()?
            }
            Err(TryAcquireError::Closed) => return None,
        };
        let (stream, peer) = self.accept().await;
        Some((stream, peer, room))
    }

    /// Tries until it succeeds. Without the pauses a process that is out of descriptors would do
    /// nothing but fail: the connection that it cannot take stays first in the queue.
    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        let mut pause = PAUSE;
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if self.failing.now() {
                        tracing::error!(%error, "connections cannot be accepted");
                    }
                    sleep(pause).await;
                    pause = LONGEST_PAUSE.min(pause * 2);
                }
            }
        }
    }
}

/// Keeps trouble that comes and goes from filling the log.
#[derive(Default)]
struct Rarely {
    last: Option<Instant>,
}

impl Rarely {
    /// Whether it is time to speak.
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
        assert!(TcpStream::connect(address).await.is_err(), "the door is closed");
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
