//! A temporary PostgreSQL cluster that runs as long as the tests.
//!
//! A shell process stops the server and removes the folder once a pipe from this program closes,
//! which also happens after Ctrl-C, a panic or a kill.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, process};

use anyhow::{Context as _, Result};

use crate::prerequisites::system_user::SystemUser;
use crate::shell;

/// Number of attempts: another process can take a free port before the server binds it.
const ATTEMPTS: u32 = 3;

/// Shell script that waits for the end of its input, then runs the stop command and removes the
/// folder.
///
/// `$1` is the folder, the rest the command.
const CLEANUP_SCRIPT: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
folder=$1
shift
"$@"
rm -rf -- "$folder" || { sleep 1; rm -rf -- "$folder"; }
"#;

/// A running server; dropping it stops it and removes its files.
pub(super) struct Cluster {
    port: u16,
    cleanup: Child,
}

impl Cluster {
    /// Creates a cluster in a new folder and starts it on a free loopback port.
    pub(super) fn start(programs: &Path, user: SystemUser) -> Result<Self> {
        let folder = new_folder()?;
        let config = ClusterConfig { programs: programs.to_owned(), user, folder };
        let cleanup = config.start_cleanup().inspect_err(|_| {
            let _ = fs::remove_dir(&config.folder);
        })?;
        // From here on, an early return cleans up.
        let mut cluster = Self { port: 0, cleanup };
        config.user.take_ownership(&config.folder)?;
        config.create()?;
        let mut attempt = 1;
        cluster.port = loop {
            match config.serve() {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                result => break result?,
            }
        };
        Ok(cluster)
    }

    /// Returns the port of the server.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.cleanup.stdin.take());
        // A failure here must not hide the result of the tests.
        let _ = self.cleanup.wait();
    }
}

/// Programs, user and folder of a cluster.
struct ClusterConfig {
    programs: PathBuf,
    user: SystemUser,
    folder: PathBuf,
}

impl ClusterConfig {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Result<Command> {
        let mut command = self.user.command(self.programs.join(name))?;
        command.current_dir(env::temp_dir());
        Ok(command)
    }

    /// Starts the cleanup process, in its own process group so that Ctrl-C does not end it.
    fn start_cleanup(&self) -> Result<Child> {
        let mut stop = self.program("pg_ctl")?;
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]).arg(self.data());
        Command::new("sh")
            .args(["-c", CLEANUP_SCRIPT, "sh"])
            .arg(&self.folder)
            .arg(stop.get_program())
            .args(stop.get_args())
            .current_dir(env::temp_dir())
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start sh")
    }

    fn create(&self) -> Result<()> {
        shell::run_quietly(
            self.program("initdb")?
                .args(["--username=postgres", "--auth=trust", "--no-sync"])
                .args(["--encoding=UTF8", "--no-locale", "--pgdata"])
                .arg(self.data()),
        )
    }

    /// Starts the server, waits until it accepts connections and returns its port.
    fn serve(&self) -> Result<u16> {
        let port = free_port()?;
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"))
            .context("cannot write postgresql.conf")?;
        file.write_all(settings(port, &self.folder).as_bytes())?;
        drop(file);

        let log = self.folder.join("log");
        let started = shell::run_quietly(
            self.program("pg_ctl")?
                .args(["start", "--silent", "--wait", "--timeout=60", "--log"])
                .arg(&log)
                .arg("--pgdata")
                .arg(self.data()),
        );
        started.with_context(|| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            format!("the server did not start\n{log}")
        })?;
        Ok(port)
    }
}

/// Returns the settings: loopback only, many connections, and no durability.
///
/// Later lines override earlier ones, so a second attempt appends its settings.
fn settings(port: u16, sockets: &Path) -> String {
    let sockets = sockets.to_string_lossy().replace('\'', "''");
    format!(
        "\nlisten_addresses = '127.0.0.1'\n\
         port = {port}\n\
         unix_socket_directories = '{sockets}'\n\
         max_connections = 300\n\
         fsync = off\n\
         full_page_writes = off\n\
         synchronous_commit = off\n"
    )
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

/// Creates a private folder in the system's temporary folder.
fn new_folder() -> Result<PathBuf> {
    let folder = env::temp_dir().join(format!("vestibule-postgres-{}", process::id()));
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot create {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_one_per_line_and_quoted() {
        let text = settings(5433, Path::new("/tmp/o'clock"));
        assert!(text.contains("\nport = 5433\n"));
        assert!(text.contains("\nunix_socket_directories = '/tmp/o''clock'\n"));
        assert!(text.lines().skip(1).all(|line| line.contains(" = ")));
    }

    #[test]
    fn the_folder_is_removed_even_if_the_server_does_not_stop() {
        let folder = env::temp_dir().join(format!("vestibule-cleanup-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let cleanup = Command::new("sh")
            .args(["-c", CLEANUP_SCRIPT, "sh"])
            .arg(&folder)
            .arg("false")
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        assert!(folder.exists());
        drop(Cluster { port: 0, cleanup });
        assert!(!folder.exists());
    }
}
