//! A service of its own, on poem, with the API of Vestibule mounted beside its own paths.
//!
//! `/api/v1/…`, `/docs` and `/openapi.json` come from `vestibule-http` as they are; `/notes` is ours.
//! It takes the same access tokens, asks the same sessions, and stands behind the same protection:
//! request ids, bounds on bodies and on time, problem details, headers. What comes before a request is
//! there is for a proxy to bound: slow heads, silent connections and their number. Read in this order: [`accounts`] (what
//! the API needs), [`notes`] (what is ours), and here how they come together.

pub mod accounts;
pub mod notes;
pub mod printer;
pub mod worker;

use std::sync::Arc;
use std::time::Duration;

use poem::listener::Acceptor;
use poem::{Endpoint, EndpointExt as _, Response, Server, get};
use tokio_util::sync::CancellationToken;
use vestibule_domain::ports::OsRandom;
use vestibule_http::{ClientAddress, Requests, TrustedProxies};

use accounts::Accounts;
use notes::Notes;

/// How long requests that have begun may take once the service is asked to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// Everything the service answers.
pub fn endpoint(accounts: &Accounts) -> impl Endpoint<Output = Response> + 'static {
    let notes = Notes::of(accounts.api.clone());
    let routes = vestibule_http::routes(accounts.api.clone())
        .at("/notes", get(notes::list).post(notes::add).data(notes));
    // No proxy is believed, and nothing promises https: say otherwise where it is otherwise.
    let client = ClientAddress::new(TrustedProxies::default());
    let requests = Requests::new(Arc::new(OsRandom), false);
    vestibule_http::protect(routes, client, requests)
}

/// Answers and works until told to stop, and then finishes what it has begun.
///
/// # Errors
/// When the listener breaks.
pub async fn serve(
    accounts: Accounts,
    acceptor: impl Acceptor + 'static,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let server = Server::new_with_acceptor(acceptor);
    let stopped = stop.clone().cancelled_owned();
    let answering =
        server.run_with_graceful_shutdown(endpoint(&accounts), stopped, Some(LAST_REQUESTS));
    let (answered, ()) = tokio::join!(answering, worker::run(&accounts, stop));
    accounts.store.close().await;
    Ok(answered?)
}
