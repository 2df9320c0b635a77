//! Command-line arguments of `cargo xtask`, and the help texts.
//!
//! Parsed by hand: eleven commands with few flags do not justify a parser library.

use anyhow::{Result, bail};

use crate::bench;
use crate::evidence;
use crate::fuzz;
use crate::test::Options;

/// A parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print this help text.
    Help(&'static str),
    /// Run all CI checks.
    Check {
        /// If `true`, the tests run after the checks.
        with_tests: bool,
    },
    /// Check the project's own rules.
    Tidy,
    /// Check the dependencies between crates.
    Layers,
    /// Create the packages for publication.
    Package,
    /// Generate `docs/openapi.json`.
    OpenApi {
        /// Compare only; write nothing.
        check: bool,
    },
    /// Generate `docs/configuration.md`.
    Config {
        /// Compare only; write nothing.
        check: bool,
    },
    /// Build the documentation as an HTML book.
    Book {
        /// Check every link between its pages.
        check: bool,
    },
    /// Compare the service with baselines.
    Bench(bench::Options),
    /// Run the tests with the services they need.
    Test(Options),
    /// Run the experiments that verify the documented guarantees.
    Evidence(evidence::Options),
    /// Run the fuzz targets.
    Fuzz(fuzz::Options),
}

/// Help text that lists all commands.
pub(crate) const HELP: &str = "\
Development commands of Vestibule.

Usage: cargo xtask <COMMAND> [OPTIONS]

  check [--no-test]          run all CI checks in CI's order, up to the first failure
  tidy                       check sources, documents, manifests and minimum versions
  layers                     check the dependencies between crates
  package                    create the packages for publication, without uploading them
  openapi [--check]          write docs/openapi.json, or fail if it is out of date
  config [--check]           write docs/configuration.md, or fail if it is out of date
  book [--check]             build the documentation as HTML, and check its links
  test [OPTIONS] [-- ARGS]   start the services the tests need and run all tests
  bench [NAME ..] [..]       compare the performance of the service with baselines
  evidence [E02 ..] [..]     run the experiments that verify the documented guarantees
  fuzz [--seconds N] [TARGET]
                             run the fuzz targets

Run `cargo xtask <COMMAND> --help` for details.";

const CHECK: &str = "\
Runs all CI checks in CI's order and stops at the first failure.

Usage: cargo xtask check [--no-test]

fmt, tidy, layers, clippy, features, docs, package, openapi --check, config --check, deny,
book --check, test.
`features` runs clippy on crates without the optional features that the server enables.
`deny` requires cargo-deny and is skipped with a message if that is not installed.
`book` requires mdBook, which is installed with cargo if it is missing.

  --no-test  skip the tests";

const TIDY: &str = "\
Checks the project's own rules and reports all findings at once.

Usage: cargo xtask tidy

Source: files start with module documentation, documentation comments start with a noun or a
verb, no ignored tests, no tests that sleep.
Terminology: none of the words that docs/terminology.md replaces.
Documents: links lead to existing files and headings, excerpts match their files, the book lists
every page, docs/rules.md names every configuration key, the threat model names only tests,
files and fuzz targets that exist; no trailing whitespace, no machine-specific paths.
Manifests: inherited lints, one Rust version, minimum versions of dependencies in Cargo.lock.
Packages: description, README, licences, and no included files from outside the crate.
Releases: the migrations in migrations/released.txt are unchanged, and docs/released/openapi.json
is the API document of the newest release in CHANGELOG.md.";

const LAYERS: &str = "\
Compares the dependencies between crates with the table in xtask/src/layers/table.rs.

Usage: cargo xtask layers";

const PACKAGE: &str = "\
Creates the packages for publication in target/package. Builds and uploads nothing.

Usage: cargo xtask package

Works offline if Cargo has cached the dependencies, as it has after any build.";

const OPENAPI: &str = "\
Writes the API document that the binary prints to docs/openapi.json.

Usage: cargo xtask openapi [--check]

  --check  write nothing, and fail if the file is out of date";

const CONFIG: &str = "\
Writes the configuration reference that the binary prints to docs/configuration.md.

Usage: cargo xtask config [--check]

  --check  write nothing, and fail if the file is out of date";

const BOOK: &str = "\
Builds the documentation as HTML in target/book/html.

Usage: cargo xtask book [--check]

Requires mdBook, which is installed with cargo into target/tools if it is missing.

  --check  check every link between the pages, including anchors, and fail if one is broken";

const TEST: &str = "\
Starts the services the tests need, runs all tests and prints as its last line:
N passed, N failed, N skipped.

Usage: cargo xtask test [--strict] [--browser] [-- ARGS]

