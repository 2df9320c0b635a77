//! Instructions of an authenticated request, counted by valgrind: the same on a noisy machine, and
//! nearly the same on another one.

use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::Bench;
use super::ask::{Client, sign_up};
use super::parts::ME;
use super::row::{Aim, Row};
use super::server::{Cores, Service};
use crate::needs;
use crate::shell;

/// What a request took when this was last looked at, in thousands. One that takes 5 % more fails;
/// one that takes much less is a reason to lower it.
const BUDGET: f64 = 128.0;
const TOLERANCE: f64 = 1.05;

/// So many come first: connections, caches and lazy statics are made once.
const WARM_UP: u32 = 200;
const REQUESTS: u32 = 1000;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    needs::valgrind()?;
    let folder = bench.folder("instructions")?;
    let out = folder.join("callgrind.out");
    let under = [
        "valgrind".to_owned(),
        "--tool=callgrind".to_owned(),
        "--instr-atstart=no".to_owned(),
        format!("--callgrind-out-file={}", out.display()),
    ];
    // Nothing else may be done meanwhile.
    let service =
        Service { under: &under, arguments: &["--no-worker"], ..Service::on(Cores::One, &folder) };
    let server = service.start(bench)?;
    let token = sign_up(&server.address, "anna")?;
    let mut client = Client::connect(&server.address)?;
    let mut ask = |times: u32| -> Result<()> {
        for _ in 0..times {
            let status = client.get(ME, &token)?;
            if status != 200 {
                bail!("/me: {status}");
            }
        }
        Ok(())
    };
    ask(WARM_UP)?;
    let counting = |word: &str| {
        let pid = server.pid().to_string();
        shell::quietly(Command::new("callgrind_control").args([&format!("--instr={word}"), &pid]))
    };
    counting("on")?;
    ask(REQUESTS)?;
    counting("off")?;
    server.stop()?;
    let counted = std::fs::read_to_string(&out).context("callgrind's file")?;
    let total = counted.lines().rev().find_map(|line| line.strip_prefix("totals: "));
    let total: f64 = total.context("a total")?.trim().parse()?;
    let thousands = total / f64::from(REQUESTS) / 1000.0;
    Ok(vec![
        Row::of("instructions of `/me`, in thousands", thousands, "")
            .aiming_at(Aim::AtMost(BUDGET * TOLERANCE)),
    ])
}
