//! Tests of fetching over TLS, with a generated certificate.
#![expect(clippy::disallowed_methods, reason = "its tasks end with the test's runtime")]

use rcgen::CertifiedKey;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// Serves a document on 127.0.0.1, and returns port and certificate.
async fn serve() -> (u16, CertificateDer<'static>) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that does not trust the certificate disconnects.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = [0; 1024];
            let _ = stream.read(&mut head).await;
            let _ = stream.write_all(ANSWER).await;
        }
    });
    (port, cert.der().clone())
}

#[tokio::test]
async fn only_a_trusted_certificate_for_this_host_is_accepted() {
    let (port, certificate) = serve().await;
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let trusting = HttpDocuments::trusting(roots).unwrap();
    let document = trusting.fetch(&format!("https://127.0.0.1:{port}/keys"), 2).await;
    assert_eq!(document.unwrap(), b"{}");
    let other_name = trusting.fetch(&format!("https://localhost:{port}/keys"), 2).await;
    assert!(matches!(other_name, Err(FetchError::NoAnswer(_))));

    for stranger in [HttpDocuments::trusting(RootCertStore::empty()), HttpDocuments::new()] {
        let stranger = stranger.unwrap();
        let refused = stranger.fetch(&format!("https://127.0.0.1:{port}/keys"), 2).await;
        assert!(matches!(refused, Err(FetchError::NoAnswer(_))));
    }
}
