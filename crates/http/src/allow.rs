//! `Allow` on every 405 (RFC 9110, section 15.5.6), from the document that lists the methods.

use std::collections::HashMap;
use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

/// Adds what the framework leaves out.
#[derive(Clone)]
pub(crate) struct AllowHeader(Arc<HashMap<String, HeaderValue>>);

impl AllowHeader {
    /// Learns the methods of every path from an OpenAPI document.
    pub(crate) fn from_document(document: &str) -> Self {
        let document: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let methods = |operations: &serde_json::Value| {
            let names = operations.as_object()?.keys().map(|name| name.to_ascii_uppercase());
            HeaderValue::from_str(&names.collect::<Vec<_>>().join(", ")).ok()
        };
        let table =
            paths.filter_map(|(path, operations)| Some((path.clone(), methods(operations)?)));
        Self(Arc::new(table.collect()))
    }
}

impl<E: Endpoint> Middleware<E> for AllowHeader {
    type Output = Allowing<E>;

    fn transform(&self, inner: E) -> Self::Output {
        Allowing { inner, table: self.clone() }
    }
}

/// An endpoint that says which methods it would have taken.
pub(crate) struct Allowing<E> {
    inner: E,
    table: AllowHeader,
}

impl<E: Endpoint> Endpoint for Allowing<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path().to_owned();
        let mut response = self.inner.call(request).await?.into_response();
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            // What is not in the document are pages of documents, and they are read.
            let read = HeaderValue::from_static("GET");
            let methods = self.table.0.get(&path).cloned().unwrap_or(read);
            response.headers_mut().insert(header::ALLOW, methods);
        }
        Ok(response)
    }
}
