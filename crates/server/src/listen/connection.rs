//! A connection and its timeouts.
//!
//! A peer may be idle between requests for longer than it may take to send a request head. hyper's
//! own timer does not distinguish the two.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use poem::http::uri::Scheme;
use poem::http::{Request, Response, Version};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;

/// Time for requests in flight once the connection is asked to end. Unread responses are then lost.
pub(super) const LAST_REQUESTS: Duration = Duration::from_secs(20);
/// Idle timeout; longer than any response takes.
const IDLE: Duration = Duration::from_mins(1);
/// Time at shutdown for a connection whose request may have arrived but was not read yet.
const LAST_LOOK: Duration = Duration::from_millis(20);
/// Timeout from the first byte of a request to the end of its head.
const HEAD: Duration = Duration::from_secs(10);

/// Size of the read buffer; bounds the head of a request.
const HTTP1_BUFFER: usize = 64 * 1024;
const HTTP2_HEADERS: u32 = 16 * 1024;
const HTTP2_STREAMS: u32 = 100;
/// Maximum number of HTTP/2 streams that are reset before they are accepted.
const HTTP2_RESETS: usize = 20;

/// Serves a connection until the peer closes it, a timeout, or shutdown.
pub(super) async fn serve_connection<E: Endpoint + 'static>(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    [local, peer]: [SocketAddr; 2],
    endpoint: Arc<E>,
    stop: CancellationToken,
) {
    let timer = Arc::new(PhaseTimer::new());
    let (ear, hand) = (timer.clone(), timer.clone());
    let stream = InspectReader::new(stream, move |bytes: &[u8]| ear.hear(bytes));
    let service = service_fn(move |request: Request<Incoming>| {
        let (endpoint, timer) = (endpoint.clone(), hand.clone());
        async move {
            let version = request.version();
            timer.enter(Phase::Busy);
            let (local, peer) = (LocalAddr(Addr::from(local)), RemoteAddr(Addr::from(peer)));
            let request = (request, local, peer, Scheme::HTTP).into();
            let response = endpoint.get_response(request).await;
            timer.enter(Phase::after(version));
            Ok::<Response<_>, Infallible>(response.into())
        }
    });
    let protocol = protocol();
    let mut connection = pin!(protocol.serve_connection(TokioIo::new(stream), service));
    let mut stopped = pin!(async {
        stop.cancelled().await;
        sleep(LAST_LOOK).await;
    });

    let mut last = None;
    loop {
        let beat = timer.current();
        let end = match last {
            None => beat.end(),
            Some(last) if beat.phase == Phase::Head => beat.end().min(last),
            Some(last) => last,
        };
        let now = Instant::now();
        if now < end {
            tokio::select! {
                // The connection has ended, so there is no one to report an error to.
                _ = &mut connection => return,
                () = &mut stopped, if last.is_none() => {}
                // The start of a head is not signalled, which would cost each request time; a head that
                // starts now has time until after this check.
                () = sleep_until(end.min(now + HEAD)) => continue,
            }
        } else if last.is_some() || beat.phase == Phase::Head {
            return;
        }
        connection.as_mut().graceful_shutdown();
        last = Some(Instant::now() + LAST_REQUESTS);
    }
}

/// Configures hyper for HTTP/1.1 and HTTP/2 with prior knowledge, without its timers, and without
/// pings, which would keep idle connections alive.
fn protocol() -> Builder<TokioExecutor> {
    let mut protocol = Builder::new(TokioExecutor::new());
    // A peer that has closed its half may still read.
    protocol.http1().max_buf_size(HTTP1_BUFFER).half_close(true);
    protocol
        .http2()
        .max_concurrent_streams(HTTP2_STREAMS)
        .max_header_list_size(HTTP2_HEADERS)
        .max_pending_accept_reset_streams(HTTP2_RESETS);
    protocol
}

/// The phase of a connection and its start, in one atomic number, because it changes several times
/// per request.
struct PhaseTimer {
    began: Instant,
    /// Nanoseconds since the start of the connection, with the phase in the last two bits.
    state: AtomicU64,
}

impl PhaseTimer {
    fn new() -> Self {
        Self { began: Instant::now(), state: AtomicU64::new(Phase::Quiet as u64) }
    }

    fn enter(&self, phase: Phase) {
        // Enough for a century.
        let nanos = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX >> 2);
        self.state.store(nanos << 2 | phase as u64, Ordering::Relaxed);
    }

    fn current(&self) -> PhaseStart {
        let state = self.state.load(Ordering::Relaxed);
        let phase = match state & 3 {
            0 => Phase::Quiet,
            1 => Phase::Head,
            _ => Phase::Busy,
        };
        PhaseStart { phase, since: self.began + Duration::from_nanos(state >> 2) }
    }

    /// Records received bytes, which may start a request.
    fn hear(&self, bytes: &[u8]) {
        if !bytes.is_empty() && self.current().phase == Phase::Quiet {
            self.enter(Phase::Head);
        }
    }
}

/// The phase of a connection and its start.
#[derive(Clone, Copy, Debug)]
struct PhaseStart {
    phase: Phase,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Idle.
    Quiet = 0,
    /// A request head is being received.
    Head = 1,
    /// A request is being handled. HTTP/2 stays in this phase, because its bytes are frames and not the
    /// start of a request.
    Busy = 2,
}

impl Phase {
    /// The phase after a response.
    fn after(version: Version) -> Self {
        if version == Version::HTTP_2 { Self::Busy } else { Self::Quiet }
    }
}

impl PhaseStart {
    /// Returns the time at which the phase times out.
    fn end(&self) -> Instant {
        self.since + if self.phase == Phase::Head { HEAD } else { IDLE }
    }
}

