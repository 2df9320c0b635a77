//! A service that need not be ready, and may be told to stop before it is.

use std::net::TcpListener;
use std::path::Path;
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::service::Setup;
use crate::wire::{Draft, Wire};

/// Upper limit for any step on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Starts the service on a port that was free, because waiting for its log line would take too long.
pub(crate) fn spawn(setup: &Setup, data: &Path, log: Stdio) -> (Child, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let mut command = setup.command(data, &["serve", "--listen", &address]);
    (command.stderr(log).spawn().unwrap(), address)
}

pub(crate) struct Starting {
    child: Child,
    address: String,
    pub(crate) data: TempDir,
}

impl Starting {
    /// Starts it in a new folder, and waits for nothing.
    pub(crate) fn of(setup: &Setup) -> Self {
        Self::within(setup, TempDir::new().unwrap())
    }

    pub(crate) fn within(setup: &Setup, data: TempDir) -> Self {
        let (child, address) = spawn(setup, data.path(), Stdio::piped());
        Self { child, address, data }
    }

    /// The status of an answer; `None` as long as no service listens.
    pub(crate) async fn status(&self, draft: &Draft) -> Option<u16> {
        Some(Wire::reach(&self.address).await.ok()?.exchange(draft).await.status)
    }

    /// Sends SIGTERM.
    pub(crate) async fn tell_to_stop(&self) {
        // It may have ended by itself.
        let Some(pid) = self.child.id() else { return };
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().await.unwrap();
    }

    /// Returns the exit status if the process ends within the limit.
    pub(crate) async fn end_within(&mut self, limit: Duration) -> Option<ExitStatus> {
        Some(timeout(limit, self.child.wait()).await.ok()?.unwrap())
    }

    /// Sends SIGTERM twice, which skips the drain; returns the exit status and the output.
    pub(crate) async fn stop(self) -> Output {
        self.tell_to_stop().await;
        self.tell_to_stop().await;
        let ending = timeout(PATIENCE, self.child.wait_with_output());
        ending.await.expect("an end").unwrap()
    }
}