Missing programs are installed with apt-get if permissions allow. Tests whose prerequisites are
unavailable are skipped. The environment variables select an existing server or program instead.

  PostgreSQL       a temporary cluster            VESTIBULE_TEST_POSTGRES_URL
                   programs to start and stop servers
  Redis or Valkey  a temporary server             VESTIBULE_TEST_REDIS_URL
                   program to start and stop      VESTIBULE_TEST_REDIS_SERVER
  nginx, Caddy     the configurations in docs/deployment
  systemd-analyze  the unit in docs/deployment
  strace           order of system calls
  schemathesis     from PyPI, below target        VESTIBULE_TEST_SCHEMATHESIS
  Node.js, npm     generated client, API linter, token guide
                   npm packages, below target     VESTIBULE_TEST_NODE
  Python           generated client, token guide
                   PyPI packages, below target    VESTIBULE_TEST_PYTHON
  Chromium         browser suite                  VESTIBULE_TEST_CHROMIUM

The browser suite in crates/web/browser runs after the Cargo tests and also requires Node.js.
Its npm packages are installed in its own folder.

  --strict   fail if a prerequisite is unavailable
  --browser  run only the browser suite
  ARGS       arguments for `cargo test`, without the browser suite, for example:
             -- -p vestibule-domain email
             with --browser, parts of the names of test files: -- keyboard axe";

const BENCH: &str = "\
Compares the performance of the service with baselines and prints ratios.

Usage: cargo xtask bench [NAMES] [--short] [--report]

Builds with the profile `dist`, starts the service and the baselines on separate cores, and
generates load with oha, which is installed with cargo into target/tools if it is missing. All
benchmarks take half an hour and about 1 GiB of disk. Keep the machine idle meanwhile.

  NAMES     benchmarks such as sign-in or me; docs/performance.md lists them; default: all
  --short   one short round, to check that the benchmarks work
  --report  write docs/performance.md from this run

Fails if a benchmark cannot run, or if `/me` takes 5 % more instructions than its budget
(benchmark `instructions`, which requires valgrind). Other results do not cause a failure.";

const EVIDENCE: &str = "\
Runs the experiments that verify the documented guarantees, one at a time, at full scale.

Usage: cargo xtask evidence [IDS] [--short] [--report] [--mutants]

Each experiment is a test in crates/server/tests/blackbox that prints a line of JSON with the
number of attempts, the measurements, the limit and the result. The service is built with the
profile `dist`. target/evidence keeps the newest result of each experiment. All experiments
together take hours.

VESTIBULE_EVIDENCE_SEED repeats a run. VESTIBULE_EVIDENCE_<NAME> sets a parameter of the
experiments, such as ROUNDS or KILLS.

  IDS        such as E02 or E04a; E04 selects all its parts; default: all experiments
  --short    run at the scale of the test suite
  --report   write docs/evidence.md from the newest full-scale results
  --mutants  inject one fault at a time and fail unless an experiment detects each of them";

const FUZZ: &str = "\
Runs the fuzz targets of crates/fuzz with libFuzzer, up to the first failure.

Usage: cargo xtask fuzz [--seconds N] [TARGET]

Requires a nightly toolchain and cargo-fuzz. docs/fuzzing.md describes the targets.

  TARGET       a folder in crates/fuzz/corpus; default: all targets
  --seconds N  time for each target; default: 60";

