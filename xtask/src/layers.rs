//! `cargo xtask layers`: compares the dependencies between crates with a table of allowed ones.

mod table;

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::finding::{self, Finding};
use crate::shell;
use table::{CRATES, FORBIDDEN, FORBIDDEN_TRANSITIVE, OWNERS, TABLE};

/// Compares every dependency with the table.
///
/// # Errors
///
/// Fails if a dependency is not allowed, or if Cargo fails.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = shell::metadata(root)?;
    let mut findings = violations(&dependencies(&metadata));
    for (package, forbidden) in FORBIDDEN_TRANSITIVE {
        let tree = shell::read(shell::cargo(root).args([
            "tree",
            "--package",
            package,
            "--edges",
            "normal",
            "--prefix",
            "none",
            "--locked",
        ]))?;
        findings.extend(transitive_violations(package, forbidden, &tree));
    }
    finding::report("layers", findings)
}

/// A dependency declared by a crate of the workspace.
#[derive(Debug, PartialEq, Eq)]
struct Dependency {
    from: String,
    to: String,
    /// `true` for a dev-dependency.
    dev: bool,
}

/// Returns the declared dependencies of all workspace members.
fn dependencies(metadata: &Value) -> Vec<Dependency> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut dependencies = Vec::new();
    for package in list(&metadata["packages"]) {
        for dependency in list(&package["dependencies"]) {
            dependencies.push(Dependency {
                from: text(&package["name"]),
                to: text(&dependency["name"]),
                dev: dependency["kind"] == "dev",
            });
        }
    }
    dependencies
}

/// Returns a finding for each dependency that the table does not allow.
fn violations(dependencies: &[Dependency]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for dependency in dependencies {
        let Some(rule) = CRATES.iter().find(|rule| rule.name == dependency.from) else {
            findings.push(finding(dependency, "the crate is not listed"));
            continue;
        };
        if CRATES.iter().any(|ours| ours.name == dependency.to) {
            let allowed = rule.uses.contains(&dependency.to.as_str());
            let in_tests = dependency.dev && rule.tests_use.contains(&dependency.to.as_str());
            if !allowed && !in_tests {
                findings.push(finding(
                    dependency,
                    "this dependency between workspace crates is not allowed",
                ));
            }
            continue;
        }
        if dependency.dev {
            continue;
        }
        let owners = OWNERS.iter().find(|(name, _)| *name == dependency.to);
        if owners.is_some_and(|(_, owners)| !owners.contains(&dependency.from.as_str())) {
            findings.push(finding(dependency, "only other crates may use this dependency"));
        }
        let is_forbidden = FORBIDDEN.iter().any(|(name, forbidden)| {
            *name == dependency.from && forbidden.contains(&dependency.to.as_str())
        });
        if is_forbidden {
            findings.push(finding(dependency, "this dependency is forbidden for the crate"));
        }
    }
    findings
}

fn finding(dependency: &Dependency, reason: &str) -> Finding {
    let kind = if dependency.dev { "tests depend" } else { "depends" };
    Finding::new(
        &format!("{} -> {}", dependency.from, dependency.to),
        1,
        format!("{} {kind} on {}: {reason}", dependency.from, dependency.to),
        format!("use a port of the domain, or propose a new entry in {TABLE}"),
    )
}

/// Returns a finding for each forbidden crate in the output of `cargo tree`, at any depth.
fn transitive_violations(package: &str, forbidden: &[&str], tree: &str) -> Vec<Finding> {
    forbidden
        .iter()
        .filter(|name| tree.lines().any(|line| line.split(' ').next() == Some(name)))
        .map(|name| {
            Finding::new(
                &format!("{package} -> {name}"),
                1,
                format!("{package} depends on {name} transitively"),
                format!("run `cargo tree -p {package} -e normal -i {name}` to see the path"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(from: &str, to: &str, dev: bool) -> Dependency {
        Dependency { from: from.to_owned(), to: to.to_owned(), dev }
    }

    fn is_rejected(from: &str, to: &str, dev: bool) -> bool {
        !violations(&[dependency(from, to, dev)]).is_empty()
    }

    #[test]
    fn dependencies_are_read_from_metadata() {
        let metadata = serde_json::json!({"packages": [{
            "name": "a",
            "dependencies": [
                {"name": "b", "kind": null, "rename": "c"},
                {"name": "d", "kind": "dev"},
                {"name": "e", "kind": "build"},
            ],
        }]});
        assert_eq!(
            dependencies(&metadata),
            [dependency("a", "b", false), dependency("a", "d", true), dependency("a", "e", false),]
        );
    }

    #[test]
    fn adapters_depend_only_on_the_domain() {
        for adapter in ["storage", "tokens", "passwords", "limits", "mail", "http"] {
            let name = format!("vestibule-{adapter}");
            assert!(!is_rejected(&name, "vestibule-domain", false));
            assert!(!is_rejected(&name, "vestibule-testkit", true));
            assert!(is_rejected(&name, "vestibule-testkit", false));
            assert!(is_rejected(&name, "vestibule", false));
        }
        assert!(is_rejected("vestibule-http", "vestibule-storage", false));
        assert!(is_rejected("vestibule-http", "vestibule-storage", true));
        assert!(is_rejected("vestibule-domain", "vestibule-storage", false));
        assert!(!is_rejected("vestibule", "vestibule-storage", false));
    }

    #[test]
    fn migrations_and_xtask_use_no_other_crate() {
        assert!(is_rejected("vestibule-migrations", "vestibule-domain", false));
        assert!(is_rejected("xtask", "vestibule-domain", false));
        assert!(!is_rejected("vestibule-storage", "vestibule-migrations", true));
        assert!(is_rejected("vestibule-storage", "vestibule-migrations", false));
    }

    #[test]
    fn third_party_crates_are_used_only_by_their_owners() {
        assert!(is_rejected("vestibule-domain", "serde", false));
        assert!(is_rejected("vestibule-domain", "tokio", false));
        assert!(!is_rejected("vestibule-domain", "tokio", true));
        assert!(is_rejected("vestibule-http", "sea-orm", false));
        assert!(is_rejected("vestibule-storage", "anyhow", false));
        assert!(!is_rejected("vestibule", "anyhow", false));
        assert!(!is_rejected("vestibule-storage", "sea-orm", false));
        assert!(is_rejected("vestibule-testkit", "mockall", false));
        assert!(!is_rejected("vestibule-domain", "mockall", true));
    }

    #[test]
    fn a_new_crate_must_be_listed() {
        assert!(is_rejected("vestibule-new", "serde", false));
    }

    #[test]
    fn transitive_dependencies_are_checked() {
        let tree = "vestibule-domain v0.1.0\nuuid v1.0.0\ntokio-macros v2.0.0\n";
        assert_eq!(transitive_violations("vestibule-domain", &["tokio"], tree), []);
        let tree = format!("{tree}tokio v1.0.0 (*)\n");
        assert_eq!(transitive_violations("vestibule-domain", &["tokio"], &tree).len(), 1);
    }
}
