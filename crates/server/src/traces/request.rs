//! A span for every request, and whose trace it belongs to.

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

/// An endpoint whose requests are traced.
pub(crate) struct Traced<E> {
    inner: E,
    trusted: TrustedProxies,
    scheme: &'static str,
}

impl<E> Traced<E> {
    /// `is_https`: whether people reach the service by https, whatever its proxy speaks.
    pub(crate) fn new(inner: E, trusted: TrustedProxies, is_https: bool) -> Self {
        Self { inner, trusted, scheme: if is_https { "https" } else { "http" } }
    }

    /// The trace a request goes on with: that of a proxy of ours, and nobody else's. Whoever chooses
    /// a trace can have it taken, and can mix their requests with those of others.
    fn parent(&self, request: &Request) -> Option<Context> {
        let peer = request.remote_addr().as_socket_addr()?.ip().to_canonical();
        if !self.trusted.trusts(peer) {
            return None;
        }
        parent(request.headers())
    }

    /// Nothing that somebody typed is in it: no path, no query, no address, no browser.
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
        // Probes come every second, and say nothing that metrics do not.
        if request.uri().path().starts_with("/health/") {
            return self.inner.call(request).await;
        }
        let span = self.span(&request);
        if let Some(parent) = self.parent(&request) {
            // Fails where nobody traces, and then nothing is lost.
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

/// What became of a request.
fn describe(span: &Span, method: &str, response: &Response) {
    let status = response.status();
    span.record("http.response.status_code", i64::from(status.as_u16()));
    span.record("vestibule.operation", operation_of(response));
    if let Some(PathPattern(route)) = response.data() {
        span.record("http.route", &**route);
        // It has its ids already, so its name cannot be recorded any more.
        span.context().span().update_name(format!("{method} {route}"));
    }
    if let Some(id) = response.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()) {
        span.record("vestibule.request_id", id);
    }
    // What a client does wrong is no fault of the server's.
    if status.is_server_error() {
        span.record("otel.status_code", "error");
        span.record("error.type", status.as_str());
    }
}

/// A method as it may be the name of a span. There may be any number of others.
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

/// The one `traceparent` of a request. Of two, one may be a stranger's.
struct Only<'a>(Option<&'a str>);

impl Extractor for Only<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        // What vendors add, `tracestate`, is of no use to us.
        self.0.filter(|_| key == TRACEPARENT)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// The form of Trace Context, section 3.2.2; the library takes ids that are too short, and signs.
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
