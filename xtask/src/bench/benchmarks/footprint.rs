//! Startup time, idle and peak memory, and size of the binary.

use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;

use super::SIGN_IN;
use crate::bench::Bench;
use crate::bench::client::{sign_in_body, sign_up};
use crate::bench::load::Load;
use crate::bench::row::{Row, Target, median};
use crate::bench::server::{Cores, Service};

/// Memory of a password hash.
const HASH_MIB: f64 = 19.0;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder("footprint")?;
    let service = Service::on(Cores::All, &folder);
    service.start(bench)?.stop()?;
    let (mut starts, mut resident, mut own) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        let server = service.start(bench)?;
        starts.push(server.started_in.as_secs_f64() * 1000.0);
        // By then, the worker and the housekeeping have run once.
        sleep(Duration::from_secs(1));
        let memory = server.memory()?;
        resident.push(memory.resident);
        own.push(memory.own);
        server.stop()?;
    }
    let server = service.start(bench)?;
    let idle = server.memory()?;
    sign_up(&server.address, "anna")?;
    server.reset_peak()?;
    let body = sign_in_body("anna");
    Load::get(&server.address, SIGN_IN, 200, Cores::All).post(&body).run(bench, bench.seconds)?;
    let peak = server.memory()?.peak;
    let cores = u32::try_from(Cores::All.count())?;
    let bound = idle.resident + f64::from(cores) * HASH_MIB + 16.0;

    let binary = std::fs::metadata(&bench.programs.service)?.len();
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
    let binary = binary as f64 / (1024.0 * 1024.0);
    Ok(vec![
        Row::of("startup to first response, existing database", median(&starts), " ms")
            .with_target(Target::AtMost(50.0)),
        Row::of("idle memory, resident", median(&resident), " MiB")
            .with_target(Target::AtMost(15.0)),
        Row::of("idle memory, without file-backed pages", median(&own), " MiB"),
        Row::of("peak memory with 200 concurrent sign-ins", peak, " MiB")
            .with_target(Target::AtMost(bound)),
        Row::of("binary, profile `dist`", binary, " MiB").with_target(Target::AtMost(20.0)),
    ])
}
