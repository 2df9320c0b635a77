//! A Postgres cluster that lives as long as the tests.
//!
//! It must be gone after Ctrl-C, a panic and even a kill, so a small shell process of its own takes care of the end:
//! it waits until a pipe from this program closes, which the system does in every case, then stops the server and removes the folder.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::{env, process};

use anyhow::{Context as _, Result};

use crate::needs::account::Account;
use crate::shell;

/// A free port can be taken by somebody else before the server asks for it.
const ATTEMPTS: u32 = 3;

/// Waits for the end of its input; `$1` is the folder, the rest stops the server.
const UNDERTAKER: &str = r#"
trap '' HUP INT TERM
cat >/dev/null
folder=$1
shift
"$@"
rm -rf -- "$folder" || { sleep 1; rm -rf -- "$folder"; }
"#;

/// A running server; dropping it stops it and removes everything it wrote.
pub(super) struct Cluster {
    port: u16,
    undertaker: Child,
}

impl Cluster {
    /// Makes a cluster in a new folder and starts it on a free port of the loopback address.
    pub(super) fn start(programs: &Path, account: Account) -> Result<Self> {
        let folder = new_folder()?;
        let place = Place { programs: programs.to_owned(), account, folder };
        let undertaker = place.undertaker().inspect_err(|_| {
            let _ = fs::remove_dir(&place.folder);
        })?;
        // From here on, returning early cleans up.
        let mut cluster = Self { port: 0, undertaker };
        place.account.own(&place.folder)?;
        place.create()?;
        let mut attempt = 1;
        cluster.port = loop {
            match place.serve() {
                Err(_) if attempt < ATTEMPTS => attempt += 1,
                answer => break answer?,
            }
        };
        Ok(cluster)
    }

    /// Where it listens.
    pub(super) fn port(&self) -> u16 {
        self.port
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.undertaker.stdin.take());
        // Nothing can be done about a failure here, and the tests' result matters more.
        let _ = self.undertaker.wait();
    }
}

/// What is needed to make and to stop a cluster.
struct Place {
    programs: PathBuf,
    account: Account,
    folder: PathBuf,
}

impl Place {
    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn program(&self, name: &str) -> Result<Command> {
        let mut command = self.account.command(self.programs.join(name))?;
        command.current_dir(env::temp_dir());
        Ok(command)
    }

    /// Starts the process that outlives this one, out of reach of Ctrl-C.
    fn undertaker(&self) -> Result<Child> {
        let mut stop = self.program("pg_ctl")?;
        stop.args(["stop", "--silent", "--mode=immediate", "--pgdata"]).arg(self.data());
        Command::new("sh")
            .args(["-c", UNDERTAKER, "sh"])
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
        shell::quietly(
            self.program("initdb")?
                .args(["--username=postgres", "--auth=trust", "--no-sync"])
                .args(["--encoding=UTF8", "--no-locale", "--pgdata"])
                .arg(self.data()),
        )
    }

    /// Starts the server and answers once it accepts connections.
    fn serve(&self) -> Result<u16> {
        let port = free_port()?;
        let mut file = OpenOptions::new()
            .append(true)
            .open(self.data().join("postgresql.conf"))
            .context("cannot write postgresql.conf")?;
        file.write_all(settings(port, &self.folder).as_bytes())?;
        drop(file);

        let log = self.folder.join("log");
        let started = shell::quietly(
            self.program("pg_ctl")?
                .args(["start", "--silent", "--wait", "--timeout=60", "--log"])
                .arg(&log)
                .arg("--pgdata")
                .arg(self.data()),
        );
        started.with_context(|| {
            let log = fs::read_to_string(&log).unwrap_or_default();
            format!("the server does not start\n{log}")
        })?;
        Ok(port)
    }
}

/// Loopback only, room for many test programs at once, and nothing that makes it survive a power cut.
///
/// A later line wins over an earlier one, so a second attempt just adds its own.
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

/// A folder nobody else can look into, below the system's temporary one.
fn new_folder() -> Result<PathBuf> {
    let folder = env::temp_dir().join(format!("vestibule-postgres-{}", process::id()));
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("cannot make {}", folder.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_one_to_a_line_and_quoted() {
        let text = settings(5433, Path::new("/tmp/o'clock"));
        assert!(text.contains("\nport = 5433\n"));
        assert!(text.contains("\nunix_socket_directories = '/tmp/o''clock'\n"));
        assert!(text.lines().skip(1).all(|line| line.contains(" = ")));
    }

    #[test]
    fn the_undertaker_works_whether_or_not_the_server_stops() {
        let folder = env::temp_dir().join(format!("vestibule-undertaker-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let undertaker = Command::new("sh")
            .args(["-c", UNDERTAKER, "sh"])
            .arg(&folder)
            .arg("false")
            .process_group(0)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        assert!(folder.exists());
        drop(Cluster { port: 0, undertaker });
        assert!(!folder.exists());
    }
}
