//! Checks that published crates have metadata, a README, licences and all files they compile from.
//!
//! A package contains only the folder of its crate, so a file included from outside exists in the
//! checkout but not in the package.

use std::path::Path;

use super::manifests::value;
use crate::finding::Finding;
use crate::tree::{self, File};

/// Files beside every manifest. The licences are links to those at the root.
const REQUIRED_FILES: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// Maximum number of keywords and of categories on crates.io.
const MAX_TERMS: usize = 5;
/// Used by the tests of its own dependency, so it has no version and no package depends on it.
const TESTKIT: &str = "vestibule-testkit";
/// Macros that include files.
const INCLUDES: [&str; 3] = ["include_str!(", "include_bytes!(", "include!("];

/// Checks every published crate.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in files.iter().filter(|file| is_published(file)) {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        findings.extend(metadata(manifest));
        findings.extend(required_files(manifest, folder, files));
        findings.extend(examples(folder, files));
        let left_out = list(&manifest.text, "exclude");
        let packed = |path: &str| {
            path.strip_prefix(folder).is_some_and(|path| {
                !left_out.iter().any(|out| Path::new(path).starts_with(out.trim_matches('/')))
            })
        };
        for file in files.iter().filter(|file| file.has_extension("rs") && packed(&file.path)) {
            findings.extend(includes(file, packed));
        }
    }
    findings
}

/// Checks that workspace crates depend on each other in the version of the workspace.
pub(crate) fn one_version(files: &[File]) -> Vec<Finding> {
    let Some(root) = tree::named(files, "Cargo.toml") else {
        return Vec::new();
    };
    let Some(version) = value(&root.text, "workspace.package", "version") else {
        return Vec::new();
    };
    let expected = format!("version = \"{version}\"");
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(root.text.lines()) {
        let Some((name, dependency)) = line.split_once(" = ") else { continue };
        let Some((_, path)) = dependency.split_once("path = \"") else { continue };
        let manifest = format!("{}/Cargo.toml", path.split('"').next().unwrap_or_default());
        let is_unpublished = tree::named(files, &manifest).is_some_and(|file| !is_published(file));
        let is_published_dependency = name != TESTKIT && !is_unpublished;
        if !is_published_dependency && dependency.contains("version") {
            findings.push(Finding::new(
                &root.path,
                number,
                format!("`{name}` has a version, but is not published"),
                "remove the version: a package with this dependency cannot be published",
            ));
        } else if is_published_dependency && !dependency.contains(&expected) {
            findings.push(Finding::new(
                &root.path,
                number,
                format!("`{name}` is not required in the version of the workspace"),
                format!("write `{expected}`"),
            ));
        }
    }
    findings
}

fn is_published(file: &File) -> bool {
    file.path.ends_with("/Cargo.toml") && value(&file.text, "package", "publish") != Some("false")
}

/// Checks the metadata in the manifest.
fn metadata(manifest: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut missing = |what: &str, remedy: &str| {
        findings.push(Finding::new(
            &manifest.path,
            1,
            format!("the published crate has no {what}"),
            format!("{remedy}, or `publish = false`"),
        ));
    };
    if value(&manifest.text, "package", "description").is_none_or(str::is_empty) {
        missing("description", "describe the crate in one line");
    }
    if value(&manifest.text, "package", "readme") != Some("README.md") {
        missing("`readme`", "write `readme = \"README.md\"`");
    }
    for key in ["keywords", "categories"] {
        if !(1..=MAX_TERMS).contains(&list(&manifest.text, key).len()) {
            missing(key, "list one to five, on one line");
        }
    }
    if value(&manifest.text, "package.metadata.docs.rs", "all-features").is_none() {
        missing("settings for docs.rs", "set `all-features` under `[package.metadata.docs.rs]`");
    }
    findings
}

/// Checks the files beside the manifest; the licences must be those of the project.
fn required_files(manifest: &File, folder: &str, files: &[File]) -> Vec<Finding> {
    let read = |path: &str| tree::named(files, path).map(|file| &file.text);
    let is_valid = |name: &&str| match read(&format!("{folder}{name}")) {
        None => false,
        Some(text) => *name == "README.md" || read(name) == Some(text),
    };
    REQUIRED_FILES
        .iter()
        .filter(|name| !is_valid(name))
        .map(|name| {
            let up = "../".repeat(folder.matches('/').count());
            let remedy = match *name {
                "README.md" => "describe the purpose of the crate, with an example".to_owned(),
                _ => format!("`ln -s {up}{name} {folder}{name}`"),
            };
            let problem = format!("the published crate lacks the project's {name}");
            Finding::new(&manifest.path, 1, problem, remedy)
        })
        .collect()
}

/// Checks that code in a README is compiled as a doc test.
fn examples(folder: &str, files: &[File]) -> Option<Finding> {
    let read = |name: &str| tree::named(files, &format!("{folder}{name}"));
    let readme = read("README.md")?;
    let line = (1..).zip(readme.text.lines()).find(|(_, line)| line.starts_with("```rust"))?.0;
    let is_compiled =
        read("src/lib.rs").is_some_and(|lib| lib.text.contains("include_str!(\"../README.md\")"));
    (!is_compiled).then(|| {
        Finding::new(
            &readme.path,
            line,
            "this example is not compiled",
            "include the README in the documentation of an item with `cfg(doctest)` in src/lib.rs",
        )
    })
}

