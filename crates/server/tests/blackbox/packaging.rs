//! The files of a release besides the binary: archive, systemd unit and container files.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tokio::process::Command;

use crate::workshop::{in_tree, insist};

const BINARY: &str = env!("CARGO_BIN_EXE_vestibule");
const UNIT: &str = include_str!("../../../../docs/deployment/vestibule.service");
/// Files that set variables of the service.
const ENVIRONMENTS: [(&str, &str); 4] = [
    ("Dockerfile", include_str!("../../../../Dockerfile")),
    ("compose.yaml", include_str!("../../../../compose.yaml")),
    ("compose-cluster.yaml", include_str!("../../../../docs/deployment/compose-cluster.yaml")),
    ("vestibule.service", UNIT),
];
/// Variables that compose files require.
const NO_SETTINGS: [&str; 1] = ["VESTIBULE_VERSION"];

/// The commands in a help text, without `help` itself.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let entries = lines.take_while(|line| !line.is_empty());
    // A long description continues on the next line, with more indentation.
    let names = entries.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty() && *name != "help").map(str::to_owned).collect()
}

/// The names of the man pages: one for each command and subcommand.
async fn pages() -> BTreeSet<String> {
    let mut pages = BTreeSet::new();
    let mut open: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = open.pop() {
        let help = insist(Command::new(BINARY).args(&words).arg("--help")).await;
        let name = [vec!["vestibule".to_owned()], words.clone()].concat().join("-");
        pages.insert(format!("{name}.1"));
        open.extend(commands(&help).into_iter().map(|next| [words.clone(), vec![next]].concat()));
    }
    pages
}

#[tokio::test]
async fn an_archive_has_everything_that_belongs_to_a_release() {
    let folder = tempfile::tempdir().unwrap();
    // The binary under test is too large to pack, so a small program takes its place.
    let program = folder.path().join("program");
    std::fs::write(&program, format!("#!/bin/sh\nexec '{BINARY}' \"$@\"\n")).unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let name = folder.path().join("vestibule-test");
    let pack = in_tree(".ci/pack");
    insist(Command::new(pack).arg(&program).arg(&name)).await;

    let archive = folder.path().join("vestibule-test.tar.gz");
    let unpacked = folder.path().join("unpacked");
    std::fs::create_dir(&unpacked).unwrap();
    insist(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(&unpacked)).await;
    let files = insist(Command::new("find").current_dir(&unpacked).args([".", "-type", "f"])).await;
    let file_name = |line: &str| line.rsplit('/').next().unwrap().to_owned();
    let files: BTreeSet<String> = files.lines().map(file_name).collect();
    let mut expected = pages().await;
    assert!(expected.len() > 20 && expected.contains("vestibule-user-import.1"));
    for name in [
        "vestibule",
        "vestibule.service",
        "vestibule.bash",
        "_vestibule",
        "vestibule.fish",
        "README.md",
        "CHANGELOG.md",
        "LICENSE-MIT",
        "LICENSE-APACHE",
    ] {
        expected.insert(name.to_owned());
    }
    assert_eq!(files, expected);
    let completions = find(&unpacked, "vestibule.bash").await;
    insist(Command::new("bash").arg("-n").arg(completions)).await;
}

async fn find(folder: &Path, name: &str) -> String {
    let found = insist(Command::new("find").arg(folder).args(["-name", name])).await;
    found.trim_end().to_owned()
}

/// A variable that names no setting would be refused only at the start of the service.
#[test]
fn every_variable_in_a_file_for_containers_or_systemd_is_a_setting() {
    let settings = include_str!("../../../../docs/configuration.md");
    for (file, text) in ENVIRONMENTS {
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let words = text.split(|c: char| !is_part(c));
        let names = words.filter(|word| word.starts_with("VESTIBULE_"));
        let names: BTreeSet<&str> = names.filter(|name| !NO_SETTINGS.contains(name)).collect();
        assert!(!names.is_empty(), "{file}");
        for name in names {
            let key = name.trim_start_matches("VESTIBULE_").trim_end_matches("_FILE");
            let key = key.replace("__", ".").to_lowercase();
            assert!(settings.contains(&format!("`{key}`")), "{file}: {name}");
        }
    }
}

/// `cargo xtask test` installs systemd's tools, if they are not there.
#[tokio::test]
async fn the_unit_is_one_that_systemd_understands() {
    let folder = tempfile::tempdir().unwrap();
    let unit = folder.path().join("vestibule.service");
    assert!(UNIT.contains("/usr/bin/vestibule"));
    std::fs::write(&unit, UNIT.replace("/usr/bin/vestibule", BINARY)).unwrap();
    let verify = async |unit: &Path| {
        let mut verify = Command::new("systemd-analyze");
        verify.args(["verify", "--man=no", "--recursive-errors=no"]).arg(unit);
        verify.output().await.unwrap()
    };
    let said = verify(&unit).await;
    assert!(said.status.success() && said.stderr.is_empty(), "{said:?}");
    std::fs::write(&unit, UNIT.replace("ProtectHome=yes", "ProtectHomes=yes")).unwrap();
    let said = verify(&unit).await;
    assert!(String::from_utf8_lossy(&said.stderr).contains("ProtectHomes"), "{said:?}");
}
