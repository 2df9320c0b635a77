//! A certificate authority for tests, created once per process.

use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// A certificate of the SMTP server; all but `SelfSigned` are issued by the test authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, `127.0.0.1` and `::1`.
    #[default]
    Right,
    /// For `other.example`.
    OtherName,
    /// For the right names, but expired.
    Expired,
    /// For the right names, but self-signed.
    SelfSigned,
}

struct AdminContext {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

static AUTHORITY: LazyLock<AdminContext> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    // A separate name, so that it does not look like a badly signed certificate of the authority.
    params.distinguished_name.push(DnType::CommonName, "Test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    AdminContext { pem, issuer: Issuer::new(params, key) }
});

pub(super) fn ca_pem() -> String {
    AUTHORITY.pem.clone()
}

pub(super) fn acceptor(certificate: Certificate) -> TlsAcceptor {
    let names: &[&str] = match certificate {
        Certificate::OtherName => &["other.example"],
        _ => &["localhost", "127.0.0.1", "::1"],
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    if certificate == Certificate::Expired {
        params.not_after = date_time_ymd(2001, 1, 1);
        params.not_before = date_time_ymd(2000, 1, 1);
    }
    let key = KeyPair::generate().unwrap();
    let signed = if certificate == Certificate::SelfSigned {
        params.self_signed(&key).unwrap()
    } else {
        params.signed_by(&key, &AUTHORITY.issuer).unwrap()
    };
    let chain: Vec<CertificateDer<'static>> = vec![signed.der().clone()];
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}
