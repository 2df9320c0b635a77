//! The worker: issues links, sends mails and deletes expired rows.

use std::time::Duration;

use tokio::time::interval;
use tokio_util::sync::CancellationToken;
use vestibule_domain::error::{Error, chain};

use crate::accounts::Accounts;

const PACE: Duration = Duration::from_millis(250);
const CLEAN_UP_EVERY: Duration = Duration::from_hours(1);
/// Maximum number of links issued per turn, before mails are sent.
const LINKS_A_TURN: u32 = 64;

/// Runs the worker until `stop` is cancelled; finishes the current turn first.
#[expect(clippy::print_stderr, reason = "the example has no logger; use yours")]
pub async fn run(accounts: &Accounts, stop: CancellationToken) {
    let (mut pace, mut clean_up) = (interval(PACE), interval(CLEAN_UP_EVERY));
    loop {
        let outcome = tokio::select! {
            () = stop.cancelled() => return,
            _ = pace.tick() => turn(accounts).await,
            _ = clean_up.tick() => accounts.housekeeping.run_once().await,
        };
        // Nothing is lost: the next turn continues.
        if let Err(error) = outcome {
            eprintln!("{}", chain(&error));
        }
    }
}

async fn turn(accounts: &Accounts) -> Result<(), Error> {
    accounts.api.recovery.issue_waiting(LINKS_A_TURN).await?;
    accounts.outbox.run_once().await?;
    Ok(())
}
