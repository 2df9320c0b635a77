//! Development commands of the project, run as `cargo xtask <COMMAND>`.
//!
//! CI runs the same commands. xtask depends on none of the project's other crates, so it builds in
//! seconds and works while they do not compile.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line tool prints to its terminal"
)]

mod arguments;
mod bench;
mod book;
mod browser_suite;
mod check;
mod evidence;
mod finding;
mod fuzz;
mod generated;
mod layers;
mod markdown;
mod package;
mod prerequisites;
mod shell;
mod summary;
mod test;
mod tidy;
mod tools;
mod tree;

use std::process::ExitCode;

use arguments::Command;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let command = match arguments::parse(&words) {
        Ok(command) => command,
        Err(problem) => {
            eprintln!("error: {problem}\n\n{}", arguments::HELP);
            return ExitCode::from(2);
        }
    };
    match run(command) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    let root = tree::root();
    match command {
        Command::Help(text) => println!("{text}"),
        Command::Check { with_tests } => return check::run(&root, with_tests),
        Command::Tidy => tidy::run(&root)?,
        Command::Layers => layers::run(&root)?,
        Command::Package => package::run(&root)?,
        Command::OpenApi { check } => generated::OPENAPI.run(&root, check)?,
        Command::Config { check } => generated::CONFIG.run(&root, check)?,
        Command::Book { check } => book::run(&root, check)?,
        Command::Bench(options) => return bench::run(&root, &options),
        Command::Evidence(options) => return evidence::run(&root, &options),
        Command::Fuzz(options) => fuzz::run(&root, &options)?,
        Command::Test(options) => return test::run(&root, &options),
    }
    Ok(ExitCode::SUCCESS)
}
