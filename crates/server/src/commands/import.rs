//! `vestibule user import`: imports accounts of another system from JSON lines.

mod line;

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, anyhow};
use serde_json::{Value, json};
use vestibule_domain::model::id::UserId;
use vestibule_domain::model::username::Username;
use vestibule_domain::use_cases::administration::{Imported, ImportedUser, RunMode};

use self::line::Refusal;
use vestibule_domain::use_cases::admin_context::AdminContext;

use super::progress::Progress;
use super::{print_json, print_line};
use crate::app::App;
use crate::cli::Import;
use crate::failure::Failure;

/// Number of accounts per unit; small enough for a database server with some latency.
const BATCH: usize = 25;
/// Maximum length of a line.
const MAX_LINE_BYTES: u64 = 64 * 1024;

/// Imports all valid accounts, and reports why the others were not imported.
pub(super) async fn run(app: &App, options: &Import) -> Result<(), Failure> {
    let mut lines = Lines::open(&options.file)?;
    let mut report = Report::default();
    let ended = read_all(app, options, &mut lines, &mut report).await;
    // Also after an error, because accounts that were added stay.
    report.print(options);
    ended?;
    let refused = report.refused.len();
    if refused == 0 { Ok(()) } else { Err(anyhow!("{refused} lines cannot be imported").into()) }
}

async fn read_all(
    app: &App,
    options: &Import,
    lines: &mut Lines,
    report: &mut Report,
) -> Result<(), Failure> {
    let progress = Progress::of("Importing", lines.bytes);
    let mut batch = Vec::new();
    let mut rehearsed = options.dry_run.then(Rehearsed::default);
    while let Some(line) = lines.next()? {
        progress.add(line.bytes);
        let read = match &line.text {
            Some(text) => line::read(app, text, options.drop_unusable_hashes),
            None => Err(Refusal::nameless("line longer than 64 KiB; is the file JSON lines?")),
        };
        match read {
            Ok(None) => {}
            Ok(Some(user)) => batch.push((line.number, user)),
            Err(refusal) => report.refused(line.number, refusal),
        }
        if batch.len() == BATCH {
            add(app, std::mem::take(&mut batch), rehearsed.as_mut(), report).await?;
        }
    }
    add(app, batch, rehearsed.as_mut(), report).await
}

async fn add(
    app: &App,
    batch: Vec<(u64, ImportedUser)>,
    rehearsed: Option<&mut Rehearsed>,
    report: &mut Report,
) -> Result<(), Failure> {
    if batch.is_empty() {
        return Ok(());
    }
    let mode = if rehearsed.is_some() { RunMode::DryRun } else { RunMode::Commit };
    let users = batch.iter().map(|(_, user)| user.clone()).collect();
    let begun = Instant::now();
    let mut outcomes = app.administration.import(&AdminContext::operator(), users, mode).await?;
    if !app.store.is_on_server() {
        // Waiters poll the only write lock of SQLite and need a chance to get it.
        tokio::time::sleep(begun.elapsed()).await;
    }
    if let Some(rehearsed) = rehearsed {
        for ((_, user), outcome) in batch.iter().zip(&mut outcomes) {
            *outcome = rehearsed.would_be(user, *outcome);
        }
    }
    for ((number, user), outcome) in batch.into_iter().zip(outcomes) {
        let refuse = |reason: String| Refusal::of(user.email.as_str(), reason);
        match outcome {
            Imported::Added => {
                report.added += 1;
                report.without_password += u64::from(user.hash.is_none());
            }
            Imported::EmailTaken => report.there_already += 1,
            Imported::UsernameTaken => {
                let name = user.username.as_ref().map_or("any", |name| name.as_str());
                let reason = format!("the username {name} is taken");
                report.refused(number, refuse(reason));
            }
            Imported::IdTaken => {
                report.refused(number, refuse("the id is taken".to_owned()));
            }
        }
    }
    Ok(())
}

/// Accounts of earlier batches of a dry run, which were rolled back.
#[derive(Default)]
struct Rehearsed {
    addresses: HashSet<String>,
    names: HashSet<String>,
    ids: HashSet<UserId>,
}

impl Rehearsed {
    fn would_be(&mut self, user: &ImportedUser, outcome: Imported) -> Imported {
        if outcome != Imported::Added {
            return outcome;
        }
        let name = user.username.as_ref().map(Username::key);
        if self.addresses.contains(user.email.key().as_str()) {
            return Imported::EmailTaken;
        }
        if user.id.is_some_and(|id| self.ids.contains(&id)) {
            return Imported::IdTaken;
        }
        if name.as_ref().is_some_and(|name| self.names.contains(name)) {
            return Imported::UsernameTaken;
        }
        self.addresses.insert(user.email.key().as_str().to_owned());
        self.names.extend(name);
        self.ids.extend(user.id);
        Imported::Added
    }
}

/// The report of an import.
#[derive(Default)]
struct Report {
    added: u64,
    /// Number of added accounts without a password.
    without_password: u64,
    there_already: u64,
    refused: Vec<(u64, Refusal)>,
}

impl Report {
    fn refused(&mut self, line: u64, refusal: Refusal) {
        self.refused.push((line, refusal));
    }

    fn print(&self, options: &Import) {
        let Self { added, without_password, there_already, refused } = self;
        if options.json {
            let entry = |(line, refusal): &(u64, Refusal)| json!({ "line": line, "email": refusal.email, "reason": refusal.reason });
            print_json(&json!({
                "dry_run": options.dry_run,
                "added": added,
                "without_password": without_password,
                "there_already": there_already,
                "refused": refused.iter().map(entry).collect::<Value>(),
            }));
            return;
        }
        for (line, Refusal { email, reason }) in refused {
            let whose = email.as_ref().map(|email| format!("{email}: ")).unwrap_or_default();
            print_line(&format!("line {line}: {whose}{reason}"));
        }
        let would = if options.dry_run { "would be " } else { "" };
        print_line(&format!(
            "{added} {would}added, {without_password} of them without a password; {there_already} \
             were there already; {} refused.",
            refused.len()
        ));
    }
}

struct Line {
    number: u64,
    /// The line; `None` if it is too long.
    text: Option<Vec<u8>>,
    bytes: u64,
}

struct Lines {
    reader: Box<dyn BufRead>,
    number: u64,
    /// Returns the number of lines, for the progress bar; `None` for standard input.
    bytes: u64,
}

impl Lines {
    fn open(path: &Path) -> Result<Self, Failure> {
        if path == Path::new("-") {
            let reader = Box::new(BufReader::new(std::io::stdin()));
            return Ok(Self { reader, number: 0, bytes: 0 });
        }
        let file = File::open(path).with_context(|| path.display().to_string())?;
        let bytes = file.metadata()?.len();
        Ok(Self { reader: Box::new(BufReader::new(file)), number: 0, bytes })
    }

    fn next(&mut self) -> Result<Option<Line>, Failure> {
        let (mut text, mut bytes, mut is_long) = (Vec::new(), 0, false);
        loop {
            let mut bounded = (&mut self.reader).take(MAX_LINE_BYTES);
            let read = bounded.read_until(b'\n', &mut text).context("reading the accounts")?;
            bytes += read as u64;
            if read as u64 != MAX_LINE_BYTES || text.ends_with(b"\n") {
                break;
            }
            // Skip the rest of the line.
            is_long = true;
            text.clear();
        }
        self.number += 1;
        let text = (!is_long).then_some(text);
        Ok((bytes > 0).then_some(Line { number: self.number, text, bytes }))
    }
}
