//! The context of requests: request id, access log, security headers, and notification of
//! observers.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tracing::Instrument;
use vestibule_domain::model::client::ClientInfo;
use vestibule_domain::ports::Random;

use crate::observer::{Answered, Observer, TraceIds};

/// The header with the request id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Default headers of all responses.
static DEFAULTS: [(HeaderName, HeaderValue); 8] = [
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), payment=()"),
    ),
];

thread_local! {
    /// A pool of random bytes for ids, and the number of used ones.
    static DRAWN: RefCell<([u8; 1024], usize)> = const { RefCell::new(([0; 1024], 1024)) };
}

/// Returns random bytes, which are not secret, from a pool, to save system calls.
fn drawn(random: &dyn Random) -> [u8; 16] {
    DRAWN.with_borrow_mut(|(bytes, used)| {
        if *used == bytes.len() {
            random.fill(bytes);
            *used = 0;
        }
        let mut drawn = [0; 16];
        drawn.copy_from_slice(&bytes[*used..][..16]);
        *used += 16;
        drawn
    })
}

tokio::task_local! {
    static REQUEST_ID: String;
}

/// Returns the id of the current request; empty outside of requests.
pub(crate) fn current() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Middleware that sets request ids, logs each request (successful reads at level `debug`), and adds
/// security headers to all responses.
///
/// Ids from clients are ignored, because they could be chosen to confuse logs.
#[derive(Clone)]
pub struct RequestContext {
    random: Arc<dyn Random>,
    strict_transport: bool,
    observer: Option<Arc<dyn Observer>>,
}

impl RequestContext {
    /// Creates the middleware. `strict_transport` is `true` if the public URL uses https.
    pub fn new(random: Arc<dyn Random>, strict_transport: bool) -> Self {
        Self { random, strict_transport, observer: None }
    }

    /// Sets the observer of responses.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
    }
}

impl<E: Endpoint> Middleware<E> for RequestContext {
    type Output = WithContext<E>;

    fn transform(&self, inner: E) -> Self::Output {
        WithContext { inner, requests: self.clone() }
    }
}

/// An endpoint with request ids.
pub struct WithContext<E> {
    inner: E,
    requests: RequestContext,
}

impl<E: Endpoint> Endpoint for WithContext<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let id = format!("{:032x}", u128::from_be_bytes(drawn(&*self.requests.random)));
        let network = request.extensions().get().map(ClientInfo::network);
        let trace: Option<&TraceIds> = request.extensions().get();
        let span = tracing::info_span!(
            "request",
            request_id = %id,
            trace_id = trace.map(|ids| &*ids.trace_id),
            span_id = trace.map(|ids| &*ids.span_id),
            method = %request.method(),
            path = &*without_secrets(request.uri().path()),
            client = network.map(tracing::field::display),
        );
        let header = HeaderValue::from_str(&id).ok();
        // Replaces a header from the client.
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

impl<E: Endpoint> WithContext<E> {
    async fn answer(&self, request: Request) -> Response {
        let start = Instant::now();
        let only_reads = request.method().is_safe();
        let mut response = match self.inner.call(request).await {
            Ok(answer) => answer.into_response(),
            Err(error) => error.into_response(),
        };
        self.add_headers(&mut response);
        let status = response.status();
        let duration = start.elapsed();
        if let Some(observer) = &self.requests.observer {
            observer.answered(&Answered::with(&response, duration));
        }
        let duration_us = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        // Most requests only read; logging each would cost a significant part of its time.
        if only_reads && status.as_u16() < 400 {
            tracing::debug!(status = status.as_u16(), duration_us, "answered");
        } else {
            tracing::info!(status = status.as_u16(), duration_us, "answered");
        }
        response
    }

    /// Adds the headers. Pages set their own content security policy; others get one that allows
    /// nothing.
    fn add_headers(&self, response: &mut Response) {
        let headers = response.headers_mut();
        headers.reserve(DEFAULTS.len() + 2);
        for (name, value) in &DEFAULTS {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        if self.requests.strict_transport {
            headers.insert(
                header::STRICT_TRANSPORT_SECURITY,
                HeaderValue::from_static("max-age=31536000; includeSubDomains"),
            );
        }
    }
}

/// Returns the path for the log: without the query, which may contain a token, and without long
/// segments, which may be tokens.
fn without_secrets(path: &str) -> Cow<'_, str> {
    const LONGEST_SEGMENT: usize = 40;
    let may_be_one = |segment: &str| segment.len() > LONGEST_SEGMENT || segment.starts_with("v4.");
    if !path.split('/').any(may_be_one) {
        return path.into();
    }
    let masked = path.split('/').map(|segment| if may_be_one(segment) { "***" } else { segment });
    masked.collect::<Vec<_>>().join("/").into()
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
