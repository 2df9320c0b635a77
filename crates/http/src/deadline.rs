//! The timeout of requests.

use std::time::Duration;

use poem::http::StatusCode;
use poem::{Endpoint, Error, Middleware, Request, Result};

/// Longer than the timeouts of all adapters.
const DEADLINE: Duration = Duration::from_secs(30);

/// Middleware that answers 503 if a request hangs, for example on a silent database connection.
///
/// Dropping a request is safe at any point: its unit of work is rolled back, and a commit that has
/// begun is finished.
pub(crate) struct Deadline;

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = Timed<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Timed { inner }
    }
}

/// An endpoint with a timeout.
pub(crate) struct Timed<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for Timed<E> {
    type Output = E::Output;

    async fn call(&self, request: Request) -> Result<Self::Output> {
        match tokio::time::timeout(DEADLINE, self.inner.call(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::from_status(StatusCode::SERVICE_UNAVAILABLE)),
        }
    }
}
