//! Requests that only read.

use std::process::Command;

use anyhow::{Context as _, Result};

use crate::bench::client::sign_up;
use crate::bench::load::Load;
use crate::bench::row::{Row, Target, rates};
use crate::bench::server::{Cores, ME, Server, Service, start_baseline};
use crate::bench::{Bench, load::Outcome};
use crate::shell;

/// Enough connections for one core, and few enough for the load generator.
const CONNECTIONS: u32 = 64;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder("me")?;
    let server = Service::on(Cores::One, &folder).start(bench)?;
    let token = sign_up(&server.address, "anna")?;
    let (poem, hyper) =
        (start_baseline(bench, "poem", Cores::One)?, start_baseline(bench, "hyper", Cores::One)?);
    let me = |server: &Server, connections| {
        let load = Load::get(&server.address, ME, connections, Cores::One);
        Load { token: Some(&token), ..load }.run(bench, bench.seconds)
    };
    let (ours, poem, hyper) =
        (|| me(&server, CONNECTIONS), || me(&poem, CONNECTIONS), || me(&hyper, CONNECTIONS));
    let measured = bench.alternate(&[&ours, &poem, &hyper])?;
    let [ours, poem, hyper] = &measured[..] else { unreachable!("one list per candidate") };
    let row = Row::rate("`/me`, one core", ours);
    let mut rows = vec![
        row.clone()
            .over("poem alone", &rates(ours), &rates(poem))
            .with_target(Target::AtLeast(0.5)),
        Row { latency: None, ..row }.over("hyper alone", &rates(ours), &rates(hyper)),
    ];
    for connections in [1, 10, 100, 1000] {
        let label = format!("`/me`, one core, {connections} connections");
        rows.push(Row::rate(label, &[me(&server, connections)?]));
    }
    rows.extend(others(bench, &server, &folder)?);
    Ok(rows)
}

/// Measures reset links, pages and the health check.
fn others(bench: &Bench, server: &Server, folder: &std::path::Path) -> Result<Vec<Row>> {
    let link = shell::read(
        Command::new(&bench.programs.service)
            .args(["user", "reset-link", "anna@example.com"])
            .env("VESTIBULE_SERVER__PUBLIC_URL", "https://accounts.example.com")
            .env("VESTIBULE_SERVER__DATA_DIR", folder.join("data")),
    )?;
    let (_, token) = link.trim().split_once("token=").context("no reset link")?;
    let verify = format!("/password-reset/verify?token={token}");
    let page = format!("/reset-password?token={token}");
    let mut rows = Vec::new();
    for (label, path) in [
        ("verify a reset link", verify.as_str()),
        ("page: sign in", "/login"),
        ("page: choose a password", &page),
        ("`/health/live`", "/health/live"),
    ] {
        let load = Load::get(&server.address, path, CONNECTIONS, Cores::One);
        let outcome: Outcome = load.run(bench, bench.seconds)?;
        rows.push(Row::rate(format!("{label}, one core"), &[outcome]));
    }
    Ok(rows)
}
