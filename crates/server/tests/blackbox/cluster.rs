//! A PostgreSQL server of a test's own, to be stopped, set, killed, and followed by a standby.
//!
//! `cargo xtask test` says where its programs are and as whom they run.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::database::{Database, count, execute};
use crate::proxy::Proxy;
use crate::service::eventually;

/// The role of the service: not a superuser, so that connection limits apply.
const ROLE: &str = "service";
const DATABASE: &str = "accounts";
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Cluster {
    folder: TempDir,
    port: u16,
    server: Option<Child>,
}

impl Cluster {
    /// A cluster with an empty database and its owner; it does not run.
    pub(crate) async fn new() -> Self {
        let mut cluster = Self::nowhere();
        let made = cluster
            .program("initdb")
            .args(["--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8"])
            .args(["--no-locale", "--pgdata"])
            .arg(cluster.data())
            .stdout(Stdio::null())
            .status();
        assert!(made.await.unwrap().success());
        cluster.start().await;
        let db = cluster.administer("postgres").await;
        for sql in [
            format!("CREATE ROLE {ROLE} LOGIN"),
            format!("CREATE DATABASE {DATABASE} OWNER {ROLE}"),
        ] {
            db.execute_unprepared(&sql).await.unwrap();
        }
        db.close().await.unwrap();
        cluster.stop().await;
        cluster
    }

    /// A port, and a folder with nothing in it.
    fn nowhere() -> Self {
        let folder = TempDir::new().unwrap();
        // The user that runs the server creates its folder here.
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o777)).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder, port, server: None }
    }

    /// A copy that runs and follows this one through that network, and takes no writes.
    pub(crate) async fn standby(&self, network: &Proxy) -> Self {
        let mut standby = Self::nowhere();
        let copied = standby
            .program("pg_basebackup")
            .args([
                "--username=postgres",
                "--host=127.0.0.1",
                &format!("--port={}", network.port()),
            ])
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--pgdata"])
            .arg(standby.data())
            .status();
        assert!(copied.await.unwrap().success());
        standby.start().await;
        let db = self.administer("postgres").await;
        let streams = "SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming'";
        assert!(eventually(PATIENCE, async || count(&db, streams).await == 1).await);
        standby
    }

    /// Makes each commit wait for the standby.
    pub(crate) async fn wait_for_a_standby(&self) {
        let db = self.administer("postgres").await;
        execute(&db, "ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'").await;
        execute(&db, "SELECT pg_reload_conf()").await;
        let waits = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'quorum'";
        assert!(eventually(PATIENCE, async || count(&db, waits).await == 1).await);
    }

    /// Promotes a standby to a primary without a synchronous standby.
    pub(crate) async fn promote(&self) {
        let db = self.administer("postgres").await;
        assert_eq!(count(&db, "SELECT pg_promote()::int::bigint").await, 1);
    }

    /// SIGKILL for the server and each of its processes, as when its machine dies.
    pub(crate) async fn kill(&mut self) {
        let mut server = self.server.take().expect("a running server");
        let file = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        let pid = file.lines().next().unwrap();
        let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        let pids = std::iter::once(pid).chain(children.split_whitespace());
        // One of them may have ended by itself.
        Command::new("kill").arg("-KILL").args(pids).status().await.unwrap();
        tokio::time::timeout(PATIENCE, server.wait()).await.expect("an end").unwrap();
    }

    /// Returns the database to configure the service with.
    pub(crate) fn database(&self) -> Database {
        Database::Postgres(format!("postgres://{ROLE}@127.0.0.1:{}/{DATABASE}", self.port))
    }

    pub(crate) async fn start(&mut self) {
        let mut command = self.program("postgres");
        command
            .arg("-D")
            .arg(self.data())
            .args(["-p", &self.port.to_string(), "-c", "listen_addresses=127.0.0.1"])
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off"])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        self.server = Some(command.spawn().unwrap());
        let answers = async || sea_orm::Database::connect(self.url("postgres")).await.is_ok();
        assert!(eventually(PATIENCE, answers).await, "the server does not start");
    }

    /// Ends every connection and the server.
    pub(crate) async fn stop(&mut self) {
        let mut server = self.server.take().expect("a running server");
        let pid = server.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().await.unwrap().success());
        tokio::time::timeout(PATIENCE, server.wait()).await.expect("an end").unwrap();
    }

    /// A connection of the superuser.
    pub(crate) async fn administrator(&self) -> DatabaseConnection {
        self.administer(DATABASE).await
    }

    /// The role of the service.
    pub(crate) fn role() -> &'static str {
        ROLE
    }

    async fn administer(&self, database: &str) -> DatabaseConnection {
        sea_orm::Database::connect(self.url(database)).await.unwrap()
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn program(&self, name: &str) -> Command {
        let variable = |name: &str| std::env::var(name).ok();
        let programs = variable("VESTIBULE_TEST_POSTGRES_PROGRAMS")
            .expect("PostgreSQL's programs; `cargo xtask test` names them");
        let program = PathBuf::from(programs).join(name);
        let account = variable("VESTIBULE_TEST_POSTGRES_ACCOUNT").unwrap_or_default();
        let mut words = account.split_whitespace();
        let mut command = match words.next() {
            None => Command::new(program),
            Some(first) => {
                let mut command = Command::new(first);
                command.args(words).arg(program);
                command
            }
        };
        command.current_dir(self.folder.path());
        command
    }
}
