//! A TCP proxy in front of the database that fails on request.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// The moment at which a connection is cut during COMMIT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Before the server receives it.
    Before,
    /// After the server has answered, before the client receives the answer.
    After,
}

#[derive(Clone)]
pub(crate) struct Proxy {
    port: u16,
    target: Arc<Mutex<String>>,
    /// If set, the next COMMIT is cut.
    cut: Arc<Mutex<Option<Cut>>>,
    /// Connections with a smaller number are silent.
    silent_below: Arc<watch::Sender<u64>>,
    accepted: Arc<Mutex<u64>>,
}

impl Proxy {
    /// Starts a proxy in front of the database server of that URL.
    pub(crate) async fn before(url: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            target: Arc::new(Mutex::new(server_of(url).to_owned())),
            cut: Arc::default(),
            silent_below: Arc::new(watch::Sender::new(0)),
            accepted: Arc::default(),
        };
        let tasks = TaskTracker::new();
        let this = proxy.clone();
        tasks.clone().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let number = {
                    let mut accepted = this.accepted.lock().unwrap();
                    *accepted += 1;
                    *accepted
                };
                let this = this.clone();
                tasks.spawn(async move { this.carry(number, client).await });
            }
        });
        proxy
    }

    /// The URL with the address of the proxy.
    pub(crate) fn stand_in(&self, url: &str) -> String {
        url.replacen(server_of(url), &format!("127.0.0.1:{}", self.port), 1)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Forwards new connections to the server of that URL.
    pub(crate) fn lead_to(&self, url: &str) {
        server_of(url).clone_into(&mut self.target.lock().unwrap());
    }

    /// Stops forwarding, without closing connections.
    pub(crate) fn be_silent(&self) {
        self.silent_below.send_replace(u64::MAX);
    }

    /// Forwards new connections. Earlier ones stay silent.
    pub(crate) fn carry_new_ones(&self) {
        let accepted = *self.accepted.lock().unwrap();
        self.silent_below.send_replace(accepted + 1);
    }

    pub(crate) fn cut_next_commit(&self, when: Cut) {
        *self.cut.lock().unwrap() = Some(when);
    }

    /// Returns `true` if the next COMMIT will be cut.
    pub(crate) fn is_armed(&self) -> bool {
        self.cut.lock().unwrap().is_some()
    }

    /// Forwards bytes until one side closes or a COMMIT is cut.
    async fn carry(&self, number: u64, mut client: TcpStream) {
        let mut silence = self.silent_below.subscribe();
        let target = self.target.lock().unwrap().clone();
        let Ok(mut server) = TcpStream::connect(target).await else { return };
        let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
        loop {
            let (count, is_up) = tokio::select! {
                read = client.read(&mut up) => (read.unwrap_or(0), true),
                read = server.read(&mut down) => (read.unwrap_or(0), false),
            };
            if count == 0 || silence.wait_for(|below| number >= *below).await.is_err() {
                return;
            }
            let sent = if is_up {
                let said = &up[..count];
                let cut = says_commit(said).then(|| self.cut.lock().unwrap().take()).flatten();
                if cut == Some(Cut::After) {
                    let _ = server.write_all(said).await;
                    let _ = server.read(&mut down).await;
                }
                if cut.is_some() {
                    return;
                }
                server.write_all(said).await
            } else {
                client.write_all(&down[..count]).await
            };
            if sent.is_err() {
                return;
            }
        }
    }
}

fn says_commit(bytes: &[u8]) -> bool {
    bytes.windows(7).any(|part| part == b"COMMIT\0")
}

/// Host and port of a URL.
fn server_of(url: &str) -> &str {
    let (_, rest) = url.split_once("://").unwrap();
    let server = rest.split('/').next().unwrap();
    server.rsplit_once('@').map_or(server, |(_, server)| server)
}