#[cfg(test)]
mod tests {
    use poem::endpoint::{make, make_sync};
    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::advance;
    use tokio_util::task::TaskTracker;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const WORK: Duration = Duration::from_secs(30);
    const TICK: Duration = Duration::from_millis(50);

    /// The stream of a peer, with a deadline.
    struct Peer {
        stream: DuplexStream,
        ended: tokio::task::JoinHandle<Instant>,
        stop: CancellationToken,
        since: Instant,
    }

    impl Peer {
        fn of(endpoint: impl Endpoint + 'static) -> Self {
            let (stream, served) = duplex(1024);
            let stop = CancellationToken::new();
            let nowhere = SocketAddr::from(([127, 0, 0, 1], 80));
            let conversation =
                serve_connection(served, [nowhere; 2], Arc::new(endpoint), stop.clone());
            let ended = TaskTracker::new().spawn(async {
                conversation.await;
                Instant::now()
            });
            Self { stream, ended, stop, since: Instant::now() }
        }

        async fn says(mut self, bytes: &[u8]) -> Self {
            self.stream.write_all(bytes).await.unwrap();
            self
        }

        async fn asks(self) -> Self {
            let mut peer = self.says(REQUEST).await;
            let count = peer.stream.read(&mut [0; 1024]).await.unwrap();
            assert_ne!(count, 0, "no answer");
            peer
        }

        /// Waits for the end of the connection, at most until the deadline.
        async fn ends_after(self, expected: Duration) {
            let took = self.ended.await.unwrap() - self.since;
            assert!((expected..expected + TICK).contains(&took), "{took:?}, not {expected:?}");
        }
    }

    fn quick() -> impl Endpoint + 'static {
        make_sync(|_| "an answer")
    }

    fn slow() -> impl Endpoint + 'static {
        make(|_| async {
            sleep(WORK).await;
            "an answer"
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_peer_may_stay_for_a_minute_after_each_request() {
        Peer::of(quick()).ends_after(IDLE).await;
        let peer = Peer::of(quick()).asks().await;
        advance(IDLE.checked_sub(TICK).unwrap()).await;
        peer.asks().await.ends_after(IDLE + IDLE.checked_sub(TICK).unwrap()).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_has_to_come_soon_once_it_has_begun() {
        for part in [&b"P"[..], b"G", &REQUEST[..20]] {
            Peer::of(quick()).says(part).await.ends_after(HEAD).await;
            let mut peer = Peer::of(quick()).asks().await;
            sleep(HEAD).await;
            peer.stream.write_all(part).await.unwrap();
            peer.ends_after(HEAD * 2).await;
        }
    }

    /// Interval of checks, because the start of a head is not signalled.
    #[tokio::test(start_paused = true)]
    async fn a_head_has_the_same_time_whenever_it_begins() {
        for quiet in [HEAD / 3, HEAD * 7 / 3, HEAD * 9 / 2] {
            let peer = Peer::of(quick());
            sleep(quiet).await;
            peer.says(b"GET / HTTP/1.1\r\n").await.ends_after(quiet + HEAD).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_trickles_wins_no_time() {
        let mut peer = Peer::of(quick());
        let endless = [b"GET / HTTP/1.1\r\nX-Endless: ", &[b'x'; 100][..]].concat();
        for byte in endless {
            if peer.stream.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(500)).await;
        }
        peer.ends_after(HEAD).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_http2_peer_wins_no_time_with_pings() {
        let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
        let ping = [&[0, 0, 8, 6, 0, 0, 0, 0, 0][..], b"whatever"].concat();
        let preface = [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &settings[..]].concat();
        let mut peer = Peer::of(quick()).says(&preface).await;
        let mut frame = [0; 9];
        peer.stream.read_exact(&mut frame).await.unwrap();
        assert_eq!(frame[3], 4, "settings come first");
        while peer.stream.write_all(&ping).await.is_ok() {
            sleep(Duration::from_secs(1)).await;
        }
        peer.ends_after(HEAD).await;
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_reads_is_dropped() {
        let peer = Peer::of(make_sync(|_| "x".repeat(1 << 20))).says(REQUEST).await;
        peer.ends_after(IDLE + LAST_REQUESTS).await;
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_end_requests_are_answered_and_nobody_else_is_waited_for() {
        let silent = [Peer::of(quick()), Peer::of(quick()).asks().await];
        let answered = Peer::of(make(|_| sleep(Duration::from_secs(15)))).says(REQUEST).await;
        let stuck = Peer::of(slow()).says(REQUEST).await;
        let half = Peer::of(quick()).says(b"GET").await;
        sleep(TICK / 2).await;
        for peer in [&silent[0], &silent[1], &answered, &stuck, &half] {
            peer.stop.cancel();
        }
        for peer in silent {
            peer.ends_after(Duration::ZERO).await;
        }
        answered.ends_after(Duration::from_secs(15)).await;
        half.ends_after(HEAD).await;
        stuck.ends_after(TICK / 2 + LAST_REQUESTS).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_came_with_the_end_is_answered() {
        for _ in 0..20 {
            let mut peer = Peer::of(quick()).says(REQUEST).await;
            peer.stop.cancel();
            let mut answer = String::new();
            peer.stream.read_to_string(&mut answer).await.unwrap();
            assert!(answer.ends_with("an answer"), "{answer:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_peer_that_waits_or_has_said_all_is_answered() {
        Peer::of(slow()).asks().await.ends_after(WORK + IDLE).await;
        let mut peer = Peer::of(slow()).says(REQUEST).await;
        peer.stream.shutdown().await.unwrap();
        let mut answer = String::new();
        peer.stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.ends_with("an answer"), "{answer}");
        peer.ends_after(WORK).await;
    }
}
