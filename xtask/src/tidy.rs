//! `cargo xtask tidy`: checks the project's own rules and reports all findings at once.
//!
//! Each module checks one kind of rule and returns its findings.

mod contents;
mod doc_comments;
mod errors_section;
mod excerpts;
mod links;
mod manifests;
mod minimum_versions;
mod published;
mod released;
mod rules_page;
mod source;
mod terminology;
mod text;
mod threat_model;

use std::path::Path;

use anyhow::Result;

use crate::{finding, tree};

/// Checks all files.
///
/// # Errors
///
/// Fails if there is at least one finding.
pub(crate) fn run(root: &Path) -> Result<()> {
    let files = tree::text_files(root)?;
    let mut findings = Vec::new();
    for file in &files {
        findings.extend(text::check(file));
        findings.extend(terminology::check(file));
        findings.extend(source::check(file));
        findings.extend(doc_comments::check(file));
        findings.extend(errors_section::check(file));
        findings.extend(links::check(root, file));
        findings.extend(excerpts::check(root, file));
        findings.extend(manifests::check(file));
        findings.extend(minimum_versions::check(file));
    }
    findings.extend(manifests::one_rust_version(&files));
    findings.extend(published::check(&files));
    findings.extend(published::one_version(&files));
    findings.extend(released::check(&files));
    findings.extend(released::document(&files));
    findings.extend(contents::check(&files));
    findings.extend(rules_page::check(&files));
    findings.extend(threat_model::check(&files));
    finding::report("tidy", findings)
}
