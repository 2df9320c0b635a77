//! The same requests with growing numbers of users.

use anyhow::Result;

use super::SIGN_IN;
use crate::bench::Bench;
use crate::bench::client::{sign_in_body, sign_up};
use crate::bench::load::{Load, Outcome};
use crate::bench::row::{Row, Target, rates};
use crate::bench::server::{Cores, ME, Server, Service, baseline_rate};

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
    let requests: [(&str, Measure<'_>); 2] = [("sign-in", &sign_in), ("`/me`", &me)];
    let mut rows = Vec::new();
    for (label, send) in requests {
        let runs: Vec<Box<dyn Fn() -> Result<Outcome>>> = services
            .iter()
            .map(|service| Box::new(move || send(service)) as Box<dyn Fn() -> Result<Outcome>>)
            .collect();
        let candidates: Vec<&dyn Fn() -> Result<Outcome>> = runs.iter().map(|run| &**run).collect();
        let measured = bench.alternate(&candidates)?;
        for (number, ((_, name), rounds)) in sizes.iter().zip(&measured).enumerate() {
            let row = Row::rate(format!("{label}, {name} users"), rounds);
            rows.push(if number == 0 {
                row
            } else {
                row.over(&format!("{} users", USERS[0].1), &rates(rounds), &rates(&measured[0]))
                    .with_target(Target::AtLeast(0.95))
            });
        }
    }
    Ok(rows)
}

fn populated(bench: &Bench, users: u32) -> Result<Populated> {
    let folder = bench.folder(&format!("users-{users}"))?;
    // The first start creates the database.
    Service::on(Cores::One, &folder).start(bench)?.stop()?;
    let file = folder.join("data/vestibule.db").display().to_string();
    baseline_rate(bench, Cores::All, &["populate", &file, &users.to_string()])?;
    // Without the session cache every request reads the database, whose size is the subject.
    let variables = &[("VESTIBULE_SESSIONS__MAX_STALENESS", "0s")];
    let server = Service { variables, ..Service::on(Cores::One, &folder) }.start(bench)?;
    sign_up(&server.address, "anna")?;
    // Another user: beyond fifty sessions, each sign-in ends the user's oldest session.
    let token = sign_up(&server.address, "berta")?;
    Ok(Populated { server, token })
}
