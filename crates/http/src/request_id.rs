//! A name for every request, on its answer, in its problem details and in its log lines.

use std::sync::Arc;
use std::time::Instant;

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tracing::Instrument;
use vestibule_domain::ports::Random;

const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request this task answers; empty outside of one.
pub(crate) fn current() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Gives requests their ids, logs one line for each, and puts the headers on every answer that
/// must be there whatever it is.
///
/// Ids are ours alone: one that came with a request could be chosen to confuse a log.
#[derive(Clone)]
pub struct Requests {
    random: Arc<dyn Random>,
    strict_transport: bool,
}

impl Requests {
    /// `strict_transport`: whether the service is reached by https, so that browsers may insist.
    pub fn new(random: Arc<dyn Random>, strict_transport: bool) -> Self {
        Self { random, strict_transport }
    }
}

impl<E: Endpoint> Middleware<E> for Requests {
    type Output = Named<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Named { inner, requests: self.clone() }
    }
}

/// An endpoint whose requests have names.
pub struct Named<E> {
    inner: E,
    requests: Requests,
}

impl<E: Endpoint> Endpoint for Named<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let mut bytes = [0; 16];
        self.requests.random.fill(&mut bytes);
        let id = format!("{:032x}", u128::from_be_bytes(bytes));
        let span = tracing::info_span!(
            "request",
            request_id = %id,
            method = %request.method(),
            path = without_secrets(request.uri().path()),
            client = tracing::field::Empty,
        );
        let header = HeaderValue::from_str(&id).ok();
        // For whoever answers: what came under this name is not ours.
        request.headers_mut().remove(X_REQUEST_ID);
        if let Some(header) = &header {
            request.headers_mut().insert(X_REQUEST_ID, header.clone());
        }
        let answer = REQUEST_ID.scope(id, self.answer(request)).instrument(span);
        let mut response = answer.await;
        if let Some(header) = header {
            response.headers_mut().insert(X_REQUEST_ID, header);
        }
        Ok(response)
    }
}

impl<E: Endpoint> Named<E> {
    async fn answer(&self, request: Request) -> Response {
        let start = Instant::now();
        let mut response = match self.inner.call(request).await {
            Ok(answer) => answer.into_response(),
            Err(error) => error.into_response(),
        };
        self.add_headers(&mut response);
        tracing::info!(
            status = response.status().as_u16(),
            duration_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX),
            "answered"
        );
        response
    }

    /// Pages bring their own content policy; an answer without one shows nothing.
    fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        let defaults = [
            (header::CACHE_CONTROL, "no-store"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            ),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::X_FRAME_OPTIONS, "DENY"),
            (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
            (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
            (
                HeaderName::from_static("permissions-policy"),
                "camera=(), microphone=(), geolocation=(), payment=()",
            ),
        ];
        for (name, value) in defaults {
            headers.entry(name).or_insert(HeaderValue::from_static(value));
        }
        if self.requests.strict_transport {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000; includeSubDomains"),
            );
        }
    }
}

/// The path of a request as a log may hold it: without the query, which may hold a token, and
/// without whatever in it could be one, wherever it stands. No path of ours has segments so long.
fn without_secrets(path: &str) -> String {
    const LONGEST_SEGMENT: usize = 40;
    let masked = path.split('/').map(|segment| {
        if segment.len() > LONGEST_SEGMENT || segment.starts_with("v4.") { "***" } else { segment }
    });
    masked.collect::<Vec<_>>().join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_token_gets_into_a_log() {
        let digits = "0".repeat(64);
        for path in ["/reset_password/v4.public.abc", "//reset_password/v4.public.abc"] {
            assert!(without_secrets(path).ends_with("/reset_password/***"), "{path}");
        }
        assert_eq!(
            without_secrets(&format!("/%72eset_password/{digits}")),
            "/%72eset_password/***"
        );
        for path in [
            "/",
            "/reset_password_request",
            "/api/v1/admin/users/00000000-0000-7000-8000-000000000000/sessions",
            "/assets/favicon.46ff7e7592007b26.svg",
        ] {
            assert_eq!(without_secrets(path), path);
        }
    }
}
