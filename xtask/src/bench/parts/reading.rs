//! Requests that only read.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::ME;
use crate::bench::ask::sign_up;
use crate::bench::load::Load;
use crate::bench::row::{Aim, Row, rates};
use crate::bench::server::{Cores, Server, Service, floor};
use crate::bench::{Bench, load::Outcome};
use crate::shell;

/// Enough to keep one core busy, and few enough that the load generator keeps up.
const CONNECTIONS: u32 = 64;

pub(super) fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let folder = bench.folder("me")?;
    let server = Service::on(Cores::One, &folder).start(bench)?;
    let token = sign_up(&server.address, "anna")?;
    let (poem, hyper) = (floor(bench, "poem", Cores::One)?, floor(bench, "hyper", Cores::One)?);
    let me = |server: &Server, connections| {
        let load = Load::get(&server.address, ME, connections, Cores::One);
        Load { token: Some(&token), ..load }.run(bench, bench.seconds)
    };
    let (ours, poem, hyper) =
        (|| me(&server, CONNECTIONS), || me(&poem, CONNECTIONS), || me(&hyper, CONNECTIONS));
    let measured = bench.in_turns(&[&ours, &poem, &hyper])?;
    let [ours, poem, hyper] = &measured[..] else { unreachable!("as many as candidates") };
    let row = Row::rate("`/me`, one core", ours);
    let mut rows = vec![
        row.clone().over("bare poem", &rates(ours), &rates(poem)).aiming_at(Aim::AtLeast(0.5)),
        Row { latency: None, ..row }.over("bare hyper", &rates(ours), &rates(hyper)),
    ];
    for connections in [1, 10, 100, 1000] {
        let what = format!("`/me`, one core, {connections} connections");
        rows.push(Row::rate(what, &[me(&server, connections)?]));
    }
    rows.extend(others(bench, &server, &folder)?);
    Ok(rows)
}

/// Links that are looked at, keys, and pages.
fn others(bench: &Bench, server: &Server, folder: &std::path::Path) -> Result<Vec<Row>> {
    let link = shell::read(
        Command::new(&bench.programs.service)
            .args(["user", "reset-link", "anna@example.com"])
            .env("VESTIBULE_SERVER__PUBLIC_URL", "https://accounts.example.com")
            .env("VESTIBULE_SERVER__DATA_DIR", folder.join("data")),
    )?;
    let (_, token) = link.trim().split_once("token=").context("a link")?;
    let verify = format!("/password-reset/verify?token={token}");
    let page = format!("/reset-password?token={token}");
    let mut rows = Vec::new();
    for (what, path) in [
        ("verify a reset link", verify.as_str()),
        ("page: sign in", "/login"),
        ("page: choose a password", &page),
        ("`/health/live`", "/health/live"),
    ] {
        let load = Load::get(&server.address, path, CONNECTIONS, Cores::One);
        let outcome: Outcome = load.run(bench, bench.seconds)?;
        rows.push(Row::rate(format!("{what}, one core"), &[outcome]));
    }
    Ok(rows)
}
