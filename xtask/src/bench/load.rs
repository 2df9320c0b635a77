//! Load on a server, made by `oha` for a while, with no pause between two requests of a connection.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::Bench;
use super::server::Cores;

/// What is asked again and again.
#[derive(Clone, Copy)]
pub(super) struct Load<'a> {
    pub(super) address: &'a str,
    pub(super) path: &'a str,
    /// What is sent; nothing is a GET.
    pub(super) body: Option<&'a str>,
    /// A file of bodies to choose from.
    pub(super) bodies: Option<&'a Path>,
    /// Presented as an access token.
    pub(super) token: Option<&'a str>,
    pub(super) connections: u32,
    /// Requests begun a second; nothing is as many as are answered.
    pub(super) a_second: Option<u32>,
    pub(super) cores: Cores,
    /// The status of a success.
    pub(super) success: u16,
}

/// What came of it.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    /// Successes a second.
    pub(super) rate: f64,
    /// How long half, 95 and 99 of a hundred answers took at most, in milliseconds.
    pub(super) latency: [f64; 3],
    /// How often each status was answered.
    pub(super) statuses: BTreeMap<u16, u64>,
}

impl Outcome {
    /// Of something that is no server.
    pub(super) fn bare(rate: f64) -> Self {
        Self { rate, latency: [0.0; 3], statuses: BTreeMap::new() }
    }
}

impl<'a> Load<'a> {
    /// A GET.
    pub(super) fn get(address: &'a str, path: &'a str, connections: u32, cores: Cores) -> Self {
        let (body, bodies, token) = (None, None, None);
        let (a_second, success) = (None, 200);
        Self { address, path, body, bodies, token, connections, a_second, cores, success }
    }

    /// A POST of that body.
    pub(super) fn post(self, body: &'a str) -> Self {
        Self { body: Some(body), ..self }
    }

    /// Runs to its end.
    pub(super) fn run(&self, bench: &Bench, seconds: u64) -> Result<Outcome> {
        self.start(bench, seconds, "load")?.outcome()
    }

    /// Starts, to run beside other load.
    pub(super) fn start(&self, bench: &Bench, seconds: u64, name: &str) -> Result<Running> {
        let out = bench.scratch.join(format!("{name}.json"));
        let before = self.cores.of_load();
        let mut command = Command::new(before[0]);
        command.args(&before[1..]).arg(&bench.programs.oha);
        command.args(["--no-tui", "--output-format", "json", "--disable-compression"]);
        command.args(["-z", &format!("{seconds}s"), "-c", &self.connections.to_string()]);
        if let Some(rate) = self.a_second {
            command.args(["-q", &rate.to_string()]);
        }
        if let Some(token) = self.token {
            command.args(["-H", &format!("Authorization: Bearer {token}")]);
        }
        if self.body.is_some() || self.bodies.is_some() {
            command.args(["-m", "POST", "-T", "application/json"]);
        }
        if let Some(body) = self.body {
            command.args(["-d", body]);
        }
        if let Some(file) = self.bodies {
            command.arg("-Z").arg(file);
        }
        command.arg(format!("http://{}{}", self.address, self.path));
        command.stdin(Stdio::null()).stdout(File::create(&out)?).stderr(Stdio::null());
        let child = command.spawn().context("cannot start oha")?;
        Ok(Running { child, out, success: self.success })
    }
}

/// Load that is being made.
pub(super) struct Running {
    child: Child,
    out: std::path::PathBuf,
    success: u16,
}

impl Running {
    /// Waits for its end.
    pub(super) fn outcome(mut self) -> Result<Outcome> {
        let status = self.child.wait()?;
        if !status.success() {
            bail!("oha: {status}");
        }
        read(&std::fs::read_to_string(&self.out)?, self.success)
    }
}

/// Reads what `oha` says. Requests that were under way at the end are no successes.
fn read(text: &str, success: u16) -> Result<Outcome> {
    let said: Value = serde_json::from_str(text).context("oha's JSON")?;
    let total = said["summary"]["total"].as_f64().context("the time it took")?;
    let statuses: BTreeMap<u16, u64> =
        serde_json::from_value::<BTreeMap<String, u64>>(said["statusCodeDistribution"].clone())?
            .into_iter()
            .map(|(status, count)| Ok((status.parse()?, count)))
            .collect::<Result<_>>()?;
    let successes = statuses.get(&success).copied().unwrap_or_default();
    if successes == 0 {
        bail!("nothing was answered with {success}: {statuses:?}, {}", said["errorDistribution"]);
    }
    let latency = ["p50", "p95", "p99"]
        .map(|name| said["latencyPercentiles"][name].as_f64().unwrap_or_default() * 1000.0);
    #[expect(clippy::cast_precision_loss, reason = "far fewer than a float can count")]
    let rate = successes as f64 / total;
    Ok(Outcome { rate, latency, statuses })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = r#"{
        "summary": {"successRate": 1.0, "total": 2.0, "requestsPerSec": 60.0},
        "latencyPercentiles": {"p50": 0.001, "p95": 0.002, "p99": 0.0035, "p99.9": null},
        "statusCodeDistribution": {"200": 100, "503": 20},
        "errorDistribution": {"aborted due to deadline": 10}
    }"#;

    #[test]
    fn only_successes_make_a_rate() {
        let outcome = read(SAID, 200).unwrap();
        assert!((outcome.rate - 50.0).abs() < 1e-9);
        assert_eq!(outcome.statuses, BTreeMap::from([(200, 100), (503, 20)]));
        assert!((outcome.latency[2] - 3.5).abs() < 1e-9);
    }

    #[test]
    fn load_that_never_succeeded_is_an_error() {
        let error = read(SAID, 201).unwrap_err().to_string();
        assert!(error.contains("503"), "{error}");
    }
}
