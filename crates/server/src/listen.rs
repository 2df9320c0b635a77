//! Accepts connections and answers what is asked on them.
//!
//! poem brings a server of its own, but one that half a request can hold a connection of for ever,
//! that knows no bound on connections, and that spins once descriptors run out. The protocol is
//! hyper's, the answers are poem's; what is here is how long a connection lives and how many there
//! are.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use poem::http::uri::Scheme;
use poem::http::{self, Version};
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::io::InspectReader;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long requests under way may take once their connection is asked to end, as it is when the
/// process stops. An answer that the peer has not read by then is lost.
const LAST_REQUESTS: Duration = Duration::from_secs(20);
/// A connection on which nothing was asked for so long is asked to end. More than any request
/// takes, so that none is disturbed; and more than reverse proxies keep theirs by default, or they
/// would send requests to where nobody listens any more.
const IDLE: Duration = Duration::from_secs(75);
/// From the first byte of a request to the end of its head.
const HEAD: Duration = Duration::from_secs(10);

/// Connections at a time; more wait in the kernel until one ends.
const MAX_CONNECTIONS: usize = 4096;
/// Bounds the head of a request, in bytes.
const HTTP1_BUFFER: usize = 32 * 1024;
const HTTP2_HEADERS: u32 = 16 * 1024;
const HTTP2_STREAMS: u32 = 100;
/// Requests that an HTTP/2 peer took back before they were looked at.
const HTTP2_RESETS: usize = 20;

/// Between attempts to accept while that fails.
const PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Between two reports of the same trouble.
const REPORT_EVERY: Duration = Duration::from_mins(1);

/// Answers until told to stop, and then at most [`LAST_REQUESTS`] longer.
pub(crate) async fn serve<E: Endpoint + 'static>(
    listener: TcpListener,
    endpoint: E,
    stop: CancellationToken,
) {
    let mut door = Door::new(listener);
    let endpoint = Arc::new(endpoint);
    let connections = TaskTracker::new();
    while let Some(Some((stream, peer, room))) = stop.run_until_cancelled(door.next()).await {
        let (endpoint, stop) = (endpoint.clone(), stop.clone());
        connections.spawn(async move {
            // Answers are small and whole: waiting for more to send would only delay them.
            let local = stream.set_nodelay(true).and_then(|()| stream.local_addr());
            if let Ok(local) = local {
                converse(stream, local, peer, endpoint, stop).await;
            }
            drop(room);
        });
    }
    drop(door);
    connections.close();
    connections.wait().await;
}
