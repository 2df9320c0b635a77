//! The reverse proxies of `docs/deployment` in front of a real service, checked with `doctor`, and
//! proxies that are configured wrongly.
//!
//! `cargo xtask test` installs nginx and Caddy.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::database::Database;
use crate::people::PATIENCE;
use crate::service::{Service, Setup, eventually};

const NGINX: &str = include_str!("../../../../docs/deployment/nginx.conf");
const CADDY: &str = include_str!("../../../../docs/deployment/Caddyfile");

/// A port that was free a moment ago.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate for this machine, and its certificate authority.
struct Certificates {
    folder: TempDir,
}

impl Certificates {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let host = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let host = host.signed_by(&key, &authority).unwrap();
        for (name, pem) in [
            ("authority.pem", authority.pem()),
            ("host.pem", host.pem()),
            ("key.pem", key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), pem).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Sends a GET request over TLS to a port of this machine, with its own URL as `Referer`.
    async fn get(&self, port: u16, path: &str) -> String {
        let mut roots = rustls::RootCertStore::empty();
        let pem = std::fs::read(self.path("authority.pem")).unwrap();
        roots.add(CertificateDer::from_pem_slice(&pem).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connection = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
        let host = "localhost".try_into().unwrap();
        let mut stream = connector.connect(host, connection).await.unwrap();
        let referer = format!("https://localhost:{port}{path}");
        let request =
            format!("GET {path} HTTP/1.0\r\nHost: localhost:{port}\r\nReferer: {referer}\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // Some servers close without `close_notify`.
        let _ = stream.read_to_end(&mut answer).await;
        String::from_utf8_lossy(&answer).into_owned()
    }
}

/// A proxy that runs until it is dropped.
struct Proxy {
    folder: TempDir,
    child: Child,
}

impl Proxy {
    /// Stops the proxy. Its port is free afterwards.
    async fn stop(mut self) {
        self.child.kill().await.unwrap();
    }
}

async fn start(mut command: Command, folder: TempDir, port: u16) -> Proxy {
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).kill_on_drop(true);
    let mut child = command.spawn().expect("a proxy, which `cargo xtask test` installs");
    let opens = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
    if !eventually(PATIENCE, opens).await {
        let said = std::fs::read_to_string(folder.path().join("log")).unwrap();
        panic!("{:?}: {said}", child.try_wait());
    }
    Proxy { folder, child }
}

/// Starts nginx with the file of the guide, at other addresses.
async fn nginx(service: &str, port: u16, certificates: &Certificates, forwarding: &str) -> Proxy {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    let plain = free_port();
    let mut site = NGINX.to_owned();
    let mut replace = |from: &str, to: &str| {
        assert!(site.contains(from), "{from} is not in nginx.conf");
        site = site.replace(from, to);
    };
    replace("    listen [::]:80;\n", "");
    replace("    listen [::]:443 ssl http2;\n", "");
    replace("listen 80;", &format!("listen 127.0.0.1:{plain};"));
    replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"));
    replace("accounts.example.com;", "localhost;");
    replace("server 127.0.0.1:8080;", &format!("server {service};"));
    let live = "/etc/letsencrypt/live/accounts.example.com/";
    replace(&format!("{live}fullchain.pem"), &certificates.path("host.pem"));
    replace(&format!("{live}privkey.pem"), &certificates.path("key.pem"));
    replace("/var/log/nginx/", &format!("{here}/"));
    replace("proxy_set_header X-Forwarded-For $remote_addr;", forwarding);
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {here}/{name};"))
        .join("\n");
    let conf = format!(
        "daemon off;\nmaster_process off;\npid {here}/pid;\nevents {{}}\nhttp {{\n{temporary}{site}\n}}\n"
    );
    let file = folder.path().join("nginx.conf");
    std::fs::write(&file, conf).unwrap();
    let mut command = Command::new("nginx");
    // On Debian nginx is in a folder that may not be in the `PATH` of a user.
    command.env("PATH", format!("{}:/usr/sbin", std::env::var("PATH").unwrap()));
    command.arg("-e").arg(folder.path().join("errors")).arg("-c").arg(file);
    start(command, folder, port).await
}

const REPLACED: &str = "proxy_set_header X-Forwarded-For $remote_addr;";

/// Starts Caddy with the file of the guide.
async fn caddy(service: &str, port: u16, certificates: &Certificates) -> Proxy {
    let folder = tempfile::tempdir().unwrap();
    let mut conf = CADDY.to_owned();
    let mut replace = |from: &str, to: &str| {
        assert!(conf.contains(from), "{from} is not in the Caddyfile");
        conf = conf.replacen(from, to, 1);
    };
    // Our own certificates, no admin endpoint and no other ports.
    let ports = format!("\thttp_port {}\n\thttps_port {port}\n", free_port());
    replace("{\n\t# Errors", &format!("{{\n\tadmin off\n\tskip_install_trust\n{ports}\t# Errors"));
    let (host, key) = (certificates.path("host.pem"), certificates.path("key.pem"));
    replace("{$SITE:localhost} {\n", &format!("{{$SITE:localhost}} {{\n\ttls {host} {key}\n"));
    let file = folder.path().join("Caddyfile");
    std::fs::write(&file, conf).unwrap();
    let mut command = Command::new("caddy");
    command
        .args(["run", "--adapter", "caddyfile", "--config"])
        .arg(file)
        .env("SITE", "localhost")
        .env("UPSTREAMS", service)
        .env("HOME", folder.path())
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CONFIG_HOME", folder.path());
    start(command, folder, port).await
}

/// Starts a service whose public URL has that port of this machine.
async fn service_behind(port: u16, trusted: &str, certificates: &Certificates) -> Service {
    Setup::on(Database::sqlite())
        .with("VESTIBULE_SERVER__PUBLIC_URL", &format!("https://localhost:{port}"))
        .with("VESTIBULE_SERVER__TRUSTED_PROXIES", trusted)
        .with("VESTIBULE_LIMITS__ENABLED", "true")
        .with("SSL_CERT_FILE", &certificates.path("authority.pem"))
        .start()
        .await
}

/// Runs `doctor`. Returns its exit code, and state, name and finding of each check.
async fn doctor(setup: &Setup, data: &Path) -> (i32, Vec<(String, String, String)>) {
    let ended = setup.command(data, &["doctor", "--json"]).output().await.unwrap();
    let errors = String::from_utf8_lossy(&ended.stderr);
    let findings: Value = serde_json::from_slice(&ended.stdout).expect(&errors);
    let text = |finding: &Value, field: &str| finding[field].as_str().unwrap().to_owned();
    let findings =
        findings.as_array().unwrap().iter().map(|finding| {
            (text(finding, "state"), text(finding, "about"), text(finding, "found"))
        });
    (ended.status.code().unwrap(), findings.collect())
}

/// The checks of `doctor` on the path from the public URL to the service.
async fn way(service: &Service) -> Vec<(String, String)> {
    let (_, findings) = doctor(&service.setup, service.data.path()).await;
    let about_way = findings
        .into_iter()
        .filter(|(_, about, _)| ["proxy", "public URL"].contains(&about.as_str()));
    about_way.map(|(state, _, found)| (state, found)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_nginx_of_the_guide_is_approved_and_others_are_found_out() {
    let certificates = Certificates::new();
    let port = free_port();
    let service = service_behind(port, "127.0.0.1/32", &certificates).await;
    let proxy = nginx(service.address(), port, &certificates, REPLACED).await;
    let found = way(&service).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found.iter().all(|(state, _)| state == "ok"), "{found:?}");
    proxy.stop().await;

    // A proxy that forwards a header of the client unchanged.
    let passing = "proxy_set_header X-Forwarded-For $http_x_forwarded_for;";
    let proxy = nginx(service.address(), port, &certificates, passing).await;
    let found = way(&service).await;
    assert_eq!(found[1].0, "problem", "{found:?}");
    assert!(found[1].1.contains("evade rate limits"), "{found:?}");
    proxy.stop().await;

    // A proxy that is not trusted.
    let distrusting = service_behind(port, "", &certificates).await;
    let proxy = nginx(distrusting.address(), port, &certificates, REPLACED).await;
    let found = way(&distrusting).await;
    assert_eq!(found[1].0, "problem", "{found:?}");
    assert!(found[1].1.contains("share one rate limit"), "{found:?}");
    // Another installation at that address, and no service at all.
    let found = way(&service).await;
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].1.contains("answered by another service (status 404)"), "{found:?}");
    proxy.stop().await;
    let found = way(&service).await;
    assert!(found[0].0 == "problem" && found[0].1.contains("cannot be reached"), "{found:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_caddy_of_the_guide_is_approved() {
    let certificates = Certificates::new();
    let port = free_port();
    let service = service_behind(port, "127.0.0.1/32", &certificates).await;
    let _proxy = caddy(service.address(), port, &certificates).await;
    let approved = async || way(&service).await.iter().all(|(state, _)| state == "ok");
    // Caddy forwards requests only after its health check has succeeded.
    assert!(eventually(PATIENCE, approved).await, "{:?}", way(&service).await);
    let found = way(&service).await;
    assert_eq!(found.len(), 2, "{found:?}");
}

/// The logs of the proxies contain no token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_link_is_logged_by_a_proxy() {
    let certificates = Certificates::new();
    let service = service_behind(free_port(), "127.0.0.1/32", &certificates).await;
    for kind in ["nginx", "caddy"] {
        let port = free_port();
        let proxy = match kind {
            "nginx" => nginx(service.address(), port, &certificates, REPLACED).await,
            _ => caddy(service.address(), port, &certificates).await,
        };
        for (link, status) in [
            ("/reset-password?token=v4.public.SECRET", " 410 "),
            ("/reset_password/v4.public.SECRET", " 303 "),
        ] {
            let opens = async || certificates.get(port, link).await.contains(status);
            assert!(eventually(PATIENCE, opens).await, "{kind}: {link}");
        }
        let both = async || {
            let logs = logs(proxy.folder.path());
            logs.contains("/reset-password") && logs.contains("/reset_password/\"")
        };
        let said = eventually(PATIENCE, both).await;
        let logs = logs(proxy.folder.path());
        assert!(said && !logs.contains("SECRET"), "{kind}: {logs}");
    }
}

/// The contents of all logs of a proxy.
fn logs(folder: &Path) -> String {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_log = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy();
        path.is_file() && ["log", "errors"].iter().any(|part| name.contains(part))
    };
    let read = |path: PathBuf| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    entries.filter(is_log).map(read).collect()
}
