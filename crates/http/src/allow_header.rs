//! The header `Allow` on 405 responses (RFC 9110, section 15.5.6), from the OpenAPI document.

use std::sync::Arc;

use poem::http::{HeaderValue, StatusCode, header};
use poem::{Endpoint, IntoResponse, Middleware, Request, Response, Result};

/// Middleware that adds `Allow`.
#[derive(Clone)]
pub(crate) struct AllowHeader(Arc<[Entry]>);

/// A path of the document and its methods.
struct Entry {
    path: String,
    methods: HeaderValue,
}

impl AllowHeader {
    /// Creates the middleware from the paths of an OpenAPI document.
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
        // Literal paths precede paths with parameters.
        entries.sort_by_key(|entry| entry.path.matches('{').count());
        Self(entries.into())
    }

    /// Returns the methods of a path of the API or its documents; `None` for others.
    fn methods(&self, path: &str) -> Option<HeaderValue> {
        let entry = self.0.iter().find(|entry| is_like(&entry.path, path));
        let is_document =
            path == "/docs" || path.starts_with("/docs/") || path.starts_with("/openapi.");
        entry
            .map(|entry| entry.methods.clone())
            .or_else(|| is_document.then(|| HeaderValue::from_static("GET")))
    }
}

/// Returns `true` if a path matches a documented one, where `{…}` matches one segment.
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

/// An endpoint with the header `Allow` on 405 responses.
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
            // Pages set the header themselves.
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
