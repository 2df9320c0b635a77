//! Processes of the service and of the baselines, on separate cores.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::Bench;
use super::client::request;

/// Path of the authenticated request that most benchmarks send.
pub(super) const ME: &str = "/api/v1/auth/me";

const TIMEOUT: Duration = Duration::from_secs(30);

/// Cores of a server and of the load generator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cores {
    /// The server on the first core, the load on the second.
    One,
    /// Server and load generator on any core.
    All,
}

impl Cores {
    /// Returns the command prefix of a server.
    pub(super) fn server_prefix(self) -> &'static [&'static str] {
        if self == Self::One { &["taskset", "--cpu-list", "0"] } else { &["env"] }
    }

    /// Returns the command prefix of the load generator.
    pub(super) fn load_prefix(self) -> &'static [&'static str] {
        if self == Self::One { &["taskset", "--cpu-list", "1"] } else { &["env"] }
    }

    /// Returns the number of cores of a server.
    pub(super) fn count(self) -> usize {
        if self == Self::One {
            1
        } else {
            std::thread::available_parallelism().map_or(1, usize::from)
        }
    }
}

/// A running server; killed when dropped.
pub(super) struct Server {
    child: Child,
    /// `127.0.0.1` and its port.
    pub(super) address: String,
    /// Time from its start to its first response.
    pub(super) started_in: Duration,
}

/// Settings of a service to start.
pub(super) struct Service<'a> {
    pub(super) cores: Cores,
    /// Folder for data and logs.
    pub(super) folder: &'a Path,
    /// Database URL; `None` for SQLite in the folder.
    pub(super) database: Option<&'a str>,
    /// Command prefix, such as valgrind.
    pub(super) prefix: &'a [String],
    pub(super) arguments: &'a [&'a str],
    /// Additional environment variables.
    pub(super) variables: &'a [(&'a str, &'a str)],
}

impl<'a> Service<'a> {
    /// Creates default settings, with SQLite.
    pub(super) fn on(cores: Cores, folder: &'a Path) -> Self {
        Self { cores, folder, database: None, prefix: &[], arguments: &[], variables: &[] }
    }

    /// Starts the service without rate limits and waits until it is ready.
    pub(super) fn start(&self, bench: &Bench) -> Result<Server> {
        let address = free_address()?;
        let program = bench.programs.service.display().to_string();
        let words: Vec<String> = words(self.cores.server_prefix())
            .chain(self.prefix.iter().cloned())
            .chain([program])
            .chain(words(&["serve", "--listen", &address]))
            .chain(words(self.arguments))
            .collect();
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .env("VESTIBULE_SERVER__PUBLIC_URL", "https://accounts.example.com")
            .env("VESTIBULE_SERVER__DATA_DIR", self.folder.join("data"))
            .env("VESTIBULE_LIMITS__ENABLED", "false")
            .envs(self.variables.iter().copied())
            .stderr(File::create(self.folder.join("log"))?);
        if let Some(url) = self.database {
            command.env("VESTIBULE_DATABASE__URL", url);
        }
        Server::start(command, address, "/health/ready")
    }
}

/// Converts words to owned strings.
fn words<'a>(words: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    words.iter().map(|word| (*word).to_owned())
}

/// Returns a free loopback address.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Starts a baseline server, which only sends a fixed response.
pub(super) fn start_baseline(bench: &Bench, kind: &str, cores: Cores) -> Result<Server> {
    let address = free_address()?;
    let (first, rest) = (cores.server_prefix()[0], &cores.server_prefix()[1..]);
    let mut command = Command::new(first);
    command.args(rest).arg(&bench.programs.baselines).args([kind, &address]);
    Server::start(command, address, ME)
}

/// Runs a baseline that is not a server and returns the rate per second that it prints.
pub(super) fn baseline_rate(bench: &Bench, cores: Cores, arguments: &[&str]) -> Result<f64> {
    let mut command = Command::new(cores.server_prefix()[0]);
    command.args(&cores.server_prefix()[1..]).arg(&bench.programs.baselines).args(arguments);
    Ok(crate::shell::read(&mut command)?.trim().parse()?)
}

impl Server {
    fn start(mut command: Command, address: String, path: &str) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let child = command.spawn().context("cannot start the server")?;
        let mut server = Self { child, address, started_in: Duration::ZERO };
        // The server may answer 503 until it is ready.
        while !matches!(request(&server.address, "GET", path, ""), Ok((200, _))) {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server ended: {status}");
            }
            if start.elapsed() > TIMEOUT {
                bail!("the server does not answer");
            }
            sleep(Duration::from_millis(1));
        }
        server.started_in = start.elapsed();
        Ok(server)
    }

    /// Returns the memory usage in MiB.
    pub(super) fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(self.proc("status"))?;
        let kib = |name: &str| -> Result<f64> {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .context("no memory figures")?;
            Ok(line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
        };
        Ok(Memory { resident: kib("VmRSS")?, own: kib("RssAnon")?, peak: kib("VmHWM")? })
    }

    /// Resets the peak of the memory usage.
    pub(super) fn reset_peak(&self) -> Result<()> {
        Ok(fs::write(self.proc("clear_refs"), "5")?)
    }

    /// Returns the process id.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn proc(&self, file: &str) -> PathBuf {
        // The command prefix executes the program in the same process.
        PathBuf::from(format!("/proc/{}/{file}", self.pid()))
    }

    /// Stops the server gracefully.
    pub(super) fn stop(mut self) -> Result<()> {
        let pid = self.pid().to_string();
        crate::shell::run(Command::new("kill").args(["-INT", &pid]))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may already have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory usage in MiB.
pub(super) struct Memory {
    /// Resident memory, including pages of the binary.
    pub(super) resident: f64,
    /// Resident memory without file-backed pages.
    pub(super) own: f64,
    /// Peak of the resident memory.
    pub(super) peak: f64,
}
