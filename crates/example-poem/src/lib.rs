//! An example service on poem that mounts Vestibule's API beside its own routes.
//!
//! `/api/v1/…`, `/docs` and `/openapi.json` come from `vestibule-http`; `/notes` is the example's
//! own. It accepts the same access tokens and has the same protection: request ids, limits on
//! bodies and time, problem details, headers. A proxy has to limit slow request heads, idle
//! connections and the number of connections. Read [`accounts`] (adapters), [`notes`] (own routes),
//! then this module.

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
use vestibule_http::{ClientAddress, RequestContext, TrustedProxies};

use accounts::Accounts;
use notes::Notes;

/// Time for requests in progress to finish at shutdown.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

/// Returns all routes of the service.
pub fn endpoint(accounts: &Accounts) -> impl Endpoint<Output = Response> + 'static {
    let notes = Notes::of(accounts.api.clone());
    let routes = vestibule_http::routes(accounts.api.clone())
        .at("/notes", get(notes::list).post(notes::add).data(notes));
    // No trusted proxies, and no Strict-Transport-Security: change this behind a proxy with TLS.
    let client = ClientAddress::new(TrustedProxies::default());
    let requests = RequestContext::new(Arc::new(OsRandom), false);
    vestibule_http::protect(routes, client, requests)
}

/// Serves requests and runs the worker until `stop` is cancelled, then finishes work in progress.
///
/// # Errors
/// An error if the listener fails.
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
