//! Number of instructions of an authenticated request, counted by valgrind.
//!
//! The number does not depend on other load of the machine, and little on the machine itself.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Bench;
use super::client::{Client, sign_up};
use super::row::{Row, Target};
use super::server::{Cores, ME, Service};
use crate::prerequisites;
use crate::shell;

/// Expected instructions of a request, in thousands. Exceeding it by the tolerance is a failure;
/// lower it if requests take much less.
const BUDGET: f64 = 128.0;
const TOLERANCE: f64 = 1.05;

/// Requests before counting starts, to fill connection pools, caches and lazy statics.
const WARM_UP: u32 = 200;
const REQUESTS: u32 = 1000;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    prerequisites::valgrind()?;
    let folder = bench.folder("instructions")?;
    let out = folder.join("callgrind.out");
    let prefix = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        "--instr-atstart=no".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
    ];
    // No worker: its instructions would be counted too.
    let service = Service {
        prefix: &prefix,
        arguments: &["--no-worker"],
        ..Service::on(Cores::One, &folder)
    };
    let server = service.start(bench)?;
    let token = sign_up(&server.address, "anna")?;
    let mut client = Client::connect(&server.address)?;
    let mut send = |times: u32| -> Result<()> {
        for _ in 0..times {
            let status = client.get(ME, &token)?;
            if status != 200 {
                bail!("/me returned {status}");
            }
        }
        Ok(())
    };
    send(WARM_UP)?;
    let set_counting = |state: &str| {
        let pid = server.pid().to_string();
        shell::run_quietly(
            Command::new("callgrind_control").args([&format!("--instr={state}"), &pid]),
        )
    };
    set_counting("on")?;
    send(REQUESTS)?;
    set_counting("off")?;
    server.stop()?;
    let counted = std::fs::read_to_string(&out).context("cannot read the output of callgrind")?;
    let total = counted.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    let total: f64 = total.context("no total in the output of callgrind")?.trim().parse()?;
    let thousands = total / f64::from(REQUESTS) / 1000.0;
    Ok(vec![
        Row::of("instructions of `/me`, in thousands", thousands, "")
            .with_target(Target::AtMost(BUDGET * TOLERANCE)),
    ])
}
