//! Spans of requests, and their parent trace.

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use poem::http::{HeaderMap, Method};
use poem::{Endpoint, PathPattern, Request, Response, Result};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use vestibule_http::{TrustedProxies, X_REQUEST_ID, operation_of};

use super::{TARGET, ids};

const TRACEPARENT: &str = "traceparent";

/// An endpoint with traced requests.
pub(crate) struct Traced<E> {
    inner: E,
    trusted: TrustedProxies,
    scheme: &'static str,
}

impl<E> Traced<E> {
    /// Creates the endpoint. `is_https` is `true` if the public URL uses https.
    pub(crate) fn new(inner: E, trusted: TrustedProxies, is_https: bool) -> Self {
        Self { inner, trusted, scheme: if is_https { "https" } else { "http" } }
    }

    /// Returns the parent trace of a request, from trusted proxies only: a client that chooses a trace
    /// id could force sampling and join the traces of others.
    fn parent(&self, request: &Request) -> Option<Context> {
        let peer = request.remote_addr().as_socket_addr()?.ip().to_canonical();
        if !self.trusted.trusts(peer) {
            return None;
        }
        parent(request.headers())
    }

    /// Creates the span, without user input: no path, query, client IP or user agent.
    fn span(&self, request: &Request) -> Span {
        let method = name_of(request.method());
        tracing::info_span!(
            target: TARGET,
            "request",
            otel.kind = "server",
            otel.name = method,
            otel.status_code = Empty,
            http.request.method = method,
            http.response.status_code = Empty,
            http.route = Empty,
            url.scheme = self.scheme,
            "error.type" = Empty,
            vestibule.operation = Empty,
            vestibule.request_id = Empty,
        )
    }
}

impl<E: Endpoint<Output = Response>> Endpoint for Traced<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        // Probes are frequent, and metrics cover them.
        if request.uri().path().starts_with("/health/") {
            return self.inner.call(request).await;
        }
        let span = self.span(&request);
        if let Some(parent) = self.parent(&request) {
            // Fails if traces are off, without consequence.
            let _ = span.set_parent(parent);
        }
        if let Some(ids) = ids(&span) {
            request.extensions_mut().insert(ids);
        }
        let method = name_of(request.method());
        let response = self.inner.call(request).instrument(span.clone()).await?;
        describe(&span, method, &response);
        Ok(response)
    }
}

/// Records the result of a request.
fn describe(span: &Span, method: &str, response: &Response) {
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    span.record("vestibule.operation", operation_of(response));
    if let Some(PathPattern(route)) = response.data() {
        span.record("http.route", &**route);
        // The span has started, so its name can only be set on the OpenTelemetry span.
        span.context().span().update_name(format!("{method} {route}"));
    }
    if let Some(id) = response.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()) {
        span.record("vestibule.request_id", id);
    }
    // Client errors are not errors of the server.
    if status.is_server_error() {
        span.record("otel.status_code", "error");
        span.record("error.type", status.as_str());
    }
}

/// Returns the method for the span name; unknown ones are `_OTHER`, to bound the number of names.
fn name_of(method: &Method) -> &'static str {
    let known = [
        (Method::GET, "GET"),
        (Method::POST, "POST"),
        (Method::PUT, "PUT"),
        (Method::PATCH, "PATCH"),
        (Method::DELETE, "DELETE"),
        (Method::HEAD, "HEAD"),
        (Method::OPTIONS, "OPTIONS"),
    ];
    known.iter().find(|(known, _)| known == method).map_or("_OTHER", |(_, name)| name)
}

/// Returns the only `traceparent` of a request; of two, one may be the client's.
struct Only<'a>(Option<&'a str>);

impl Extractor for Only<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        // `tracestate` of vendors is ignored.
        self.0.filter(|_| key == TRACEPARENT)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// Returns `true` for the format of Trace Context, section 3.2.2; the library also accepts short ids
/// and signs.
fn is_exact(text: &str) -> bool {
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let lengths = text.split('-').map(str::len);
    lengths.take(4).eq([2, 32, 16, 2]) && text.split('-').take(4).all(is_hex)
}

fn parent(headers: &HeaderMap) -> Option<Context> {
    let mut values = headers.get_all(TRACEPARENT).iter();
    let only = values.next().filter(|_| values.next().is_none())?.to_str().ok();
    let only = only.filter(|text| is_exact(text));
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Only(only));
    context.span().span_context().is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use poem::http::HeaderValue;

    use super::*;

    #[test]
    fn a_parent_is_one_whole_header() {
        let whole = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
        for (values, is_parent) in [
            (vec![whole], true),
            (vec![], false),
            (vec![whole, whole], false),
            (vec![zero], false),
            (vec!["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"], false),
            (vec!["00-0af7651916cd43dd8448eb211c80319c-b7ad6b71692033-01"], false),
            (vec![""], false),
        ] {
            let mut headers = HeaderMap::new();
            for value in &values {
                headers.append(TRACEPARENT, HeaderValue::from_static(value));
            }
            assert_eq!(parent(&headers).is_some(), is_parent, "{values:?}");
        }
    }

    #[test]
    fn a_method_that_somebody_made_up_names_nothing() {
        assert_eq!(name_of(&Method::POST), "POST");
        assert_eq!(name_of(&Method::from_bytes(b"ANNA").unwrap()), "_OTHER");
    }
}
