//! The commands in the documents work and print the shown output.
//!
//! All blocks of a page marked `sh run` are one bash script, run beside a fresh service with the
//! binary in `PATH`. A following block marked `answer` is its output; an ellipsis matches any text
//! within a line.

use std::path::Path;
use std::time::Duration;

use crate::database::Database;
use crate::service::{Service, Setup};
use crate::workshop::in_tree;

const README: &str = "README.md";
const FOR_CLIENTS: &str = "docs/guides/client.md";
const FOR_OPERATORS: &str = "docs/guides/operating.md";
/// The pages with lines that are run.
const PAGES: [&str; 3] = [README, FOR_CLIENTS, FOR_OPERATORS];

/// Address of the service in the pages; the test uses another one.
const ADDRESS: &str = "http://127.0.0.1:8080";
/// Between what one block prints and what the next one does.
const MARK: &str = "--- the next block";
/// Runs a script with the binary on the search path.
const BASH: &str = r#"PATH="${0%/*}:$PATH" exec bash -c "$1""#;
/// Time limit of a page, which the README promises.
const A_MINUTE: Duration = Duration::from_mins(1);

/// Lines to type, where they stand, and what they print.
struct Block {
    line: usize,
    script: String,
    answer: Option<String>,
}

#[tokio::test]
async fn a_newcomer_who_does_what_the_readme_says_is_signed_in_within_a_minute() {
    let told = async { follow(README, &as_told().with_argument("--dev").start().await).await };
    tokio::time::timeout(A_MINUTE, told).await.expect("a newcomer is signed in within a minute");
}

#[tokio::test]
async fn the_guide_for_client_developers_goes_a_persons_whole_way() {
    follow(FOR_CLIENTS, &as_told().with_argument("--dev").start().await).await;
}

#[tokio::test]
async fn the_guide_for_operators_goes_from_the_first_start_to_a_copy() {
    follow(FOR_OPERATORS, &as_told().start().await).await;
}

#[test]
fn every_page_with_lines_that_are_run_is_listed() {
    let mut pages = vec![README.to_owned()];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in in_tree(&folder).read_dir().unwrap() {
            let entry = entry.unwrap();
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            if entry.file_type().unwrap().is_dir() {
                // What npm brings for an example has documents of its own.
                if !path.ends_with("/node_modules") {
                    folders.push(path);
                }
            } else if Path::new(&path).extension().is_some_and(|kind| kind == "md") {
                pages.push(path);
            }
        }
    }
    pages.retain(|page| !blocks(&read(page)).is_empty());
    pages.sort();
    assert_eq!(pages, PAGES);
}

#[test]
fn an_ellipsis_stands_for_anything_within_a_line() {
    for (told, printed, alike) in [
        ("a", "a", true),
        ("a", "ab", false),
        ("a…c", "abc", true),
        ("a…c", "ac", true),
        ("a…b…c", "a-b-c", true),
        ("a…b…c", "a-c", false),
        ("…", "anything", true),
        ("a…a", "a", false),
    ] {
        assert_eq!(is_alike(told, printed), alike, "{told} {printed}");
    }
}

/// As people have it: their limits hold, and what a page tells them fits into these.
fn as_told() -> Setup {
    Setup::on(Database::sqlite()).with("VESTIBULE_LIMITS__ENABLED", "true")
}

/// Types what the page says, and compares what comes of it.
async fn follow(page: &str, service: &Service) {
    let blocks = blocks(&read(page));
    let end = format!("echo '{MARK}'\n");
    let mut script = "set -euo pipefail\n".to_owned();
    for block in &blocks {
        script += &block.script;
        script += &end;
    }
    let script = script.replace(ADDRESS, &service.url(""));
    let mut bash = service.setup.clone().under(BASH).command(service.data.path(), &[&script]);
    let output = tokio::time::timeout(A_MINUTE, bash.output()).await.expect("an end").unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{page}: {errors}\n{printed}");
    for (block, printed) in blocks.iter().zip(printed.split(&format!("{MARK}\n"))) {
        if let Some(answer) = &block.answer {
            let (told, printed) = (answer.trim(), printed.trim());
            let alike = told.lines().count() == printed.lines().count()
                && told.lines().zip(printed.lines()).all(|(told, line)| is_alike(told, line));
            assert!(alike, "{page}:{} prints\n{printed}\ninstead of\n{told}", block.line);
        }
    }
}

/// Returns `true` if a line matches the documented one; an ellipsis matches any text.
fn is_alike(told: &str, printed: &str) -> bool {
    let mut parts = told.split('…');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else { return false };
        rest = after;
    }
    rest.ends_with(last)
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_answerable = false;
    let mut lines = (1..).zip(text.lines());
    while let Some((line, text)) = lines.next() {
        let Some(words) = text.strip_prefix("```") else {
            is_answerable &= text.is_empty();
            continue;
        };
        let inside = lines.by_ref().map(|(_, text)| text).take_while(|text| *text != "```");
        let body: String = inside.flat_map(|text| [text, "\n"]).collect();
        if words == "sh run" {
            blocks.push(Block { line, script: body, answer: None });
            is_answerable = true;
        } else if words.split_whitespace().any(|word| word == "answer") {
            assert!(is_answerable, "line {line}: an answer follows what is run");
            blocks.last_mut().unwrap().answer = Some(body);
            is_answerable = false;
        } else {
            is_answerable = false;
        }
    }
    blocks
}

fn read(page: &str) -> String {
    std::fs::read_to_string(in_tree(page)).unwrap()
}
