//! A bound on how long any request may take.

use std::time::Duration;

use poem::http::StatusCode;
use poem::{Endpoint, Error, Middleware, Request, Result};

/// More than every adapter's own patience; what takes longer hangs.
const DEADLINE: Duration = Duration::from_secs(30);

/// Answers 503 for a request that hangs, as on a database whose network went silent.
///
/// Giving up is safe at any point: a unit of work that is dropped is discarded, and a commit that
/// has begun is finished regardless.
pub(crate) struct Deadline;

impl<E: Endpoint> Middleware<E> for Deadline {
    type Output = Timed<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Timed { inner }
    }
}

/// An endpoint that answers in time.
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
