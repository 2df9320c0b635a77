//! Who may depend on whom.
//!
//! Compares what Cargo says with the table; what the table does not allow is an error.

mod table;

use std::path::Path;

use anyhow::Result;
use serde_json::Value;

use crate::finding::{self, Finding};
use crate::shell;
use table::{CRATES, HOMES, NEVER, PURE, TABLE};

/// Compares every edge with the table.
///
/// # Errors
///
/// When an edge is not in the table, or Cargo cannot be asked.
pub(crate) fn run(root: &Path) -> Result<()> {
    let metadata = shell::metadata(root)?;
    let mut findings = judge(&edges(&metadata));
    for (package, forbidden) in PURE {
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
        findings.extend(impurities(package, forbidden, &tree));
    }
    finding::report("layers", findings)
}

/// One dependency one of our crates declares.
#[derive(Debug, PartialEq, Eq)]
struct Edge {
    from: String,
    to: String,
    /// For tests only.
    dev: bool,
}

/// Every declared dependency of every member of the workspace.
fn edges(metadata: &Value) -> Vec<Edge> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut edges = Vec::new();
    for package in list(&metadata["packages"]) {
        for dependency in list(&package["dependencies"]) {
            edges.push(Edge {
                from: text(&package["name"]),
                to: text(&dependency["name"]),
                dev: dependency["kind"] == "dev",
            });
        }
    }
    edges
}

/// Everything about the edges that the table does not allow.
fn judge(edges: &[Edge]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for edge in edges {
        let Some(rule) = CRATES.iter().find(|rule| rule.name == edge.from) else {
            findings.push(against(edge, "the crate is not in the table"));
            continue;
        };
        if CRATES.iter().any(|ours| ours.name == edge.to) {
            let allowed = rule.uses.contains(&edge.to.as_str());
            let in_tests = edge.dev && rule.tests_use.contains(&edge.to.as_str());
            if !allowed && !in_tests {
                findings.push(against(edge, "our own crates do not depend on each other so"));
            }
            continue;
        }
        if edge.dev {
            continue;
        }
        let homes = HOMES.iter().find(|(name, _)| *name == edge.to);
        if homes.is_some_and(|(_, homes)| !homes.contains(&edge.from.as_str())) {
            findings.push(against(edge, "this dependency has its home in another crate"));
        }
        let never = NEVER
            .iter()
            .any(|(name, forbidden)| *name == edge.from && forbidden.contains(&edge.to.as_str()));
        if never {
            findings.push(against(edge, "this crate stays free of it"));
        }
    }
    findings
}

fn against(edge: &Edge, reason: &str) -> Finding {
    let kind = if edge.dev { "tests depend" } else { "depends" };
    Finding::failure(
        &format!("{} -> {}", edge.from, edge.to),
        1,
        format!("{} {kind} on {}: {reason}", edge.from, edge.to),
        format!("go through a port of the domain, or argue for a new line in {TABLE}"),
    )
}

/// What a crate's whole tree of normal dependencies must not contain, at any depth.
fn impurities(package: &str, forbidden: &[&str], tree: &str) -> Vec<Finding> {
    forbidden
        .iter()
        .filter(|name| tree.lines().any(|line| line.split(' ').next() == Some(name)))
        .map(|name| {
            Finding::failure(
                &format!("{package} -> {name}"),
                1,
                format!("{package} reaches {name}, if not directly"),
                format!("`cargo tree -p {package} -e normal -i {name}` shows the way"),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, dev: bool) -> Edge {
        Edge { from: from.to_owned(), to: to.to_owned(), dev }
    }

    fn refused(from: &str, to: &str, dev: bool) -> bool {
        !judge(&[edge(from, to, dev)]).is_empty()
    }

    #[test]
    fn edges_are_read_from_metadata() {
        let metadata = serde_json::json!({"packages": [{
            "name": "a",
            "dependencies": [
                {"name": "b", "kind": null, "rename": "c"},
                {"name": "d", "kind": "dev"},
                {"name": "e", "kind": "build"},
            ],
        }]});
        assert_eq!(
            edges(&metadata),
            [edge("a", "b", false), edge("a", "d", true), edge("a", "e", false),]
        );
    }

    #[test]
    fn adapters_know_the_domain_and_nobody_else() {
        for adapter in ["storage", "tokens", "passwords", "limits", "mail", "http"] {
            let name = format!("vestibule-{adapter}");
            assert!(!refused(&name, "vestibule-domain", false));
            assert!(!refused(&name, "vestibule-testkit", true));
            assert!(refused(&name, "vestibule-testkit", false));
            assert!(refused(&name, "vestibule", false));
        }
        assert!(refused("vestibule-http", "vestibule-storage", false));
        assert!(refused("vestibule-http", "vestibule-storage", true));
        assert!(refused("vestibule-domain", "vestibule-storage", false));
        assert!(!refused("vestibule", "vestibule-storage", false));
    }

    #[test]
    fn migrations_and_xtask_stand_alone() {
        assert!(refused("vestibule-migrations", "vestibule-domain", false));
        assert!(refused("xtask", "vestibule-domain", false));
        assert!(!refused("vestibule-storage", "vestibule-migrations", true));
        assert!(refused("vestibule-storage", "vestibule-migrations", false));
    }

    #[test]
    fn externals_stay_at_home() {
        assert!(refused("vestibule-domain", "serde", false));
        assert!(refused("vestibule-domain", "tokio", false));
        assert!(!refused("vestibule-domain", "tokio", true));
        assert!(refused("vestibule-http", "sea-orm", false));
        assert!(refused("vestibule-storage", "anyhow", false));
        assert!(!refused("vestibule", "anyhow", false));
        assert!(!refused("vestibule-storage", "sea-orm", false));
        assert!(refused("vestibule-testkit", "mockall", false));
        assert!(!refused("vestibule-domain", "mockall", true));
    }

    #[test]
    fn a_new_crate_needs_a_line_in_the_table() {
        assert!(refused("vestibule-new", "serde", false));
    }

    #[test]
    fn the_whole_tree_is_looked_at() {
        let tree = "vestibule-domain v0.1.0\nuuid v1.0.0\ntokio-macros v2.0.0\n";
        assert_eq!(impurities("vestibule-domain", &["tokio"], tree), []);
        let tree = format!("{tree}tokio v1.0.0 (*)\n");
        assert_eq!(impurities("vestibule-domain", &["tokio"], &tree).len(), 1);
    }
}
