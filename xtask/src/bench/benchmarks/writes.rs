//! Requests whose changes are durable before the response.

use std::fmt::Write as _;
use std::fs;

use anyhow::Result;

use super::SIGN_IN;
use crate::bench::Bench;
use crate::bench::client::{request, sign_in_body, sign_up, sign_up_body};
use crate::bench::load::{Load, Outcome};
use crate::bench::row::{Row, Target, rates};
use crate::bench::server::{Cores, ME, Server, Service, baseline_rate};
use crate::prerequisites;

const FORGOT: &str = "/api/v1/auth/forgot-password";
const SIGN_UP: &str = "/api/v1/auth/signup";
const REFRESH: &str = "/api/v1/auth/refresh";
/// Number of concurrent writers in a busy minute.
const CONNECTIONS: u32 = 200;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder("write")?;
    // Without a worker, which would issue the reset links during the measurement.
    let service = Service { arguments: &["--no-worker"], ..Service::on(Cores::All, &folder) };
    let server = service.start(bench)?;
    sign_up(&server.address, "anna")?;
    let body = r#"{"email":"anna@example.com"}"#;
    let load = Load::get(&server.address, FORGOT, CONNECTIONS, Cores::All).post(body);
    let forgot = || load.run(bench, bench.seconds);
    let file = folder.join("commits.db");
    let (file, seconds) = (file.display().to_string(), bench.seconds.to_string());
    let commits = || {
        for suffix in ["", "-wal", "-shm"] {
            // The file may not exist yet.
            let _ = fs::remove_file(format!("{file}{suffix}"));
        }
        Ok(Outcome::from_rate(baseline_rate(bench, Cores::All, &["commits", &file, &seconds])?))
    };
    let measured = bench.alternate(&[&forgot, &commits])?;
    let [forgot, commits] = &measured[..] else { unreachable!("one list per candidate") };
    let row = Row::rate("forgot password, SQLite", forgot)
        .over("durable commits", &rates(forgot), &rates(commits))
        .with_target(Target::AtLeast(0.5));
    let mut rows = vec![row];
    rows.push(sign_ups(bench, &server, "sign-up, SQLite")?);
    rows.push(refreshes(bench, &server, "refresh, SQLite")?);
    Ok(rows)
}

/// Measures the requests with PostgreSQL, which uses the same cores.
pub(super) fn postgres(bench: &Bench) -> Result<Vec<Row>> {
    let Ok((url, _running)) = prerequisites::postgres(&bench.root) else {
        eprintln!("skipped: no PostgreSQL");
        return Ok(Vec::new());
    };
    let folder = bench.folder("postgres")?;
    let service = Service {
        arguments: &["--no-worker"],
        database: Some(&url),
        ..Service::on(Cores::All, &folder)
    };
    let server = service.start(bench)?;
    let name = format!("anna{}", server.pid());
    sign_up(&server.address, &name)?;
    // Another user: beyond fifty sessions, each sign-in ends the user's oldest session.
    let token = sign_up(&server.address, &format!("berta{}", server.pid()))?;
    let cores = Cores::All;
    let sign_in = sign_in_body(&name);
    let loads = [
        ("sign-in", Load::get(&server.address, SIGN_IN, 32, cores).post(&sign_in)),
        ("`/me`", Load { token: Some(&token), ..Load::get(&server.address, ME, 64, cores) }),
        (
            "forgot password",
            Load::get(&server.address, FORGOT, CONNECTIONS, cores)
                .post(r#"{"email":"anna@example.com"}"#),
        ),
    ];
    let mut rows = Vec::new();
    for (label, load) in loads {
        let runs = || load.run(bench, bench.seconds);
        rows.push(Row::rate(format!("{label}, PostgreSQL"), &bench.alternate(&[&runs])?[0]));
    }
    rows.push(sign_ups(bench, &server, "sign-up, PostgreSQL")?);
    rows.push(refreshes(bench, &server, "refresh, PostgreSQL")?);
    Ok(rows)
}

/// Measures sign-ups, almost all of different users: the bodies are chosen from many.
fn sign_ups(bench: &Bench, server: &Server, label: &str) -> Result<Row> {
    let file = bench.scratch.join("sign-ups");
    let mut bodies = String::new();
    for number in 0..100_000 {
        let name = format!("u{}-{number}", server.pid());
        writeln!(bodies, "{}", sign_up_body(&name))?;
    }
    fs::write(&file, bodies)?;
    let load = Load::get(&server.address, SIGN_UP, 32, Cores::All);
    let load = Load { bodies: Some(&file), success: 201, ..load };
    Ok(Row::rate(label, &[load.run(bench, bench.seconds)?]))
}

/// Measures refreshes with tokens of many sessions.
///
/// The first request with a token exchanges it; later ones return the same successor, as for a
/// client that lost the response.
fn refreshes(bench: &Bench, server: &Server, label: &str) -> Result<Row> {
    const SESSIONS: usize = 40;
    let name = format!("r{}", server.pid());
    sign_up(&server.address, &name)?;
    let mut bodies = String::new();
    for _ in 0..SESSIONS {
        let (_, answer) = request(&server.address, "POST", SIGN_IN, &sign_in_body(&name))?;
        let body = serde_json::json!({ "refresh_token": answer["refresh_token"] });
        writeln!(bodies, "{body}")?;
    }
    let file = bench.scratch.join("refreshes");
    fs::write(&file, bodies)?;
    let load = Load::get(&server.address, REFRESH, 32, Cores::All);
    Ok(Row::rate(label, &[Load { bodies: Some(&file), ..load }.run(bench, bench.seconds)?]))
}
