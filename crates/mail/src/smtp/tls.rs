//! TLS configuration with the trust anchors for SMTP servers.

use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::settings::SettingsError;

/// Creates a connector with the trust anchors of the system and those in `extra`.
pub(super) fn connector(extra: Option<&[u8]>) -> Result<TlsConnector, SettingsError> {
    let mut roots = RootCertStore::empty();
    // Unreadable certificates are skipped; an empty store is an error below.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = extra {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|_| SettingsError::CaFile)?;
            roots.add(certificate).map_err(|_| SettingsError::CaFile)?;
        }
        if roots.len() == before {
            return Err(SettingsError::CaFile);
        }
    }
    if roots.is_empty() {
        return Err(SettingsError::NoTrustAnchors);
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(SettingsError::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
