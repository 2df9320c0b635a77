//! The words after `cargo xtask`, and the help.
//!
//! Eleven commands with a handful of flags between them do not need a parser library.

use anyhow::{Result, bail};

use crate::bench;
use crate::evidence;
use crate::fuzz;
use crate::test::Options;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Print this text.
    Help(&'static str),
    /// Everything CI does.
    Check {
        /// Whether the tests are part of it.
        with_tests: bool,
    },
    /// The rules no compiler knows.
    Tidy,
    /// Who may depend on whom.
    Layers,
    /// The packages that would be published.
    Package,
    /// `docs/openapi.json`.
    OpenApi {
        /// Compare and write nothing.
        check: bool,
    },
    /// `docs/configuration.md`.
    Config {
        /// Compare and write nothing.
        check: bool,
    },
    /// The documents as pages of HTML.
    Book {
        /// Follow every link in them.
        check: bool,
    },
    /// The service beside the least that its parts could cost.
    Bench(bench::Options),
    /// The tests with what they need.
    Test(Options),
    /// The experiments behind what is promised.
    Evidence(evidence::Options),
    /// What must hold for any input.
    Fuzz(fuzz::Options),
}

/// The overview.
pub(crate) const HELP: &str = "\
Everything a contributor runs.

Usage: cargo xtask <COMMAND> [OPTIONS]

  check [--no-test]          everything CI does, in CI's order, up to the first failure
  tidy                       house rules: files, documents, manifests, dependency floors
  layers                     who may depend on whom
  package                    make the packages that would be published
  openapi [--check]          write docs/openapi.json, or fail when it is stale
  config [--check]           write docs/configuration.md, or fail when it is stale
  book [--check]             make a book of the documents, and follow its links
  test [OPTIONS] [-- ARGS]   start what the tests need and run them all
  bench [PART ..] [..]       measure the service beside the least it could cost
  evidence [E02 ..] [..]     run the experiments behind what is promised
  fuzz [--seconds N] [TARGET]
                             look for inputs that break something

`cargo xtask <COMMAND> --help` says more.";

const CHECK: &str = "\
Everything CI does, in CI's order, stopping at the first failure.

Usage: cargo xtask check [--no-test]

fmt, tidy, layers, clippy, features, docs, package, openapi --check, config --check, deny,
book --check, test.
`features` is clippy once more, for crates without what the server turns on in them.
`deny` needs cargo-deny and is left out, saying so, where that is not installed.
`book` needs mdBook, which is installed with cargo where it is missing.

  --no-test  leave the tests out";

const TIDY: &str = "\
Checks the rules no compiler knows, and reports every finding at once.

Usage: cargo xtask tidy

Source: module documentation first, size ceilings, nothing ignored, no sleeping tests.
Documents: links lead to files and headings that are there, excerpts are cut from their files,
the book lists every page, the page of rules every configuration key, the threat model nothing
that does not exist; no trailing blanks, no paths of one machine.
Manifests: lints inherited, one Rust version, dependency floors in Cargo.lock.
Packages: description, README, licences, and no file from outside of the crate.
Releases: the migrations in migrations/released.txt are unchanged, and docs/released/openapi.json
is the API document of the newest release in CHANGELOG.md.";

const LAYERS: &str = "\
Compares the dependencies between crates with the table in xtask/src/layers/table.rs.

Usage: cargo xtask layers";

const PACKAGE: &str = "\
Makes the packages that would be published, below target/package. Builds and uploads nothing.

Usage: cargo xtask package

Works without a network if Cargo's cache knows the dependencies, as it does after any build.";

const OPENAPI: &str = "\
Writes the API document the binary prints to docs/openapi.json.

Usage: cargo xtask openapi [--check]

  --check  write nothing, fail when the file is stale";

const CONFIG: &str = "\
Writes the configuration reference the binary prints to docs/configuration.md.

Usage: cargo xtask config [--check]

  --check  write nothing, fail when the file is stale";

const BOOK: &str = "\
Makes a book of the documents in target/book/html.

Usage: cargo xtask book [--check]

Needs mdBook, which is installed with cargo into target/tools where it is missing.

  --check  follow every link between its pages, anchors included, and fail when one is dead";

const TEST: &str = "\
Starts what the tests need, runs them all and ends with one line: N passed, N failed, N skipped.

Usage: cargo xtask test [--strict] [--browser] [-- ARGS]

What is missing is installed with apt-get where the rights are there. The tests of what cannot be
had are skipped. A variable, if it is set, chooses another one.

  PostgreSQL       a throwaway cluster            VESTIBULE_TEST_POSTGRES_URL
                   its programs, to be stopped
  Redis or Valkey  a throwaway server             VESTIBULE_TEST_REDIS_URL
                   its program, to be stopped     VESTIBULE_TEST_REDIS_SERVER
  nginx, Caddy     the files of docs/deployment
  systemd-analyze  the unit of docs/deployment
  strace           what comes before what
  schemathesis     of PyPI, below target          VESTIBULE_TEST_SCHEMATHESIS
  Node.js, npm     generated client, linter of the document, guide to tokens
                   packages of npm, below target  VESTIBULE_TEST_NODE
  Python           generated client, guide to tokens
                   packages of PyPI, below target VESTIBULE_TEST_PYTHON
  Chromium         the browser suite              VESTIBULE_TEST_CHROMIUM