/// Checks that included files are in the package.
fn includes(file: &File, packed: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for target in INCLUDES.iter().filter_map(|call| literal_after(line, call)) {
            if !tree::resolved(&file.path, target).is_some_and(|path| packed(&path)) {
                findings.push(Finding::new(
                    &file.path,
                    number,
                    format!("`{target}` is outside the package of this crate"),
                    "move it into the folder of the crate, or exclude the file that includes it",
                ));
            }
        }
    }
    findings
}

/// Returns the string literal after a call on the same line.
fn literal_after<'a>(line: &'a str, call: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(call)?;
    rest.strip_prefix('"')?.split('"').next()
}

/// Returns the strings of a one-line array in the section `[package]`.
fn list<'a>(manifest: &'a str, key: &str) -> Vec<&'a str> {
    let array = value(manifest, "package", key).unwrap_or_default();
    array.split('"').skip(1).step_by(2).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\ndescription = \"A\"\nreadme = \"README.md\"\n\
                        keywords = [\"a\", \"b\"]\ncategories = [\"c\"]\nexclude = [\"/tests\"]\n\
                        [package.metadata.docs.rs]\nall-features = true\n";

    fn a_crate(manifest: &str, lib: &str) -> Vec<File> {
        let mut files: Vec<File> = REQUIRED_FILES
            .iter()
            .flat_map(|name| [File::new(name, name), File::new(&format!("crates/a/{name}"), name)])
            .collect();
        files.push(File::new("crates/a/Cargo.toml", manifest));
        files.push(File::new("crates/a/src/lib.rs", lib));
        files
    }

    #[test]
    fn complete_and_unpublished_crates_pass() {
        assert_eq!(check(&a_crate(GOOD, "")), []);
        assert_eq!(check(&[File::new("crates/a/Cargo.toml", "[package]\npublish = false\n")]), []);
    }

    #[test]
    fn missing_metadata_is_found() {
        for line in GOOD.lines().filter(|line| line.contains(" = ") && !line.contains("exclude")) {
            let manifest = GOOD.replace(line, "");
            assert_eq!(check(&a_crate(&manifest, "")).len(), 1, "{line}");
        }
        let six = GOOD.replace("\"b\"", "\"b\", \"c\", \"d\", \"e\", \"f\"");
        assert_eq!(check(&a_crate(&six, "")).len(), 1);
    }

    #[test]
    fn missing_files_are_found() {
        for name in REQUIRED_FILES {
            let mut files = a_crate(GOOD, "");
            files.retain(|file| file.path != format!("crates/a/{name}"));
            assert_eq!(check(&files).len(), 1, "{name}");
        }
        let mut files = a_crate(GOOD, "");
        files.retain(|file| file.path != "crates/a/LICENSE-MIT");
        files.push(File::new("crates/a/LICENSE-MIT", "another"));
        assert_eq!(check(&files).len(), 1);
    }

    #[test]
    fn includes_from_outside_the_package_are_found() {
        let found = |line: &str| check(&a_crate(GOOD, line)).len();
        assert_eq!(found(concat!("include", "_str!(\"../README.md\")")), 0);
        assert_eq!(found(concat!("include", "_bytes!(\"data/x\")")), 0);
        assert_eq!(found(concat!("include", "_str!(\"../../b/x\")")), 1);
        assert_eq!(found(concat!("include", "_str!(\"../../../../x\")")), 1);
        assert_eq!(found(concat!("include", "_str!(\"../tests/x\")")), 1, "excluded");
        let mut files = a_crate(GOOD, "");
        files.push(File::new("crates/a/tests/a.rs", concat!("include", "_str!(\"../../b/x\")")));
        assert_eq!(check(&files), [], "excluded files may include any file");
    }

    #[test]
    fn examples_that_are_not_compiled_are_found() {
        let with = |lib: &str| {
            let mut files = a_crate(GOOD, lib);
            files.retain(|file| file.path != "crates/a/README.md");
            files.push(File::new("crates/a/README.md", "# a\n\n```rust\nlet a = 1;\n```\n"));
            check(&files).len()
        };
        assert_eq!(with("//! A.\n"), 1);
        assert_eq!(with("#[doc = include_str!(\"../README.md\")]\n"), 0);
    }

    #[test]
    fn other_versions_of_workspace_crates_are_found() {
        let with = |line: &str| {
            let text = format!("[workspace.package]\nversion = \"0.2.0\"\n\n{line}\n");
            let unpublished =
                File::new("crates/unpublished/Cargo.toml", "[package]\npublish = false\n");
            one_version(&[File::new("Cargo.toml", &text), unpublished]).len()
        };
        assert_eq!(with("vestibule-a = { version = \"0.2.0\", path = \"crates/a\" }"), 0);
        assert_eq!(with("vestibule-a = { version = \"0.1.0\", path = \"crates/a\" }"), 1);
        assert_eq!(with("vestibule-a = { path = \"crates/a\" }"), 1);
        assert_eq!(with("vestibule-testkit = { path = \"crates/testkit\" }"), 0);
        let testkit = "vestibule-testkit = { version = \"0.2.0\", path = \"crates/testkit\" }";
        assert_eq!(with(testkit), 1);
        assert_eq!(with("vestibule-unpublished = { path = \"crates/unpublished\" }"), 0);
        assert_eq!(
            with("vestibule-unpublished = { version = \"0.2.0\", path = \"crates/unpublished\" }"),
            1
        );
        assert_eq!(with("serde = { version = \"1\" }"), 0);
    }
}
