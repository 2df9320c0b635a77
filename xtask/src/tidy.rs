//! The rules no compiler knows.
//!
//! Every module here looks at one kind of file and answers with findings; nothing stops at the first.

mod contents;
mod errors_section;
mod excerpts;
mod floors;
mod links;
mod manifests;
mod published;
mod released;
mod rules;
mod source;
mod text;
mod threats;

use std::path::Path;

use anyhow::Result;

use crate::{finding, tree};

/// Runs every rule over every file.
///
/// # Errors
///
/// When there is something to put right.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = tree::text_files(root)?;
    let mut findings = Vec::new();
    for file in &files {
        findings.extend(text::check(file));
        findings.extend(source::check(file));
        findings.extend(errors_section::check(file));
        findings.extend(links::check(root, file));
        findings.extend(excerpts::check(root, file));
        findings.extend(manifests::check(file));
        findings.extend(floors::check(file));
    }
    findings.extend(manifests::one_rust_version(&files));
    findings.extend(published::check(&files));
    findings.extend(published::one_version(&files));
    findings.extend(released::check(&files));
    findings.extend(released::document(&files));
    findings.extend(contents::check(&files));
    findings.extend(rules::check(&files));
    findings.extend(threats::check(&files));
    finding::report("tidy", findings)
}
