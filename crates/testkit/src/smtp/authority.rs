//! A certificate authority for tests, made once per process.

use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Which certificate the sink shows; all but `SelfSigned` come from its own authority.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Certificate {
    /// For `localhost`, `127.0.0.1` and `::1`.
    #[default]
    Right,
    /// For `other.example`.
    OtherName,
    /// For the right names, but over.
    Expired,
    /// For the right names, but nobody vouches for it.
    SelfSigned,
}

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    // A name of its own: a stranger's certificate must not look like one of ours, badly signed.
    params.distinguished_name.push(DnType::CommonName, "Test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { pem, issuer: Issuer::new(params, key) }
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
