//! A name for every request, on its answer, in its problem details and in its log lines.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Instant;

use poem::http::{HeaderName, HeaderValue, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};
use tracing::Instrument;
use vestibule_domain::caller::Caller;
use vestibule_domain::ports::Random;

use crate::observer::{Answered, Observer, TraceIds};

/// The header that names a request, on what it becomes and on its answer.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What every answer carries that does not say otherwise.
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
    /// Random bytes for ids, and how many of them are used up.
    static DRAWN: RefCell<([u8; 1024], usize)> = const { RefCell::new(([0; 1024], 1024)) };
}

/// Random bytes that are no secret. They are drawn many at a time: each time is a call of the
/// system.
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

/// The id of the request this task answers; empty outside of one.
pub(crate) fn current() -> String {
    REQUEST_ID.try_with(Clone::clone).unwrap_or_default()
}

/// Gives requests their ids, logs one line for each, at the level `debug` for those that only read
/// and succeed, and puts the headers on every answer that
/// must be there whatever it is.
///
/// Ids are ours alone: one that came with a request could be chosen to confuse a log.
#[derive(Clone)]
pub struct Requests {
    random: Arc<dyn Random>,
    strict_transport: bool,
    observer: Option<Arc<dyn Observer>>,
}

impl Requests {
    /// `strict_transport`: whether the service is reached by https, so that browsers may insist.
    pub fn new(random: Arc<dyn Random>, strict_transport: bool) -> Self {
        Self { random, strict_transport, observer: None }
    }

    /// Tells somebody of every answer.
    #[must_use]
    pub fn observed_by(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer: Some(observer), ..self }
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
        let id = format!("{:032x}", u128::from_be_bytes(drawn(&*self.requests.random)));
        let network = request.extensions().get().map(Caller::network);
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
        // Most requests only read; a line for each would cost a good part of the answer.
        if only_reads && status.as_u16() < 400 {
            tracing::debug!(status = status.as_u16(), duration_us, "answered");
        } else {
            tracing::info!(status = status.as_u16(), duration_us, "answered");
        }
        response
    }

    /// Pages bring their own content policy; an answer without one shows nothing.
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

/// The path of a request as a log may hold it: without the query, which may hold a token, and
/// without whatever in it could be one, wherever it stands. No path of ours has segments so long.
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
