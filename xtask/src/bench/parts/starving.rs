//! What becomes of everybody else while passwords are hashed as fast as can be.

use anyhow::Result;

use super::{ME, SIGN_IN};
use crate::bench::Bench;
use crate::bench::ask::{sign_in_body, sign_up};
use crate::bench::load::{Load, Outcome};
use crate::bench::row::{Aim, Row, median, rates};
use crate::bench::server::{Cores, Service};

/// Who signs in without pause.
const SIGNING_IN: u32 = 200;
/// So many times what can be hashed is asked for.
const OVERLOAD: f64 = 10.0;
/// Enough for whoever is asked to wait a second.
const OVERLOADING: u32 = 1000;
/// Who asks beside them.
const ASKING: u32 = 8;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder("starving")?;
    let server = Service::on(Cores::All, &folder).start(bench)?;
    sign_up(&server.address, "anna")?;
    // Somebody else: with every sign-in beyond fifty, one's oldest session ends.
    let token = sign_up(&server.address, "berta")?;
    let (body, seconds) = (sign_in_body("anna"), bench.seconds);
    let me = Load { token: Some(&token), ..Load::get(&server.address, ME, ASKING, Cores::All) };
    let sign_in = Load::get(&server.address, SIGN_IN, SIGNING_IN, Cores::All).post(&body);
    let capacity = sign_in.run(bench, seconds)?.rate;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few thousand")]
    let a_second = Some((capacity * OVERLOAD) as u32);
    let overload = Load { connections: OVERLOADING, a_second, ..sign_in };

    let beside = |load: &Load<'_>| -> Result<(Outcome, Outcome)> {
        let signing_in = load.start(bench, seconds + 1, "beside")?;
        let asked = me.run(bench, seconds)?;
        Ok((asked, signing_in.outcome()?))
    };
    let alone = || Ok((me.run(bench, seconds)?, Outcome::bare(0.0)));
    let (saturated, overloaded) = (|| beside(&sign_in), || beside(&overload));
    let measured = bench.in_turns(&[&alone, &saturated, &overloaded])?;
    let [alone, saturated, overloaded] = &measured[..] else {
        unreachable!("as many as candidates")
    };
    let (alone, _) = apart(alone);
    let mut rows = vec![Row::rate(format!("`/me` on {ASKING} connections, alone"), &alone)];
    for (who, rounds) in [
        (format!("{SIGNING_IN} sign in without pause"), saturated),
        (format!("{OVERLOAD} times as many sign in as can be hashed"), overloaded),
    ] {
        let (asked, signing_in) = apart(rounds);
        let p99: Vec<f64> = asked.iter().map(|outcome| outcome.latency[2]).collect();
        // Sign-ins have their part of the processor; what they leave, `/me` alone could have used.
        let left: Vec<f64> = alone
            .iter()
            .zip(&signing_in)
            .map(|(alone, signing_in)| alone.rate * (1.0 - signing_in.rate / capacity))
            .collect();
        let refused: Vec<f64> = signing_in.iter().map(|outcome| share(outcome, 503)).collect();
        rows.extend([
            Row::rate(format!("`/me` while {who}"), &asked)
                .over("what the processor has left", &rates(&asked), &left)
                .aiming_at(Aim::AtLeast(0.8)),
            Row::of(format!("p99 of `/me` while {who}"), median(&p99), " ms")
                .aiming_at(Aim::AtMost(10.0)),
            Row::rate("sign-ins beside that", &signing_in),
            Row::of("of them asked to come back (503)", median(&refused) * 100.0, " %"),
        ]);
    }
    Ok(rows)
}

/// What was asked, and who signed in meanwhile.
fn apart(rounds: &[(Outcome, Outcome)]) -> (Vec<Outcome>, Vec<Outcome>) {
    rounds.iter().cloned().unzip()
}

/// The part of the answers that had a status.
#[expect(clippy::cast_precision_loss, reason = "far fewer than a float can count")]
fn share(outcome: &Outcome, status: u16) -> f64 {
    let all: u64 = outcome.statuses.values().sum();
    outcome.statuses.get(&status).copied().unwrap_or_default() as f64 / all as f64
}
