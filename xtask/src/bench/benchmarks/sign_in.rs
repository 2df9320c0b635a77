//! Sign-ins, limited by password hashing.

use anyhow::Result;

use super::SIGN_IN;
use crate::bench::Bench;
use crate::bench::client::{sign_in_body, sign_up};
use crate::bench::load::Load;
use crate::bench::row::{Row, Target, rates};
use crate::bench::server::{Cores, Service, baseline_rate};

/// Enough connections to keep the hashing queue filled.
const CONNECTIONS: u32 = 32;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (cores, name) in [(Cores::One, "one core"), (Cores::All, "all cores")] {
        let folder = bench.folder(&format!("sign-in-{cores:?}"))?;
        let server = Service::on(cores, &folder).start(bench)?;
        sign_up(&server.address, "anna")?;
        let body = sign_in_body("anna");
        let load = Load::get(&server.address, SIGN_IN, CONNECTIONS, cores).post(&body);
        let seconds = bench.seconds;
        let threads = cores.count().to_string();
        let hashes = |engine: &'static str| {
            let (threads, seconds) = (threads.clone(), seconds.to_string());
            move || {
                let rate = baseline_rate(bench, cores, &["hashes", engine, &threads, &seconds])?;
                Ok(crate::bench::load::Outcome::from_rate(rate))
            }
        };
        let (fast, portable) = (hashes("fast"), hashes("portable"));
        let sign_ins = || load.run(bench, seconds);
        let measured = bench.alternate(&[&sign_ins, &fast, &portable])?;
        let [sign_ins, fast, portable] = &measured[..] else {
            unreachable!("one list per candidate")
        };
        let row = Row::rate(format!("sign-in, {name}"), sign_ins);
        let rates_of = rates(sign_ins);
        rows.push(
            row.clone()
                .over("the fast engine", &rates_of, &rates(fast))
                .with_target(Target::AtLeast(0.95)),
        );
        rows.push(
            Row { latency: None, ..row }
                .over("the crate `argon2`", &rates_of, &rates(portable))
                .with_target(Target::AtLeast(2.5)),
        );
    }
    Ok(rows)
}
