//! The documentation of the API: `/docs`, `/openapi.json`, `/openapi.yaml`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use poem::endpoint::make_sync;
use poem::http::header;
use poem::{Endpoint, Response};
use poem_openapi::{OpenApi, OpenApiService};
use sha2::{Digest, Sha256};

use crate::additional_properties;

/// Returns the document as JSON, readable from all origins.
pub(crate) fn json(document: String) -> impl Endpoint<Output = Response> + 'static {
    document_endpoint("application/json", document)
}

/// Returns the document as YAML (RFC 9512).
pub(crate) fn yaml(document: String) -> impl Endpoint<Output = Response> + 'static {
    document_endpoint("application/yaml", document)
}

fn document_endpoint(
    content_type: &'static str,
    document: String,
) -> impl Endpoint<Output = Response> + 'static {
    // Shared, not copied, because the page has a megabyte.
    let document = Bytes::from(document);
    make_sync(move |_| {
        Response::builder()
            .content_type(content_type)
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .header("cross-origin-resource-policy", "cross-origin")
            .body(document.clone())
    })
}

/// Returns Swagger UI, whose scripts and styles are inline; the policy allows them by their hashes.
pub(crate) fn page<A: OpenApi + 'static>(
    service: &OpenApiService<A, ()>,
) -> impl Endpoint<Output = Response> + 'static {
    // The page of poem-openapi has neither a doctype nor a language.
    let html = additional_properties::in_json(&service.swagger_ui_html());
    let html = html.trim_start().replacen("<html ", "<html lang=\"en\" ", 1);
    let html = format!("<!doctype html>\n{html}");
    let policy = content_security_policy(&html);
    let html = Bytes::from(html);
    make_sync(move |_| {
        Response::builder()
            .content_type("text/html; charset=utf-8")
            .header(header::CONTENT_SECURITY_POLICY, policy.clone())
            .body(html.clone())
    })
}

fn content_security_policy(html: &str) -> String {
    let scripts = hashes(html, "script");
    let styles = hashes(html, "style");
    format!(
        "default-src 'none'; script-src {scripts}; style-src {styles}; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

/// Returns the hashes of all inline blocks of one kind, as a source list (CSP level 3, section
/// 2.3.1).
fn hashes(html: &str, element: &str) -> String {
    let (open, close) = (format!("<{element}"), format!("</{element}>"));
    let mut sources = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find(&open) {
        let tag = &rest[start..];
        let Some(body) = tag.find('>').map(|end| &tag[end + 1..]) else {
            break;
        };
        let Some(end) = body.find(&close) else { break };
        let hash = STANDARD.encode(Sha256::digest(&body.as_bytes()[..end]));
        sources.push(format!("'sha256-{hash}'"));
        rest = &body[end + close.len()..];
    }
    sources.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_inline_block_is_named_by_its_hash() {
        let html = "<style>a</style><script charset=\"x\">b</script><p><script>c</script>";
        let policy = content_security_policy(html);
        for block in ["b", "c"] {
            let hash = STANDARD.encode(Sha256::digest(block));
            assert!(policy.contains(&format!("'sha256-{hash}'")), "{policy}");
        }
        assert_eq!(policy.matches("sha256-").count(), 3);
        assert!(!policy.contains("unsafe-inline"));
    }
}
