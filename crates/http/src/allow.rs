//! `Allow` on every 405 (RFC 9110, section 15.5.6), from the document that lists the methods.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

/// Adds what the framework leaves out.
#[derive(Clone)]
pub(crate) struct AllowHeader(Arc<[Entry]>);

/// A path of the document and the methods it takes.
struct Entry {
    path: String,
    methods: HeaderValue,
}

impl AllowHeader {
    /// Learns the methods of every path from an OpenAPI document.
    pub(crate) fn from_document(document: &str) -> Self {
        let document: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
        let paths = document["paths"].as_object().into_iter().flatten();
        let methods = |operations: &serde_json::Value| {
            let names = operations.as_object()?.keys().map(|name| name.to_ascii_uppercase());
            HeaderValue::from_str(&names.collect::<Vec<_>>().join(", ")).ok()
        };
        let entries = paths.filter_map(|(path, operations)| {
            Some(Entry { path: path.clone(), methods: methods(operations)? })
        });
        let mut entries: Vec<Entry> = entries.collect();
        // A path that is written out goes before one that a parameter could make.
        entries.sort_by_key(|entry| entry.path.matches('{').count());
        Self(entries.into())
    }

    /// The methods of a path of the document, and of the document itself; others know their own.
    fn methods(&self, path: &str) -> Option<HeaderValue> {
        let entry = self.0.iter().find(|entry| is_like(&entry.path, path));
        let is_document =
            path == "/docs" || path.starts_with("/docs/") || path.starts_with("/openapi.");
        entry
            .map(|entry| entry.methods.clone())
            .or_else(|| is_document.then(|| HeaderValue::from_static("GET")))
    }
}

/// Whether a path has the form of a documented one, where `{…}` stands for anything within its
/// segment.
fn is_like(documented: &str, path: &str) -> bool {
    let mut segments = path.split('/');
    let fits = documented.split('/').all(|expected| match segments.next() {
        Some(segment) if expected.starts_with('{') => !segment.is_empty(),
        Some(segment) => segment == expected,
        None => false,
    });
    fits && segments.next().is_none()
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
        if response.status() == StatusCode::METHOD_NOT_ALLOWED
            && let Some(methods) = self.table.methods(&path)
        {
            // Pages know their methods themselves.
            response.headers_mut().entry(header::ALLOW).or_insert(methods);
        }
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_methods_of_a_path_are_those_of_the_document() {
        let document = r#"{"paths": {
            "/a/{id}": {"patch": {}, "delete": {}},
            "/a/b": {"post": {}},
            "/a/{id}/c": {"put": {}},
            "/a/{id}/{c}": {"head": {}}
        }}"#;
        let table = AllowHeader::from_document(document);
        for (path, methods) in [
            ("/a/b", "POST"),
            ("/a/x", "DELETE, PATCH"),
            ("/a/x/c", "PUT"),
            ("/a/b/c", "PUT"),
            ("/a/x/d", "HEAD"),
            ("/docs", "GET"),
            ("/docs/oauth2-redirect.html", "GET"),
            ("/openapi.json", "GET"),
        ] {
            assert_eq!(table.methods(path).unwrap(), methods, "{path}");
        }
        for foreign in ["/a/", "/a", "/a/x/c/d", "/notes", "/docsy"] {
            assert_eq!(table.methods(foreign), None, "{foreign}");
        }
    }
}