/// Parses the arguments of `cargo xtask`.
///
/// # Errors
///
/// Fails if a command or an option is unknown.
pub(crate) fn parse(words: &[String]) -> Result<Command> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((&name, rest)) = words.split_first() else {
        return Ok(Command::Help(HELP));
    };
    let (help, known): (_, &[&str]) = match name {
        "check" => (CHECK, &["--no-test"]),
        "tidy" => (TIDY, &[]),
        "layers" => (LAYERS, &[]),
        "package" => (PACKAGE, &[]),
        "openapi" => (OPENAPI, &["--check"]),
        "config" => (CONFIG, &["--check"]),
        "book" => (BOOK, &["--check"]),
        "test" => (TEST, &["--strict", "--browser"]),
        "bench" => (BENCH, &["--short", "--report"]),
        "evidence" => (EVIDENCE, &["--short", "--report", "--mutants"]),
        "fuzz" => (FUZZ, &[]),
        "help" | "--help" | "-h" => return Ok(Command::Help(HELP)),
        _ => bail!("unknown command `{name}`"),
    };
    let (options, arguments) = split_at_dashes(rest);
    let has_names = ["evidence", "bench"].contains(&name);
    let is_name = |word: &&str| has_names && !word.starts_with('-');
    let (names, options): (Vec<&str>, Vec<&str>) = options.iter().copied().partition(is_name);
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    if options.iter().any(|word| matches!(*word, "--help" | "-h")) {
        return Ok(Command::Help(help));
    }
    if name == "fuzz" && arguments.is_empty() {
        return fuzz::Options::parse(&options).map(Command::Fuzz);
    }
    if let Some(word) = options.iter().find(|word| !known.contains(word)) {
        bail!("unknown option `{word}` for `{name}`");
    }
    if name != "test" && !arguments.is_empty() {
        bail!("`{name}` takes no arguments after `--`");
    }
    let has = |option: &str| options.contains(&option);
    Ok(match name {
        "check" => Command::Check { with_tests: !has("--no-test") },
        "tidy" => Command::Tidy,
        "layers" => Command::Layers,
        "package" => Command::Package,
        "openapi" => Command::OpenApi { check: has("--check") },
        "config" => Command::Config { check: has("--check") },
        "book" => Command::Book { check: has("--check") },
        "evidence" => Command::Evidence(evidence::Options {
            ids: names,
            short: has("--short"),
            report: has("--report"),
            mutants: has("--mutants"),
        }),
        "bench" => {
            Command::Bench(bench::Options { names, short: has("--short"), report: has("--report") })
        }
        _ => Command::Test(Options {
            strict: has("--strict"),
            browser: has("--browser"),
            arguments: arguments.iter().map(|&word| word.to_owned()).collect(),
        }),
    })
}

fn split_at_dashes<'a, 'b>(words: &'a [&'b str]) -> (&'a [&'b str], &'a [&'b str]) {
    match words.iter().position(|word| *word == "--") {
        Some(at) => (&words[..at], &words[at + 1..]),
        None => (words, &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words)
    }

    #[test]
    fn commands_and_their_flags_are_parsed() {
        assert_eq!(parsed("check").unwrap(), Command::Check { with_tests: true });
        assert_eq!(parsed("check --no-test").unwrap(), Command::Check { with_tests: false });
        assert_eq!(parsed("openapi --check").unwrap(), Command::OpenApi { check: true });
        assert_eq!(parsed("config").unwrap(), Command::Config { check: false });
        assert_eq!(parsed("book --check").unwrap(), Command::Book { check: true });
    }

    #[test]
    fn arguments_after_the_dashes_are_passed_to_cargo() {
        assert_eq!(
            parsed("test --strict -- -p vestibule-domain -- --help").unwrap(),
            Command::Test(Options {
                strict: true,
                browser: false,
                arguments: ["-p", "vestibule-domain", "--", "--help"].map(str::to_owned).to_vec(),
            })
        );
    }

    #[test]
    fn the_browser_suite_has_its_own_flag() {
        let only = |strict| Options { strict, browser: true, arguments: Vec::new() };
        assert_eq!(parsed("test").unwrap(), Command::Test(Options::default()));
        assert_eq!(parsed("test --browser").unwrap(), Command::Test(only(false)));
        assert_eq!(parsed("test --browser --strict").unwrap(), Command::Test(only(true)));
    }

    #[test]
    fn experiments_are_selected_by_id() {
        let selected = |ids: &[&str], report| {
            let ids = ids.iter().map(|&id| id.to_owned()).collect();
            Command::Evidence(evidence::Options { ids, report, ..evidence::Options::default() })
        };
        assert_eq!(parsed("evidence").unwrap(), selected(&[], false));
        assert_eq!(parsed("evidence E02 --report E04a").unwrap(), selected(&["E02", "E04a"], true));
        assert!(parsed("evidence --long").is_err());
        assert!(parsed("evidence E02 -- now").is_err());
    }

    #[test]
    fn benchmarks_are_selected_by_name() {
        let selected = |names: &[&str], short| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            Command::Bench(bench::Options { names, short, report: false })
        };
        assert_eq!(parsed("bench").unwrap(), selected(&[], false));
        assert_eq!(parsed("bench me --short sign-in").unwrap(), selected(&["me", "sign-in"], true));
        assert!(parsed("bench --long").is_err());
    }

    #[test]
    fn every_command_has_help() {
        assert_eq!(parsed("").unwrap(), Command::Help(HELP));
        let commands = [
            "check", "tidy", "layers", "package", "openapi", "config", "book", "test", "bench",
            "evidence", "fuzz",
        ];
        for name in commands {
            let Command::Help(text) = parsed(&format!("{name} --help")).unwrap() else {
                panic!("{name} has no help");
            };
            assert!(text.contains(&format!("cargo xtask {name}")));
            assert!(HELP.contains(name));
        }
    }

    #[test]
    fn unknown_arguments_are_rejected() {
        for line in ["deploy", "tidy --check", "check --browser", "tidy -- now"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
