//! The service as a child process, with a new data directory.

use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sea_orm::DatabaseConnection;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;
use vestibule_testkit::smtp::SmtpSink;

use crate::database::Database;

/// The configured public URL. Links in mails begin with it, not with the address of the socket.
pub(crate) const PUBLIC_URL: &str = "https://accounts.example.com";

/// Variables that a service inherits from the tests: paths of programs, and the fault to inject.
const INHERITED: [&str; 3] = ["PATH", "HOME", "VESTIBULE_FAULT"];

/// Settings, arguments and environment of a service.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) database: Database,
    variables: Vec<(String, String)>,
    arguments: Vec<String>,
    shell: Option<&'static str>,
}

impl Setup {
    /// A service with that database, without rate limits and SMTP settings.
    pub(crate) fn on(database: Database) -> Self {
        let mut setup =
            Self { database, variables: Vec::new(), arguments: Vec::new(), shell: None };
        setup.set("VESTIBULE_SERVER__PUBLIC_URL", PUBLIC_URL);
        setup.set("VESTIBULE_LIMITS__ENABLED", "false");
        if let Some(url) = setup.database.url().map(str::to_owned) {
            setup.set("VESTIBULE_DATABASE__URL", &url);
        }
        setup
    }

    /// Sends mail to this SMTP server, unencrypted.
    pub(crate) fn mailing_to(self, smtp: &SmtpSink) -> Self {
        self.with("VESTIBULE_MAIL__HOST", "127.0.0.1")
            .with("VESTIBULE_MAIL__PORT", &smtp.port().to_string())
            .with("VESTIBULE_MAIL__SECURITY", "none")
            .with("VESTIBULE_MAIL__FROM_ADDRESS", "accounts@example.com")
    }

    /// Disables the session cache, for tests that change the database directly.
    pub(crate) fn reading_every_session(self) -> Self {
        self.with("VESTIBULE_SESSIONS__MAX_STALENESS", "0s")
    }

    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.set(variable, value);
        self
    }

    pub(crate) fn with_argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Starts the binary from a shell command, in which `exec "$0" "$@"` runs it.
    pub(crate) fn under(mut self, shell: &'static str) -> Self {
        self.shell = Some(shell);
        self
    }

    fn set(&mut self, variable: &str, value: &str) {
        self.variables.retain(|(name, _)| name != variable);
        self.variables.push((variable.to_owned(), value.to_owned()));
    }

    /// A command of the binary, with only this environment.
    pub(crate) fn command(&self, data_dir: &Path, arguments: &[&str]) -> Command {
        let binary = env!("CARGO_BIN_EXE_vestibule");
        let mut command = match self.shell {
            None => Command::new(binary),
            Some(line) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", line, binary]);
                shell
            }
        };
        command
            .current_dir(data_dir)
            .env_clear()
            .envs(std::env::vars().filter(|(name, _)| INHERITED.contains(&name.as_str())))
            .envs(self.variables.iter().cloned())
            .env("VESTIBULE_SERVER__DATA_DIR", data_dir)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub(crate) async fn start(self) -> Service {
        let data = TempDir::new().unwrap();
        self.start_in(data).await
    }

    pub(crate) async fn start_in(self, data: TempDir) -> Service {
        let log = Log::default();
        let (child, base) = launch(&self, data.path(), &log).await;
        Service { setup: self, data, child, base, log, http: client() }
    }
}

/// A running service.
pub(crate) struct Service {
    pub(crate) setup: Setup,
    pub(crate) data: TempDir,
    child: Child,
    base: String,
    pub(crate) log: Log,
    pub(crate) http: reqwest::Client,
}

impl Service {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Address and port, for tests that write raw HTTP.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("a running service")
    }

    /// Kills the process with SIGKILL.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts the service again with the same data.
    pub(crate) async fn restart(&mut self) {
        let (child, base) = launch(&self.setup, self.data.path(), &self.log).await;
        (self.child, self.base) = (child, base);
    }

    /// Sends SIGTERM and returns the exit status.
    pub(crate) async fn terminate(&mut self) -> ExitStatus {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().await.unwrap();
        assert!(sent.success());
        let ended = tokio::time::timeout(Duration::from_secs(30), self.child.wait());
        ended.await.expect("an end within 30 s").unwrap()
    }

    /// Opens a separate connection to its database.
    pub(crate) async fn database(&self) -> DatabaseConnection {
        self.setup.database.connect(self.data.path()).await
    }

    /// Runs a command of the binary with the same data and returns its standard output.
    pub(crate) async fn run(&self, arguments: &[&str]) -> String {
        let output = self.setup.command(self.data.path(), arguments).output().await.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }
}

async fn launch(setup: &Setup, data_dir: &Path, log: &Log) -> (Child, String) {
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0"];
    arguments.extend(setup.arguments.iter().map(String::as_str));
    let mut child = setup.command(data_dir, &arguments).spawn().unwrap();
    let since = log.len();
    log.follow(child.stderr.take().unwrap());
    let ready = log.wait_for(since, |line| line["message"] == "ready").await;
    let address = ready["address"].as_str().unwrap().to_owned();
    (child, address)
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().timeout(Duration::from_mins(1)).build().unwrap()
}

/// Polls a condition; returns `false` after the time limit.
pub(crate) async fn eventually(limit: Duration, condition: impl AsyncFn() -> bool) -> bool {
    let met = tokio::time::timeout(limit, async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while !condition().await {
            looks.tick().await;
        }
    });
    met.await.is_ok()
}

/// The log output of the service.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    changed: Arc<watch::Sender<()>>,
}

impl Default for Log {
    fn default() -> Self {
        Self { lines: Arc::default(), changed: Arc::new(watch::Sender::new(())) }
    }
}

impl Log {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    fn len(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    fn follow(&self, stderr: tokio::process::ChildStderr) {
        let log = self.clone();
        #[expect(clippy::disallowed_methods, reason = "ends with the child")]
        tokio::task::spawn(async move {
            let mut lines = BufReader::new(stderr).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                log.lines.lock().unwrap().push(line);
                log.changed.send_replace(());
            }
        });
    }

    /// Waits for a JSON line, from line `since` on, that matches.
    pub(crate) async fn wait_for(&self, since: usize, wanted: impl Fn(&Value) -> bool) -> Value {
        let find = || {
            let lines = self.lines();
            let mut parsed =
                lines[since..].iter().filter_map(|line| serde_json::from_str(line).ok());
            parsed.find(&wanted)
        };
        let mut changes = self.changed.subscribe();
        let found = tokio::time::timeout(Duration::from_secs(30), async {
            loop {
                if let Some(line) = find() {
                    return line;
                }
                changes.changed().await.unwrap();
            }
        });
        found.await.unwrap_or_else(|_| panic!("a line was awaited in vain: {:#?}", self.lines()))
    }
}
