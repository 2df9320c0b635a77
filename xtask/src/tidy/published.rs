//! What a crate that is published brings along: how it is found, what it is for, its licences, and
//! every file it is compiled from.
//!
//! A package holds the folder of its crate and nothing else, so a file from outside is found in the
//! checkout and missing in what others get.

use std::path::Path;

use super::manifests::value;
use crate::finding::Finding;
use crate::tree::{self, File};

/// What stands beside every manifest. The licences are links to those at the root.
const BESIDE: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// More of either is refused by crates.io.
const MOST_WORDS: usize = 5;
/// The tests of the crate it needs need it, so it has no version and no package names it.
const TESTKIT: &str = "vestibule-testkit";
/// Macros that put a file into what is compiled.
const INCLUDES: [&str; 3] = ["include_str!(", "include_bytes!(", "include!("];

/// Checks every crate that may be published.
pub(crate) fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for manifest in files.iter().filter(|file| is_published(file)) {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        findings.extend(words(manifest));
        findings.extend(beside(manifest, folder, files));
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

/// All of ours have one version, and need each other in that version.
pub(crate) fn one_version(files: &[File]) -> Vec<Finding> {
    let Some(root) = tree::named(files, "Cargo.toml") else {
        return Vec::new();
    };
    let Some(version) = value(&root.text, "workspace.package", "version") else {
        return Vec::new();
    };
    let asked = format!("version = \"{version}\"");
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(root.text.lines()) {
        let Some((name, dependency)) = line.split_once(" = ") else { continue };
        let Some((_, path)) = dependency.split_once("path = \"") else { continue };
        let manifest = format!("{}/Cargo.toml", path.split('"').next().unwrap_or_default());
        let is_kept_back = tree::named(files, &manifest).is_some_and(|file| !is_published(file));
        let is_named = name != TESTKIT && !is_kept_back;
        if !is_named && dependency.contains("version") {
            findings.push(Finding::failure(
                &root.path,
                number,
                format!("`{name}` has a version"),
                "leave the version out: a package that names it cannot be published",
            ));
        } else if is_named && !dependency.contains(&asked) {
            findings.push(Finding::failure(
                &root.path,
                number,
                format!("`{name}` is not asked for in the version of the workspace"),
                format!("write `{asked}`"),
            ));
        }
    }
    findings
}

fn is_published(file: &File) -> bool {
    file.path.ends_with("/Cargo.toml") && value(&file.text, "package", "publish") != Some("false")
}

/// What the manifest says about the crate.
fn words(manifest: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut missing = |what: &str, remedy: &str| {
        findings.push(Finding::failure(
            &manifest.path,
            1,
            format!("the crate is published, and has no {what}"),
            format!("{remedy}, or `publish = false`"),
        ));
    };
    if value(&manifest.text, "package", "description").is_none_or(str::is_empty) {
        missing("description", "say in one line what it is");
    }
    if value(&manifest.text, "package", "readme") != Some("README.md") {
        missing("`readme`", "write `readme = \"README.md\"`");
    }
    for key in ["keywords", "categories"] {
        if !(1..=MOST_WORDS).contains(&list(&manifest.text, key).len()) {
            missing(key, "name one to five, on one line");
        }
    }
    if value(&manifest.text, "package.metadata.docs.rs", "all-features").is_none() {
        missing("settings for docs.rs", "set `all-features` under `[package.metadata.docs.rs]`");
    }
    findings
}

/// The files beside the manifest; the licences are those of the project.
fn beside(manifest: &File, folder: &str, files: &[File]) -> Vec<Finding> {
    let read = |path: &str| tree::named(files, path).map(|file| &file.text);
    let is_right = |name: &&str| match read(&format!("{folder}{name}")) {
        None => false,
        Some(text) => *name == "README.md" || read(name) == Some(text),
    };
    BESIDE
        .iter()
        .filter(|name| !is_right(name))
        .map(|name| {
            let up = "../".repeat(folder.matches('/').count());
            let remedy = match *name {
                "README.md" => "say what the crate is for, with an example".to_owned(),
                _ => format!("`ln -s {up}{name} {folder}{name}`"),
            };
            let problem = format!("the crate is published without the project's {name}");
            Finding::failure(&manifest.path, 1, problem, remedy)
        })
        .collect()
}

/// Code in a README is compiled.
fn examples(folder: &str, files: &[File]) -> Option<Finding> {
    let read = |name: &str| tree::named(files, &format!("{folder}{name}"));
    let readme = read("README.md")?;
    let line = (1..).zip(readme.text.lines()).find(|(_, line)| line.starts_with("```rust"))?.0;
    let is_compiled =
        read("src/lib.rs").is_some_and(|lib| lib.text.contains("include_str!(\"../README.md\")"));
    (!is_compiled).then(|| {
        Finding::failure(
            &readme.path,
            line,
            "nothing compiles this example",
            "put it into the documentation of an item for `cfg(doctest)` in src/lib.rs",
        )
    })
}

/// What a file includes has to be in the package as well.
fn includes(file: &File, packed: impl Fn(&str) -> bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(file.text.lines()) {
        for target in INCLUDES.iter().filter_map(|call| literal_after(line, call)) {
            if !tree::resolved(&file.path, target).is_some_and(|path| packed(&path)) {
                findings.push(Finding::failure(
                    &file.path,
                    number,
                    format!("`{target}` is not in the package of this crate"),
                    "move it into the folder of the crate, or leave out what includes it",
                ));
            }
        }
    }
    findings
}

/// The text in quotes that follows a call, if it does so on the same line.
fn literal_after<'a>(line: &'a str, call: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(call)?;
    rest.strip_prefix('"')?.split('"').next()
}

