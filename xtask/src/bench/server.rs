//! The service and its floors as processes on cores of their own.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::Bench;
use super::ask::ask;

const PATIENCE: Duration = Duration::from_secs(30);

/// Where a server runs, and where the load comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cores {
    /// The server on the first core, the load on the second.
    One,
    /// Both wherever the system puts them.
    All,
}

impl Cores {
    /// What stands before the command of a server.
    pub(super) fn of_server(self) -> &'static [&'static str] {
        if self == Self::One { &["taskset", "--cpu-list", "0"] } else { &["env"] }
    }

    /// What stands before the command that makes load.
    pub(super) fn of_load(self) -> &'static [&'static str] {
        if self == Self::One { &["taskset", "--cpu-list", "1"] } else { &["env"] }
    }

    /// How many a server has.
    pub(super) fn count(self) -> usize {
        if self == Self::One {
            1
        } else {
            std::thread::available_parallelism().map_or(1, usize::from)
        }
    }
}

/// A server that answers; killed when dropped.
pub(super) struct Server {
    child: Child,
    /// `127.0.0.1` and its port.
    pub(super) address: String,
    /// From its start to its first answer.
    pub(super) started_in: Duration,
}

/// What a service is started with.
pub(super) struct Service<'a> {
    pub(super) cores: Cores,
    /// Where its data is.
    pub(super) folder: &'a Path,
    /// `None` for a file in the folder.
    pub(super) database: Option<&'a str>,
    /// Put before the program, as a debugger is.
    pub(super) under: &'a [String],
    pub(super) arguments: &'a [&'a str],
    /// Beside those that every service here has.
    pub(super) variables: &'a [(&'a str, &'a str)],
}

impl<'a> Service<'a> {
    /// On SQLite, as it is shipped.
    pub(super) fn on(cores: Cores, folder: &'a Path) -> Self {
        Self { cores, folder, database: None, under: &[], arguments: &[], variables: &[] }
    }

    /// Starts it, limits off, and waits until it answers.
    pub(super) fn start(&self, bench: &Bench) -> Result<Server> {
        let address = free_address()?;
        let program = bench.programs.service.display().to_string();
        let words: Vec<String> = words(self.cores.of_server())
            .chain(self.under.iter().cloned())
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

/// The same words, owned.
fn words<'a>(words: &'a [&'a str]) -> impl Iterator<Item = String> + 'a {
    words.iter().map(|word| (*word).to_owned())
}

/// An address that nobody listens on.
fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

/// Starts a server that does nothing but answer.
pub(super) fn floor(bench: &Bench, kind: &str, cores: Cores) -> Result<Server> {
    let address = free_address()?;
    let (first, rest) = (cores.of_server()[0], &cores.of_server()[1..]);
    let mut command = Command::new(first);
    command.args(rest).arg(&bench.programs.floors).args([kind, &address]);
    Server::start(command, address, super::parts::ME)
}

/// What a floor that is no server prints: a rate a second.
pub(super) fn rate(bench: &Bench, cores: Cores, arguments: &[&str]) -> Result<f64> {
    let mut command = Command::new(cores.of_server()[0]);
    command.args(&cores.of_server()[1..]).arg(&bench.programs.floors).args(arguments);
    Ok(crate::shell::read(&mut command)?.trim().parse()?)
}

impl Server {
    fn start(mut command: Command, address: String, path: &str) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn().context("a server")?;
        let mut server = Self { child, address, started_in: Duration::ZERO };
        // Until it is ready it may say that it is not.
        while !matches!(ask(&server.address, "GET", path, ""), Ok((200, _))) {
            if let Some(status) = server.child.try_wait()? {
                bail!("the server has ended: {status}");
            }
            if begun.elapsed() > PATIENCE {
                bail!("the server does not answer");
            }
            sleep(Duration::from_millis(1));
        }
        server.started_in = begun.elapsed();
        Ok(server)
    }

    /// Memory in use, and the most there was, in MiB.
    pub(super) fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(self.proc("status"))?;
        let kib = |name: &str| -> Result<f64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).context("memory")?;
            Ok(line.trim_start_matches(':').trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
        };
        Ok(Memory { resident: kib("VmRSS")?, own: kib("RssAnon")?, peak: kib("VmHWM")? })
    }

    /// From now on the peak is that of what follows.
    pub(super) fn forget_peak(&self) -> Result<()> {
        Ok(fs::write(self.proc("clear_refs"), "5")?)
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    fn proc(&self, file: &str) -> PathBuf {
        // What stands before the program replaces itself by it.
        PathBuf::from(format!("/proc/{}/{file}", self.pid()))
    }

    /// Ends it in good order.
    pub(super) fn stop(mut self) -> Result<()> {
        let pid = self.pid().to_string();
        crate::shell::run(Command::new("kill").args(["-INT", &pid]))?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// MiB.
pub(super) struct Memory {
    /// In all, the program's own pages from its file included.
    pub(super) resident: f64,
    /// Without what is in files.
    pub(super) own: f64,
    /// The most that was resident.
    pub(super) peak: f64,
}
