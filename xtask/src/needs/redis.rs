//! A Redis server for the tests, or Valkey, which is one too.
//!
//! The one the environment names, or a throwaway one that keeps nothing, of a program that is installed first where that is possible.
//! Some tests stop and kill servers, so they also get the program.

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
use super::{Met, chosen, packages};
use crate::shell;

/// Where the tests look for the server.
const VARIABLE: &str = "VESTIBULE_TEST_REDIS_URL";

/// Where they find the program; whoever sets it chooses another one.
const PROGRAM: &str = "VESTIBULE_TEST_REDIS_SERVER";

/// What speaks the protocol, the first that is there.
const PROGRAMS: [&str; 2] = ["redis-server", "valkey-server"];

/// A free port can be taken by somebody else before the server asks for it.
const ATTEMPTS: u32 = 3;

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Runs the server that stands behind `$1`, its folder, until the end of the input, whatever ends it.
const KEEPER: &str = r#"
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
pub(super) fn meet(root: &Path) -> Result<Met> {
    let program = if let Some(program) = installed() {
        program
    } else {
        packages::install(&["redis-server"])?;
        installed().context("it was installed, but its program cannot be found")?
    };
    let mut variables = vec![(PROGRAM.to_owned(), program.clone().into())];
    if let Ok(url) = env::var(VARIABLE)
        && !url.is_empty()
    {
        variables.push((VARIABLE.to_owned(), url.into()));
        return Ok(Met { variables, running: None });
    }
    let server = start(root, &program)?;
    eprintln!("Redis for the tests listens on port {}", server.port);
    let url = format!("redis://127.0.0.1:{}/", server.port);
    variables.push((VARIABLE.to_owned(), url.into()));
    Ok(Met { variables, running: Some(Box::new(server)) })
}

fn installed() -> Option<PathBuf> {
    chosen(PROGRAM).or_else(|| PROGRAMS.into_iter().find_map(on_path))
}

/// A running server; dropping it stops it and removes everything it wrote.
struct Server {
    port: u16,
    keeper: Child,
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing can be done about a failure here, and the tests' result matters more.
        let _ = self.keeper.wait();
    }
}

fn start(root: &Path, program: &Path) -> Result<Server> {
    let mut attempt = 1;
    loop {
        match attempt_start(root, program) {
            Err(_) if attempt < ATTEMPTS => attempt += 1,
            answer => return answer,
        }
    }
}

/// Starts the server in a new folder and answers once it does.
fn attempt_start(root: &Path, program: &Path) -> Result<Server> {
    let folder = shell::target(root).join(format!("redis-{}", process::id()));
    let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
    made.with_context(|| format!("cannot make {}", folder.display()))?;
    // As the server will call it, also where the way there leads over a link.
    let folder =
        folder.canonicalize().with_context(|| format!("cannot find {}", folder.display()))?;
    let port = free_port()?;
    let keeper = Command::new("sh")
        .args(["-c", KEEPER, "sh"])
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
    // From here on, returning early cleans up.
    let server = Server { port, keeper };
    let patience = Instant::now() + PATIENCE;
    while !is_ours(port, &folder) {
        if Instant::now() > patience {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            bail!("the server does not start\n{log}");
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(server)
}

/// Whether a server answers there, and is the one of this folder.
fn is_ours(port: u16, folder: &Path) -> bool {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(1)))?;
        stream.write_all(b"CONFIG GET dir\r\nQUIT\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).map(|_| answer)
    };
    let folder = folder.to_string_lossy();
    ask().is_ok_and(|answer: String| answer.lines().any(|line| line == folder))
}

fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_ends_with_its_keeper_and_leaves_nothing() {
        let folder = env::temp_dir().join(format!("vestibule-keeper-{}", process::id()));
        fs::create_dir(&folder).unwrap();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh"])
            .arg(&folder)
            // A server that ignores what it is told, as one that hangs does.
            .args(["sh", "-c", "echo here; trap '' TERM; while :; do sleep 1; done"])
            .process_group(0)
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        drop(Server { port: 0, keeper });
        assert!(!folder.exists());
    }

    #[test]
    fn nobody_answers_for_a_server_that_is_not_there() {
        assert!(!is_ours(free_port().unwrap(), Path::new("/")));
    }
}
