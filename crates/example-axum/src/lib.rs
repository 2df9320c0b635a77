//! An example service on axum with user accounts in its own process.
//!
//! Vestibule provides the rules for passwords, sessions, reset links and limits. The example
//! defines routes, bodies, responses and the texts of mails. Read [`accounts`] (adapters), [`api`]
//! (handlers), [`edge`] (extractors and errors), [`letters`] (mail), then this module.
//!
//! For production, send the mails, terminate TLS, and take the client IP from your proxy instead of
//! the connection: limits count by it. The proxy also has to limit slow request heads, idle
//! connections and the number of connections.

pub mod accounts;
pub mod api;
pub mod edge;
pub mod letters;

use std::future::IntoFuture as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use vestibule_domain::error::Error;

use accounts::Accounts;

const PACE: Duration = Duration::from_millis(250);
const CLEAN_UP_EVERY: Duration = Duration::from_hours(1);
/// Maximum number of links issued per turn, before mails are sent.
const LINKS_A_TURN: u32 = 64;

/// Serves requests and runs the worker until `stop` is cancelled, then finishes work in progress.
///
/// # Errors
/// An error if the listener fails.
pub async fn serve(
    accounts: Accounts,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let accounts = Arc::new(accounts);
    let service = api::router(accounts.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let stopped = stop.clone().cancelled_owned();
    let answering = axum::serve(listener, service).with_graceful_shutdown(stopped).into_future();
    let (answered, ()) = tokio::join!(answering, work(&accounts, stop));
    accounts.store.clone().close().await;
    Ok(answered?)
}

/// Runs the worker. The interval is fixed, not triggered by requests, so that response times do not
/// reveal whether an email has an account.
async fn work(accounts: &Accounts, stop: CancellationToken) {
    let (mut pace, mut clean_up) = (interval(PACE), interval(CLEAN_UP_EVERY));
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            _ = pace.tick() => issue_and_send(accounts).await,
            _ = clean_up.tick() => accounts.housekeeping.run_once().await,
        };
        // Nothing is lost: the next turn continues.
        if let Err(error) = outcome {
            edge::report(&error);
        }
    }
}

async fn issue_and_send(accounts: &Accounts) -> Result<(), Error> {
    accounts.recovery.issue_waiting(LINKS_A_TURN).await?;
    accounts.outbox.run_once().await?;
    Ok(())
}
