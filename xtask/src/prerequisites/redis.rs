//! A Redis or Valkey server for the tests: the one of the environment variable, or a temporary one.
//!
//! Some tests stop and kill servers of their own, so they also get the program.

use std::fs::{self, DirBuilder};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use std::{env, process};

use anyhow::{Context as _, Result, bail};

use super::packages::on_path;
use super::{Provided, packages, path_from_env};
use crate::shell;

/// Environment variable with the URL of the server.
const VARIABLE: &str = "VESTIBULE_TEST_REDIS_URL";

/// Environment variable with the path of the server program.
const PROGRAM: &str = "VESTIBULE_TEST_REDIS_SERVER";

/// Server programs, in order of preference.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// Number of attempts: another process can take a free port before the server binds it.
const ATTEMPTS: u32 = 3;

/// Maximum time until the server answers.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Shell script that runs a server until the end of its input: `$1` is the folder, the rest the
/// command.
///
/// The input also ends if this program is killed, so the server never outlives it.
const SUPERVISOR_SCRIPT: &str = r#"
trap '' HUP INT TERM
folder=$1
shift
"$@" </dev/null >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -KILL "$server"
wait "$server"
rm -rf -- "$folder"
"#;

/// Finds or starts a server.
pub(super) fn provide(root: &Path) -> Result<Provided> {
    let program = if let Some(program) = installed() {
        program
    } else {
        packages::install(&["redis-server"])?;
        installed().context("installed, but the program was not found")?
    };
    let mut variables = vec![(PROGRAM.to_owned(), program.clone().into())];
    if let Ok(url) = env::var(VARIABLE)
        && !url.is_empty()
    {
        variables.push((VARIABLE.to_owned(), url.into()));
        return Ok(Provided { variables, running: None });
    }
    let server = start(root, &program)?;
    eprintln!("Redis for tests listens on port {}", server.port);
    let url = format!("redis://127.0.0.1:{}/", server.port);
    variables.push((VARIABLE.to_owned(), url.into()));
    Ok(Provided { variables, running: Some(Box::new(server)) })
}

fn installed() -> Option<PathBuf> {
    path_from_env(PROGRAM).or_else(|| PROGRAMS.into_iter().find_map(on_path))
}

/// A running server; dropping it stops it and removes its files.
struct Server {
    port: u16,
    supervisor: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        // A failure here must not hide the result of the tests.
        let _ = self.supervisor.wait();
    }
}

fn start(root: &Path, program: &Path) -> Result<Server> {
    let mut attempt = 1;
    loop {
        match attempt_start(root, program) {
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            result => return result,
        }
    }
}

/// Starts the server in a new folder and waits until it answers.
fn attempt_start(root: &Path, program: &Path) -> Result<Server> {
    let folder = shell::target(root).join(format!("redis-{}", process::id()));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot create {}", folder.display()))?;
    // The server reports its folder with symbolic links resolved.
    let folder =
        folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let port = free_port()?;
    let supervisor = Command::new("sh")
        .args(["-c", SUPERVISOR_SCRIPT, "sh"])
        .arg(&folder)
        .arg(program)
        .args(["--bind", "127.0.0.1", "--port", &port.to_string()])
        .args(["--save", "", "--appendonly", "no", "--daemonize", "no", "--dir"])
        .arg(&folder)
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start sh")?;
    // From here on, an early return cleans up.
    let server = Server { port, supervisor };
    let deadline = Instant::now() + TIMEOUT;
    while !is_our_server(port, &folder) {
        if Instant::now() > deadline {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            bail!("the server did not start\n{log}");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

/// Returns `true` if the server on this port answers and uses this folder.
fn is_our_server(port: u16, folder: &Path) -> bool {
    let query = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"CONFIG GET dir\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    let folder = folder.to_string_lossy();
    query().is_ok_and(|answer: String| answer.lines().any(|line| line == folder))
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_ends_with_its_supervisor_and_its_files_are_removed() {
        let folder = env::temp_dir().join(format!("vestibule-supervisor-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let supervisor = Command::new("sh")
            .args(["-c", SUPERVISOR_SCRIPT, "sh"])
            .arg(&folder)
            // A server that ignores signals, as one that hangs does.
            .args(["sh", "-c", "echo here; trap '' TERM; while :; do sleep 1; done"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(Server { port: 0, supervisor });
        assert!(!folder.exists());
    }

    #[test]
    fn a_server_that_does_not_run_is_not_detected() {
        assert!(!is_our_server(free_port().unwrap(), Path::new("/")));
    }
}
