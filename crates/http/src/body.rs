//! Limits of request bodies: 16 KiB, received within 15 seconds.

use std::time::Duration;

use poem::error::ReadBodyError;
use poem::http::{StatusCode, header};
use poem::{Body, Endpoint, Error, Middleware, Request, Result};
use poem_openapi::ApiResponse;

use crate::problem::ProblemJson;

const MAX_BYTES: usize = 16 * 1024;
const DEADLINE: Duration = Duration::from_secs(15);

/// The responses of the body limit, for the documentation of operations without errors of their own.
#[derive(ApiResponse)]
#[expect(dead_code, reason = "the errors of `Bounded` become such answers where all errors do")]
pub(crate) enum BodyError {
    /// The request cannot be parsed.
    #[oai(status = 400)]
    BadRequest(ProblemJson),
    /// The body was not received in time.
    #[oai(status = 408)]
    Timeout(ProblemJson),
    /// The body is larger than 16 KiB.
    #[oai(status = 413)]
    TooLarge(ProblemJson),
}

/// Middleware that reads the whole body first, within the limits.
///
/// poem's own limit requires a `Content-Length` even for GET, and has no timeout.
pub(crate) struct BodyLimit;

impl<E: Endpoint> Middleware<E> for BodyLimit {
    type Output = Bounded<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Bounded { inner }
    }
}

/// An endpoint with limited request bodies.
pub(crate) struct Bounded<E> {
    inner: E,
}

impl<E: Endpoint> Endpoint for Bounded<E> {
    type Output = E::Output;

    async fn call(&self, mut request: Request) -> Result<Self::Output> {
        let length = request.headers().get(header::CONTENT_LENGTH);
        let announced = length.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
        if announced.is_some_and(|bytes| bytes > MAX_BYTES) {
            return Err(Error::from_status(StatusCode::PAYLOAD_TOO_LARGE));
        }
        let reading = request.take_body().into_bytes_limit(MAX_BYTES);
        let body = match tokio::time::timeout(DEADLINE, reading).await {
            Ok(Ok(body)) => body,
            Ok(Err(ReadBodyError::PayloadTooLarge)) => {
                return Err(Error::from_status(StatusCode::PAYLOAD_TOO_LARGE));
            }
            Ok(Err(_)) => return Err(Error::from_status(StatusCode::BAD_REQUEST)),
            Err(_) => return Err(Error::from_status(StatusCode::REQUEST_TIMEOUT)),
        };
        request.set_body(Body::from_bytes(body));
        self.inner.call(request).await
    }
}