/// The texts in an array of the package that is written on one line.
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
        let mut files: Vec<File> = BESIDE
            .iter()
            .flat_map(|name| [File::new(name, name), File::new(&format!("crates/a/{name}"), name)])
            .collect();
        files.push(File::new("crates/a/Cargo.toml", manifest));
        files.push(File::new("crates/a/src/lib.rs", lib));
        files
    }

    #[test]
    fn a_whole_crate_passes_and_one_that_is_never_published_may_lack_anything() {
        assert_eq!(check(&a_crate(GOOD, "")), []);
        assert_eq!(check(&[File::new("crates/a/Cargo.toml", "[package]\npublish = false\n")]), []);
    }

    #[test]
    fn what_the_manifest_lacks_is_found() {
        for line in GOOD.lines().filter(|line| line.contains(" = ") && !line.contains("exclude")) {
            let manifest = GOOD.replace(line, "");
            assert_eq!(check(&a_crate(&manifest, "")).len(), 1, "{line}");
        }
        let six = GOOD.replace("\"b\"", "\"b\", \"c\", \"d\", \"e\", \"f\"");
        assert_eq!(check(&a_crate(&six, "")).len(), 1);
    }

    #[test]
    fn what_is_missing_beside_the_manifest_is_found() {
        for name in BESIDE {
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
    fn includes_stay_in_the_package() {
        let found = |line: &str| check(&a_crate(GOOD, line)).len();
        assert_eq!(found(concat!("include", "_str!(\"../README.md\")")), 0);
        assert_eq!(found(concat!("include", "_bytes!(\"data/x\")")), 0);
        assert_eq!(found(concat!("include", "_str!(\"../../b/x\")")), 1);
        assert_eq!(found(concat!("include", "_str!(\"../../../../x\")")), 1);
        assert_eq!(found(concat!("include", "_str!(\"../tests/x\")")), 1, "it is excluded");
        let mut files = a_crate(GOOD, "");
        files.push(File::new("crates/a/tests/a.rs", concat!("include", "_str!(\"../../b/x\")")));
        assert_eq!(check(&files), [], "what is excluded may include anything");
    }

    #[test]
    fn examples_are_compiled() {
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
    fn ours_are_asked_for_in_one_version() {
        let with = |line: &str| {
            let text = format!("[workspace.package]\nversion = \"0.2.0\"\n\n{line}\n");
            let kept_back = File::new("crates/kept/Cargo.toml", "[package]\npublish = false\n");
            one_version(&[File::new("Cargo.toml", &text), kept_back]).len()
        };
        assert_eq!(with("vestibule-a = { version = \"0.2.0\", path = \"crates/a\" }"), 0);
        assert_eq!(with("vestibule-a = { version = \"0.1.0\", path = \"crates/a\" }"), 1);
        assert_eq!(with("vestibule-a = { path = \"crates/a\" }"), 1);
        assert_eq!(with("vestibule-testkit = { path = \"crates/testkit\" }"), 0);
        let testkit = "vestibule-testkit = { version = \"0.2.0\", path = \"crates/testkit\" }";
        assert_eq!(with(testkit), 1);
        assert_eq!(with("vestibule-kept = { path = \"crates/kept\" }"), 0);
        assert_eq!(with("vestibule-kept = { version = \"0.2.0\", path = \"crates/kept\" }"), 1);
        assert_eq!(with("serde = { version = \"1\" }"), 0);
    }
}
