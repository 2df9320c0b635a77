//! A service of its own, on axum, with user accounts in its own process.
//!
//! What Vestibule decides, it decides here as well: passwords, sessions, reset links, limits, who is
//! told what. What is ours is everything people see: paths, bodies, answers, and the words of the
//! mails. Read in this order: [`accounts`] (what the use cases need), [`api`] (what people call),
//! [`edge`] (who calls, and what went wrong), [`letters`] (how mail leaves), and here what runs.
//!
//! To make a service of it, send the letters somewhere, put TLS in front, and take the client's
//! address from your proxy instead of the connection: limits are counted by it. The proxy also has to
//! bound what comes before a request is there: slow heads, silent connections and their number.

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
/// Links issued before mails get their turn.
const LINKS_A_TURN: u32 = 64;

/// Answers and works until told to stop, and then finishes what it has begun.
///
/// # Errors
/// When the listener breaks.
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

/// What happens between requests, at a steady pace and not when a request comes: nobody can tell
/// from how long an answer takes whether an address has an account.
async fn work(accounts: &Accounts, stop: CancellationToken) {
    let (mut pace, mut clean_up) = (interval(PACE), interval(CLEAN_UP_EVERY));
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            _ = pace.tick() => issue_and_send(accounts).await,
            _ = clean_up.tick() => accounts.housekeeping.run_once().await,
        };
        // Nothing is lost: whatever was not finished is there at the next turn.
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
