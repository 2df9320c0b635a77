//! The same work with more and more users.

use anyhow::Result;

use super::{ME, SIGN_IN};
use crate::bench::Bench;
use crate::bench::ask::{sign_in_body, sign_up};
use crate::bench::load::{Load, Outcome};
use crate::bench::row::{Aim, Row, rates};
use crate::bench::server::{Cores, Server, Service, rate};

const USERS: [(u32, &str); 3] = [(1_000, "10³"), (100_000, "10⁵"), (1_000_000, "10⁶")];

type Measure<'a> = &'a dyn Fn(&Populated) -> Result<Outcome>;

struct Populated {
    server: Server,
    token: String,
}

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let sizes = if bench.short { &USERS[..2] } else { &USERS[..] };
    let services: Vec<Populated> =
        sizes.iter().map(|(users, _)| populated(bench, *users)).collect::<Result<_>>()?;
    let body = sign_in_body("anna");
    let sign_in = |service: &Populated| {
        let load = Load::get(&service.server.address, SIGN_IN, 32, Cores::One).post(&body);
        load.run(bench, bench.seconds)
    };
    let me = |service: &Populated| {
        let load = Load::get(&service.server.address, ME, 64, Cores::One);
        Load { token: Some(&service.token), ..load }.run(bench, bench.seconds)
    };
    let acts: [(&str, Measure<'_>); 2] = [("sign-in", &sign_in), ("`/me`", &me)];
    let mut rows = Vec::new();
    for (what, act) in acts {
        let runs: Vec<Box<dyn Fn() -> Result<Outcome>>> = services
            .iter()
            .map(|service| Box::new(move || act(service)) as Box<dyn Fn() -> Result<Outcome>>)
            .collect();
        let candidates: Vec<&dyn Fn() -> Result<Outcome>> = runs.iter().map(|run| &**run).collect();
        let measured = bench.in_turns(&candidates)?;
        for (number, ((_, name), rounds)) in sizes.iter().zip(&measured).enumerate() {
            let row =
                Row::rate(format!("{what}, one core, {name} users, nothing remembered"), rounds);
            rows.push(if number == 0 {
                row
            } else {
                row.over(&format!("{} users", USERS[0].1), &rates(rounds), &rates(&measured[0]))
                    .aiming_at(Aim::AtLeast(0.95))
            });
        }
    }
    Ok(rows)
}

fn populated(bench: &Bench, users: u32) -> Result<Populated> {
    let folder = bench.folder(&format!("users-{users}"))?;
    // Once, so that there is a file with tables.
    Service::on(Cores::One, &folder).start(bench)?.stop()?;
    let file = folder.join("data/vestibule.db").display().to_string();
    rate(bench, Cores::All, &["populate", &file, &users.to_string()])?;
    // Every request asks the database: what is remembered does not grow.
    let variables = &[("VESTIBULE_SESSIONS__MAX_STALENESS", "0s")];
    let server = Service { variables, ..Service::on(Cores::One, &folder) }.start(bench)?;
    sign_up(&server.address, "anna")?;
    // Somebody else: with every sign-in beyond fifty, one's oldest session ends.
    let token = sign_up(&server.address, "berta")?;
    Ok(Populated { server, token })
}
