//! Latency and throughput of other requests while sign-ins saturate the processor.

use anyhow::Result;

use super::SIGN_IN;
use crate::bench::Bench;
use crate::bench::client::{sign_in_body, sign_up};
use crate::bench::load::{Load, Outcome};
use crate::bench::row::{Row, Target, median, rates};
use crate::bench::server::{Cores, ME, Service};

/// Connections that sign in continuously.
const SIGN_IN_CONNECTIONS: u32 = 200;
/// Ratio of the sign-in rate to the hashing capacity under overload.
const OVERLOAD: f64 = 10.0;
/// Connections under overload; requests may wait a second.
const OVERLOAD_CONNECTIONS: u32 = 1000;
/// Connections that send `/me`.
const ME_CONNECTIONS: u32 = 8;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder("saturation")?;
    let server = Service::on(Cores::All, &folder).start(bench)?;
    sign_up(&server.address, "anna")?;
    // Another user: beyond fifty sessions, each sign-in ends the user's oldest session.
    let token = sign_up(&server.address, "berta")?;
    let (body, seconds) = (sign_in_body("anna"), bench.seconds);
    let me =
        Load { token: Some(&token), ..Load::get(&server.address, ME, ME_CONNECTIONS, Cores::All) };
    let sign_in = Load::get(&server.address, SIGN_IN, SIGN_IN_CONNECTIONS, Cores::All).post(&body);
    let capacity = sign_in.run(bench, seconds)?.rate;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let rate_limit = Some((capacity * OVERLOAD) as u32);
    let overload = Load { connections: OVERLOAD_CONNECTIONS, rate_limit, ..sign_in };

    let with_load = |load: &Load<'_>| -> Result<(Outcome, Outcome)> {
        let signing_in = load.start(bench, seconds + 1, "sign-ins")?;
        let me = me.run(bench, seconds)?;
        Ok((me, signing_in.outcome()?))
    };
    let alone = || Ok((me.run(bench, seconds)?, Outcome::from_rate(0.0)));
    let (saturated, overloaded) = (|| with_load(&sign_in), || with_load(&overload));
    let measured = bench.alternate(&[&alone, &saturated, &overloaded])?;
    let [alone, saturated, overloaded] = &measured[..] else {
        unreachable!("one list per candidate")
    };
    let (alone, _) = split(alone);
    let mut rows = vec![Row::rate(format!("`/me` on {ME_CONNECTIONS} connections, alone"), &alone)];
    for (label, rounds) in [
        (format!("{SIGN_IN_CONNECTIONS} clients sign in continuously"), saturated),
        (format!("sign-ins arrive at {OVERLOAD} times the hashing capacity"), overloaded),
    ] {
        let (me, signing_in) = split(rounds);
        let p99: Vec<f64> = me.iter().map(|outcome| outcome.latency[2]).collect();
        // The rate of `/me` alone, scaled by the share of the processor that sign-ins leave.
        let remaining: Vec<f64> = alone
            .iter()
            .zip(&signing_in)
            .map(|(alone, signing_in)| alone.rate * (1.0 - signing_in.rate / capacity))
            .collect();
        let rejected: Vec<f64> = signing_in.iter().map(|outcome| share(outcome, 503)).collect();
        rows.extend([
            Row::rate(format!("`/me` while {label}"), &me)
                .over("remaining capacity", &rates(&me), &remaining)
                .with_target(Target::AtLeast(0.8)),
            Row::of(format!("p99 of `/me` while {label}"), median(&p99), " ms")
                .with_target(Target::AtMost(10.0)),
            Row::rate("sign-ins at the same time", &signing_in),
            Row::of("of these, rejected with 503", median(&rejected) * 100.0, " %"),
        ]);
    }
    Ok(rows)
}

/// Splits rounds into the outcomes of `/me` and of the sign-ins.
fn split(rounds: &[(Outcome, Outcome)]) -> (Vec<Outcome>, Vec<Outcome>) {
    rounds.iter().cloned().unzip()
}

/// Returns the share of the responses with a status.
#[expect(clippy::cast_precision_loss, reason = "exact below 2^53")]
fn share(outcome: &Outcome, status: u16) -> f64 {
    let all: u64 = outcome.statuses.values().sum();
    outcome.statuses.get(&status).copied().unwrap_or_default() as f64 / all as f64
}
