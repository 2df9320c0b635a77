//! Redis with TLS: certificates are always verified.

use std::net::TcpListener;

use tempfile::TempDir;

use super::redis_server::RedisServer;
use super::{AWAY, BACK, said};
use crate::database::Database;
use crate::people::REQUESTED;
use crate::service::Setup;

/// A server that speaks TLS on a port of its own, with a certificate for its address.
struct Encrypted {
    url: String,
    certificate: String,
    _server: RedisServer,
    _folder: TempDir,
}

async fn encrypted_redis() -> Encrypted {
    let folder = TempDir::new().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"]
        .map(|name| folder.path().join(name).to_str().unwrap().to_owned());
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let files = [("cert", &certificate), ("key", &key), ("ca-cert", &certificate)];
    let mut arguments = vec!["--tls-port", &port, "--tls-auth-clients", "no"];
    let names = files.map(|(name, _)| format!("--tls-{name}-file"));
    for (name, (_, file)) in names.iter().zip(files) {
        arguments.extend([name.as_str(), file]);
    }
    let server = RedisServer::start_with(&arguments).await;
    let url = format!("rediss://127.0.0.1:{port}/");
    Encrypted { url, certificate, _server: server, _folder: folder }
}

#[tokio::test]
async fn redis_is_used_when_its_certificate_is_trusted_and_only_then() {
    let redis = encrypted_redis().await;
    let setup = Setup::on(Database::sqlite())
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("VESTIBULE_REDIS__URL", &redis.url);
    let trusting = setup.clone().with("SSL_CERT_FILE", &redis.certificate).start().await;
    for _ in 0..5 {
        trusting.forget("unknown@example.com").await.is(200, REQUESTED);
    }
    assert_eq!(trusting.forget("unknown@example.com").await.status, 429);
    assert_eq!(said(&trusting, AWAY) + said(&trusting, BACK), 0);

    let other = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let file = trusting.data.path().join("other.pem");
    std::fs::write(&file, other.cert.pem()).unwrap();
    let doubting = setup.with("SSL_CERT_FILE", file.to_str().unwrap()).start().await;
    assert_eq!(said(&doubting, AWAY), 1);
    // The node admits its share, and has sent nothing to the untrusted server.
    doubting.forget("unknown@example.com").await.is(200, REQUESTED);
    assert_eq!(doubting.forget("unknown@example.com").await.status, 429);
}
