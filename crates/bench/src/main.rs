//! Baselines for the benchmarks: the minimum cost of parts of the service.
//!
//! `cargo xtask bench` runs them alternately with the service, on the same cores, and prints the
//! ratios.
#![expect(clippy::print_stdout, reason = "a command-line tool prints to its terminal")]

mod commits;
mod hashes;
mod populate;
mod servers;

use anyhow::{Context as _, bail};

const HELP: &str = "\
Usage: vestibule-bench hyper ADDRESS
       vestibule-bench poem ADDRESS
       vestibule-bench hashes ENGINE THREADS SECONDS   ENGINE: fast, portable
       vestibule-bench commits FILE SECONDS
       vestibule-bench populate FILE USERS";

fn main() -> anyhow::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["hyper", address] => servers::hyper(address.parse()?),
        ["poem", address] => servers::poem(address.parse()?),
        ["hashes", engine, threads, seconds] => {
            let threads = threads.parse().context("invalid THREADS")?;
            let rate = hashes::rate(engine, threads, seconds.parse().context("invalid SECONDS")?)?;
            println!("{rate}");
            Ok(())
        }
        ["commits", file, seconds] => {
            println!(
                "{}",
                commits::rate(file.as_ref(), seconds.parse().context("invalid SECONDS")?)?
            );
            Ok(())
        }
        ["populate", file, users] => {
            println!(
                "{}",
                populate::populate(file.as_ref(), users.parse().context("invalid USERS")?)?
            );
            Ok(())
        }
        _ => bail!("{HELP}"),
    }
}