The browser suite in crates/web/browser runs after Cargo's tests, with Node.js too. Its packages
come with npm and lie beside it.

  --strict   fail when something the tests need cannot be had
  --browser  the browser suite alone
  ARGS       handed to `cargo test`, without the browser suite, for example:
             -- -p vestibule-domain email
             with --browser, parts of names of its files: -- keyboard axe";

const BENCH: &str = "\
Measures the service beside the least that its parts could cost, and prints ratios.

Usage: cargo xtask bench [PARTS] [--short] [--report]

Builds for release, starts the service and its floors on cores of their own, and puts load on
them with oha, which is installed with cargo into target/tools where it is missing. All parts
take half an hour and about 1 GiB of disk. Do nothing else meanwhile.

  PARTS     such as sign-in or me; docs/performance.md has all; without any it is all of them
  --short   once and briefly, to see that it works
  --report  write docs/performance.md from this run

Fails when a part cannot be measured, and when `/me` takes 5 % more instructions than it did
(part `instructions`, which needs valgrind); other figures are for people to judge.";

const EVIDENCE: &str = "\
Runs the experiments behind what is promised, one after the other, at full scale.

Usage: cargo xtask evidence [IDS] [--short] [--report] [--mutants]

Each is a test in crates/server/tests/blackbox that prints one line of JSON: what was tried,
what was measured, what the limit is and whether it was kept. The service is built as it is
shipped. The newest line of each is kept in target/evidence. All of them take hours.

VESTIBULE_EVIDENCE_SEED repeats a run. VESTIBULE_EVIDENCE_<FIGURE> sets one of its figures,
such as ROUNDS or KILLS.

  IDS        such as E02 or E04a; E04 is all its parts; without any it is all experiments
  --short    at the scale of the test suite
  --report   write docs/evidence.md from the newest line of each at full scale
  --mutants  build faults into the service, one at a time, and fail unless each is found";

const FUZZ: &str = "\
Runs the fuzz targets of crates/fuzz with libFuzzer, up to the first failure.

Usage: cargo xtask fuzz [--seconds N] [TARGET]

Needs a nightly tool chain and cargo-fuzz. docs/fuzzing.md says what the targets are.

  TARGET       one of the folders in crates/fuzz/corpus; without it, all of them
  --seconds N  for each target, 60 without it";

/// Reads the words after `cargo xtask`.
///
/// # Errors
///
/// When a command or an option is not known.
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
        _ => bail!("there is no command `{name}`"),
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
        bail!("`{name}` does not know `{word}`");
    }
    if name != "test" && !arguments.is_empty() {
        bail!("`{name}` takes nothing after `--`");
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
        "bench" => Command::Bench(bench::Options {
            parts: names,
            short: has("--short"),
            report: has("--report"),
        }),
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
    fn commands_and_their_flags_are_read() {
        assert_eq!(parsed("check").unwrap(), Command::Check { with_tests: true });
        assert_eq!(parsed("check --no-test").unwrap(), Command::Check { with_tests: false });
        assert_eq!(parsed("openapi --check").unwrap(), Command::OpenApi { check: true });
        assert_eq!(parsed("config").unwrap(), Command::Config { check: false });
        assert_eq!(parsed("book --check").unwrap(), Command::Book { check: true });
    }

    #[test]
    fn what_follows_the_dashes_belongs_to_cargo() {
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
    fn the_browser_suite_is_asked_for_by_name() {
        let only = |strict| Options { strict, browser: true, arguments: Vec::new() };
        assert_eq!(parsed("test").unwrap(), Command::Test(Options::default()));
        assert_eq!(parsed("test --browser").unwrap(), Command::Test(only(false)));
        assert_eq!(parsed("test --browser --strict").unwrap(), Command::Test(only(true)));
    }

    #[test]
    fn experiments_are_asked_for_by_their_ids() {
        let asked = |ids: &[&str], report| {
            let ids = ids.iter().map(|&id| id.to_owned()).collect();
            Command::Evidence(evidence::Options { ids, report, ..evidence::Options::default() })
        };
        assert_eq!(parsed("evidence").unwrap(), asked(&[], false));
        assert_eq!(parsed("evidence E02 --report E04a").unwrap(), asked(&["E02", "E04a"], true));
        assert!(parsed("evidence --long").is_err());
        assert!(parsed("evidence E02 -- now").is_err());
    }

    #[test]
    fn parts_of_a_measurement_are_asked_for_by_their_names() {
        let asked = |parts: &[&str], short| {
            let parts = parts.iter().map(|&part| part.to_owned()).collect();
            Command::Bench(bench::Options { parts, short, report: false })
        };
        assert_eq!(parsed("bench").unwrap(), asked(&[], false));
        assert_eq!(parsed("bench me --short sign-in").unwrap(), asked(&["me", "sign-in"], true));
        assert!(parsed("bench --long").is_err());
    }

    #[test]
    fn help_is_there_for_everything() {
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
    fn strangers_are_refused() {
        for line in ["deploy", "tidy --check", "check --browser", "tidy -- now"] {
            assert!(parsed(line).is_err(), "{line}");
        }
    }
}
